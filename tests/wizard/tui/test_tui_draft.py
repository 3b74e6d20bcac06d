"""Answers about a configuration: defaults, mistakes, workloads, and another text of the file."""

from __future__ import annotations

from pathlib import Path

import pytest
from project_files import BROKEN, PROD

from deployment.surroundings import Surroundings
from federation.yaml.files import ConfigError
from wizard.tui.draft import Draft, begin_draft, open_draft

PATH = Path("clusters/prod.yaml")
FOUR = {
    "issuer": "prod.example.com",
    "workloads.0.namespace": "default",
    "workloads.0.service_account": "oidc-iam-pod",
    "aws.region": "eu-west-1",
}


def test_a_new_draft_begins_with_what_is_known_here() -> None:
    assert begin_draft("new", Surroundings("eu-west-1", "prod", ("prod",))) == Draft(
        "new",
        {
            "audience": "sts.amazonaws.com",
            "workloads.0.namespace": "default",
            "workloads.0.service_account": "oidc-iam-pod",
            "aws.region": "eu-west-1",
            "kubernetes.context": "prod",
        },
    )


def test_opening_a_file_and_making_its_configuration_are_inverse() -> None:
    draft = open_draft(PATH, PROD)
    config = draft.configuration()
    assert (config.cluster, len(config.workloads), config.aws.tags) == (
        "prod",
        2,
        {"team": "platform"},
    )
    assert not draft.changed


def test_a_text_that_is_no_configuration_cannot_be_opened() -> None:
    with pytest.raises(ConfigError) as refusal:
        open_draft(PATH, BROKEN)
    assert len(refusal.value.problems) == 3


def test_a_draft_without_a_file_would_always_be_lost() -> None:
    assert Draft("new").changed


def test_a_changed_answer_that_is_changed_back_is_no_change() -> None:
    draft = open_draft(PATH, PROD)
    other = draft.with_answer("aws.region", "eu-north-1")
    assert other.changed
    assert not other.with_answer("aws.region", "eu-west-1").changed


def test_each_wrong_answer_is_told_beside_its_question() -> None:
    draft = Draft("new", {**FOUR, "workloads.0.namespace": "Shop", "aws.max_retries": "many"})
    assert draft.problems() == {
        "workloads.0.namespace": "'Shop' is not an RFC 1123 label: write lower-case letters, "
        "digits and '-', beginning and ending with a letter or digit.",
        "aws.max_retries": "'many' is not a whole number: write only digits.",
    }


def test_answers_that_do_not_go_together_are_told_beside_one_of_them() -> None:
    draft = Draft("new", {**FOUR, "kubernetes.apply": "terraform"})
    assert draft.problems() == {
        "kubernetes.context": "Is needed with 'apply: terraform': name the kubeconfig context of "
        "this cluster ('kubectl config get-contexts' lists them)."
    }


def test_two_workloads_of_one_account_are_told_beside_the_second() -> None:
    draft = Draft("new", FOUR).with_copy(0)
    assert draft.problems() == {
        "workloads.1.namespace": "The service account default/oidc-iam-pod is listed already as "
        "workloads[0]: remove one."
    }


def test_a_right_draft_has_no_problems() -> None:
    assert Draft("new", FOUR).problems() == {}


def test_a_copied_workload_has_all_answers_but_the_name_of_the_role() -> None:
    draft = Draft("new", {**FOUR, "workloads.0.role.name": "mine", "workloads.0.test_pod": "yes"})
    copy = draft.with_copy(0)
    assert (copy.workloads, dict(copy.answers)) == (
        2,
        {
            **draft.answers,
            "workloads.1.namespace": "default",
            "workloads.1.service_account": "oidc-iam-pod",
            "workloads.1.test_pod": "yes",
        },
    )


def test_what_follows_a_deleted_workload_moves_up() -> None:
    answers = {f"workloads.{at}.namespace": name for at, name in enumerate("abc")}
    draft = Draft("new", {"issuer": "prod.example.com", **answers}, 3)
    assert draft.without_workload(1) == Draft(
        "new",
        {
            "issuer": "prod.example.com",
            "workloads.0.namespace": "a",
            "workloads.1.namespace": "c",
        },
        2,
    )


def test_an_added_workload_has_defaults_alone() -> None:
    draft = Draft("new", FOUR).with_workload()
    assert (draft.workloads, draft.answers) == (2, FOUR)


THEIRS = PROD.replace("eu-west-1", "eu-north-1")


def test_changes_on_both_sides_are_both_kept() -> None:
    mine = open_draft(PATH, PROD).with_answer("workloads.0.namespace", "shop")
    both = mine.onto(THEIRS)
    config = both.configuration()
    assert (config.workloads[0].namespace, config.aws.region) == ("shop", "eu-north-1")
    assert both.opened == THEIRS


def test_where_both_changed_the_same_answer_mine_stays() -> None:
    mine = open_draft(PATH, PROD).with_answer("aws.region", "us-east-1")
    assert mine.onto(THEIRS).answer("aws.region") == "us-east-1"


def test_workloads_that_i_did_not_change_are_theirs() -> None:
    theirs = PROD[: PROD.index("  # Billing")]
    merged = open_draft(PATH, PROD).with_answer("aws.account_id", "210987654321").onto(theirs)
    assert (merged.workloads, merged.answer("aws.account_id")) == (1, "210987654321")


def test_workloads_that_i_changed_are_mine() -> None:
    theirs = PROD[: PROD.index("  # Billing")]
    merged = open_draft(PATH, PROD).with_answer("workloads.1.namespace", "invoices").onto(theirs)
    assert (merged.workloads, merged.answer("workloads.1.namespace")) == (2, "invoices")


@pytest.mark.parametrize(
    ("old", "new", "overruled"),
    [
        ("eu-west-1", "eu-north-1", False),
        ("namespace: default", "namespace: other", True),
        ("namespace: default", "namespace: shop", False),
    ],
)
def test_workloads_that_both_changed_otherwise_are_told_apart(
    old: str, new: str, overruled: bool
) -> None:
    mine = open_draft(PATH, PROD).with_answer("workloads.0.namespace", "shop")
    assert mine.overrules_workloads_of(PROD.replace(old, new)) is overruled


def test_their_text_has_to_be_a_configuration() -> None:
    with pytest.raises(ConfigError):
        open_draft(PATH, PROD).onto(BROKEN)
