"""What saving would do, and that it does only that."""

from __future__ import annotations

from pathlib import Path

import pytest
from project_files import BROKEN, PROD

from apiserver.page import page_of_configuration
from federation.yaml.files import ConfigError, load
from wizard.tui.draft import Draft, open_draft
from wizard.tui.review import ChangedMeanwhileError, TrustRow, review, save

NEW = Draft(
    "new-1",
    {
        "issuer": "prod.example.com",
        "aws.region": "eu-west-1",
        "workloads.0.namespace": "default",
        "workloads.0.service_account": "web",
    },
)


@pytest.fixture
def path(project: Path) -> Path:
    path = project / "clusters" / "prod.yaml"
    path.write_text(PROD)
    return path


def test_a_new_file_is_named_after_its_cluster(project: Path) -> None:
    reviewed = review(NEW, project)
    assert (reviewed.path, reviewed.summary) == (
        project / "clusters" / "prod.yaml",
        "clusters/prod.yaml is new.",
    )
    assert (reviewed.saved, reviewed.foreign, reviewed.known) == (False, False, False)
    save(reviewed)
    assert load(reviewed.path) == NEW.configuration()


def test_a_change_is_a_line_out_and_a_line_in(path: Path, project: Path) -> None:
    draft = open_draft(path, PROD).with_answer("aws.region", "eu-north-1")
    reviewed = review(draft, project)
    assert [line for line in reviewed.diff if line[0] in "+-"] == [
        "-  region: eu-west-1",
        "+  region: eu-north-1",
    ]
    assert reviewed.summary == "clusters/prod.yaml will change: +1 -1 lines."
    save(reviewed)
    assert path.read_text() == PROD.replace("eu-west-1", "eu-north-1")


def test_a_file_that_says_all_of_it_has_nothing_to_change(path: Path, project: Path) -> None:
    reviewed = review(open_draft(path, PROD), project)
    assert (reviewed.saved, reviewed.diff, reviewed.summary) == (
        True,
        (),
        "clusters/prod.yaml is up to date.",
    )


def test_the_trust_matrix_says_who_may_what(path: Path, project: Path) -> None:
    assert review(open_draft(path, PROD), project).trust == (
        TrustRow(
            "default/oidc-iam-pod",
            "sts.amazonaws.com",
            "prod_default_oidc-iam-pod",
            ("AmazonS3ReadOnlyAccess", "job-function/ViewOnlyAccess"),
            "334 of 2048",
        ),
        TrustRow(
            "every pod of the cluster",
            "sts.amazonaws.com",
            "prod_billing_app",
            ("AdministratorAccess",),
            "263 of 2048",
        ),
    )


def test_warnings_come_in_order_of_weight(path: Path, project: Path) -> None:
    found = review(open_draft(path, PROD), project).lint.findings
    codes = [each.rule.code for each in found]
    assert codes[:2] == ["audience-only-trust", "powerful-policy"]


def test_a_file_that_changed_before_the_review_is_only_replaced_by_agreement(
    path: Path, project: Path
) -> None:
    path.write_text(PROD + "# theirs\n")
    draft = open_draft(path, PROD).with_answer("aws.region", "eu-north-1")
    reviewed = review(draft, project)
    assert reviewed.summary == (
        "clusters/prod.yaml will change: +1 -1 lines. Another program has changed the file "
        "meanwhile."
    )
    with pytest.raises(ChangedMeanwhileError) as refusal:
        save(reviewed)
    assert str(refusal.value) == "clusters/prod.yaml was changed by another program meanwhile."
    save(reviewed, agreed=True)
    assert path.read_text() == PROD.replace("eu-west-1", "eu-north-1") + "# theirs\n"


def test_a_file_that_changed_after_the_review_is_not_replaced_even_so(
    path: Path, project: Path
) -> None:
    reviewed = review(open_draft(path, PROD).with_answer("aws.region", "eu-north-1"), project)
    path.write_text(PROD + "# theirs\n")
    with pytest.raises(ChangedMeanwhileError):
        save(reviewed, agreed=True)
    assert path.read_text() == PROD + "# theirs\n"


def test_a_file_that_another_program_broke_is_replaced_as_a_whole(
    path: Path, project: Path
) -> None:
    path.write_text(BROKEN)
    draft = open_draft(path, PROD)
    save(review(draft, project), agreed=True)
    assert load(path) == draft.configuration()


def test_answers_that_break_a_rule_cannot_be_reviewed(project: Path) -> None:
    with pytest.raises(ConfigError):
        review(NEW.with_answer("aws.region", "nowhere"), project)


def test_what_to_set_on_the_api_servers_comes_with_the_command_for_what_runs_now(
    project: Path,
) -> None:
    reviewed = review(NEW, project)
    assert reviewed.control_plane == (
        "Pass the current flags with --from: they are kept, and changes that would lock clients "
        "out are refused:\n  python -m wizard apiserver --config clusters/prod.yaml --from "
        "FILE\n\n"
        f"{page_of_configuration(reviewed.config)}"
    )


def test_a_migration_that_is_under_way_is_gone_on_with(path: Path, project: Path) -> None:
    draft = open_draft(path, PROD)
    path.with_name("prod.migration.yaml").write_text("phase: add\n")
    assert review(draft, project).control_plane == (
        "clusters/prod.migration.yaml: kind: Field required. This program writes the file: "
        "restore it from the history of your repository."
    )
