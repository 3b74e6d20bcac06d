"""The way through the app, as a person with a keyboard goes it, in a scripted world."""

from __future__ import annotations

from pathlib import Path

import pytest
from project_files import PROD, STAGING
from scripted import World
from textual.widgets import TabbedContent
from walking import (
    answer,
    done,
    ended,
    field,
    on,
    shown,
    to_done,
    to_questions,
    to_review,
    toasts,
    until,
    walking,
    wizard,
)

from federation.yaml import files
from wizard.questions import AWS, DISCOVERY, KUBERNETES, questions
from wizard.tui.screens.deploy import ShowDeployment
from wizard.tui.screens.dialogs import Ask
from wizard.tui.screens.done import Done
from wizard.tui.screens.more import More
from wizard.tui.screens.plan import ShowPlan
from wizard.tui.screens.questions import Questions
from wizard.tui.screens.review import ShowReview
from wizard.tui.screens.start import Start
from wizard.tui.screens.workload import EditWorkload


async def test_one_typed_answer_leads_to_a_proven_federation(project: Path, world: World) -> None:
    async with walking(project, world) as walk:
        await walk.press("enter")
        await on(walk, Questions)
        await walk.press(*"k.io", "enter", "enter", "enter", "enter")
        await on(walk, ShowReview)
        await walk.press("ctrl+n")
        await on(walk, ShowPlan)
        await ended(walk)
        await walk.press("ctrl+n")
        await on(walk, ShowDeployment)
        await ended(walk)
        await walk.press("ctrl+n")
        await on(walk, Done)
        await done(walk, "proof")
        assert shown(walk, "#proof") == (
            "✓ 4 passed\n"
            "✓ The issuer's name is known to DNS: 203.0.113.7\n"
            "✓ The provider has the issuer's URL: cluster.example.com\n"
            "✓ STS gives the role for a token (default/oidc-iam-pod): AssumedRoleUser\n"
            "✓ STS refuses another service account's token: AccessDenied"
        )
        await walk.press("escape")
        await done(walk, "clusters")
        assert shown(walk, "#clusters") == "+ New configuration\n● k  deployed  k.io"
    assert world.asked == ["plan k.yaml", "deploy k.yaml", "prove k"]
    config = files.load(project / "clusters" / "k.yaml")
    assert (config.issuer, config.audience) == ("https://k.io", ("sts.amazonaws.com",))
    assert (config.aws.region, config.kubernetes.context) == ("eu-west-1", "prod")
    assert [each.subject for each in config.workloads] == [
        "system:serviceaccount:default:oidc-iam-pod"
    ]
    assert not list((project / ".drafts").glob("*.json"))


async def test_a_configuration_can_be_saved_without_going_on(project: Path, world: World) -> None:
    async with walking(project, world) as walk:
        await to_review(walk)
        assert shown(walk, "#summary") == "clusters/prod.yaml is new."
        await walk.press("ctrl+s")
        await until(walk, lambda: not wizard(walk).session.draft.changed)
        await done(walk, "save")
        assert shown(walk, "#summary") == "clusters/prod.yaml is up to date."
        assert isinstance(walk.app.screen, ShowReview)
        await walk.press("escape")
        await on(walk, Questions)
        assert shown(walk, "#about").strip() == "prod"
    assert world.asked == []
    assert files.load(project / "clusters" / "prod.yaml").issuer == "https://prod.example.com"
    assert not list((project / ".drafts").glob("*.json"))


async def test_an_error_stands_under_its_field_as_soon_as_that_is_left(
    project: Path, world: World
) -> None:
    async with walking(project, world) as walk:
        await to_questions(walk)
        await answer(walk, "workloads.0.namespace", "Shop")
        assert field(walk, "workloads.0.namespace").problem == ""
        await walk.press("down")
        assert field(walk, "workloads.0.namespace").problem == (
            "'Shop' is not an RFC 1123 label: write lower-case letters, digits and '-', beginning "
            "and ending with a letter or digit."
        )
        await walk.press("up", "end", "backspace")
        await answer(walk, "workloads.0.namespace", "shop")
        assert field(walk, "workloads.0.namespace").problem == ""


async def test_an_answer_that_is_wider_than_its_field_is_seen(project: Path, world: World) -> None:
    async with walking(project, world) as walk:
        await to_questions(walk)
        await answer(walk, "workloads.0.namespace", "n" * 62 + "m")
        await walk.press("down", "up", "end")
        await walk.pause()
        [line] = [each for each in shown(walk).splitlines() if each.startswith(" Namespace")]
        assert line.strip().endswith("nnnm")


async def test_the_explanation_is_about_the_field_in_focus(project: Path, world: World) -> None:
    titles = []
    async with walking(project, world) as walk:
        await to_questions(walk)
        for _ in range(4):
            titles.append(walk.app.screen.query_one("Explanation").border_title)
            await walk.press("down")
        assert titles == ["Cluster DNS", "Audience", "Namespace", "Service account"]


async def test_what_follows_changes_with_each_key(project: Path, world: World) -> None:
    async with walking(project, world) as walk:
        await walk.press("n")
        await on(walk, Questions)
        assert shown(walk, "#facts") == (
            "Issuer         …\n"
            "Discovery      …\n"
            "Public keys    …\n"
            "Condition keys …\n"
            "Subject        system:serviceaccount:default:oidc-iam-pod\n"
            "Role           …"
        )
        await walk.press(*"k.io")
        assert shown(walk, "#facts") == (
            "Issuer         https://k.io\n"
            "Discovery      https://k.io/.well-known/openid-configuration\n"
            "Public keys    https://k.io/openid/v1/jwks\n"
            "Condition keys k.io:aud\n"
            "               k.io:sub\n"
            "Subject        system:serviceaccount:default:oidc-iam-pod\n"
            "Role           k_default_oidc-iam-pod"
        )


async def test_the_review_is_refused_until_every_answer_is_right(
    project: Path, world: World
) -> None:
    async with walking(project, world) as walk:
        await walk.press("n")
        await on(walk, Questions)
        await walk.press("down", "down", "ctrl+n")
        assert field(walk, "issuer").problem == "An answer is required."
        assert field(walk, "issuer").editor.has_focus


async def test_a_wrong_answer_among_the_other_settings_is_gone_to(
    project: Path, world: World
) -> None:
    async with walking(project, world) as walk:
        await to_questions(walk)
        await walk.press("f2")
        await on(walk, More)
        await answer(walk, "aws.account_id", "12")
        await walk.press("escape")
        await on(walk, Questions)
        await walk.press("ctrl+n")
        await on(walk, More)
        await until(walk, lambda: field(walk, "aws.account_id").editor.has_focus)
        assert field(walk, "aws.account_id").problem == (
            "'12' is not an account id: write its 12 digits."
        )


@pytest.mark.parametrize("key", ["enter", "down"])
async def test_enter_and_down_go_through_all_fields_of_a_group(
    key: str, project: Path, world: World
) -> None:
    async with walking(project, world) as walk:
        await to_questions(walk)
        await walk.press("f2")
        await on(walk, More)
        for group in (AWS, DISCOVERY, KUBERNETES):
            for question in (each for each in questions(0) if each.group == group):
                assert field(walk, question.key).editor.has_focus
                await walk.press(key)
            if key == "down":  # Enter goes to the next group
                await walk.press("f3")


async def test_several_values_take_lines_and_an_empty_one_goes_on(
    project: Path, world: World
) -> None:
    async with walking(project, world) as walk:
        await to_questions(walk)
        await walk.press("f2")
        await on(walk, More)
        tags = field(walk, "aws.tags").editor
        tags.focus()
        await walk.press(*"a=b", "enter", *"c=d", "up", "up")
        assert field(walk, "aws.permissions_boundary").editor.has_focus
        await walk.press("down", "down", "enter", "enter")
        assert field(walk, "aws.endpoint_url").editor.has_focus
        assert tags.value == "a=b, c=d"


async def test_workloads_are_added_copied_edited_and_deleted(project: Path, world: World) -> None:
    async with walking(project, world) as walk:
        await to_questions(walk)
        await walk.press("f2")
        await on(walk, More)
        await walk.press("f3", "f3", "f3")
        await until(walk, lambda: walk.app.screen.query_one("#workloads").has_focus)
        await walk.press("a")
        await on(walk, EditWorkload)
        await answer(walk, "workloads.1.namespace", "billing")
        await answer(walk, "workloads.1.role.managed_policy_arns", "ReadOnlyAccess\nAWSHealth")
        await walk.press("escape")
        await on(walk, More)
        await walk.press("down", "c")
        await on(walk, EditWorkload)
        await answer(walk, "workloads.2.service_account", "app")
        await walk.press("escape")
        await on(walk, More)
        await walk.press("delete")
        await on(walk, Ask)
        await walk.press("enter")
        await on(walk, More)
        left = wizard(walk).session.draft
        await walk.press("up", "delete")
        await on(walk, Ask)
        await walk.press("enter")
        await on(walk, More)
        await walk.press("delete")
        assert toasts(walk) == ["A federation needs at least one workload."]
    assert [
        (each.namespace, each.service_account, each.role.managed_policy_arns)
        for each in left.configuration().workloads
    ] == [
        ("default", "oidc-iam-pod", ("job-function/ViewOnlyAccess",)),
        ("billing", "app", ("ReadOnlyAccess", "AWSHealth")),
    ]


async def test_a_workload_without_answers_is_shown_by_its_defaults(
    project: Path, world: World
) -> None:
    async with walking(project, world) as walk:
        await to_questions(walk)
        await walk.press("f2")
        await on(walk, More)
        await walk.press("f3", "f3", "f3")
        await until(walk, lambda: walk.app.screen.query_one("#workloads").has_focus)
        await walk.press("a")
        await on(walk, EditWorkload)
        await walk.press("escape")
        await on(walk, More)
        assert "✗ default/oidc-iam-pod:" in shown(walk, "#workloads-note")


async def test_a_file_written_by_hand_keeps_its_comments_and_all_that_no_one_changed(
    project: Path, world: World
) -> None:
    path = project / "clusters" / "prod.yaml"
    accepted = (
        "lint:\n  accept:\n    - code: powerful-policy # until the audit\n"
        '      reason: agreed\n      until: "2027-01-31"\n'
    )
    path.write_text(PROD + accepted)
    async with walking(project, world) as walk:
        await walk.press("down", "enter")
        await on(walk, Questions)
        await answer(walk, "workloads.0.namespace", "shop")
        await walk.press("ctrl+n")
        await on(walk, ShowReview)
        await walk.press("ctrl+s")
        await until(walk, lambda: not wizard(walk).session.draft.changed)
    assert path.read_text() == (PROD + accepted).replace("namespace: default", "namespace: shop")


async def test_a_file_that_is_not_right_says_why_and_can_be_looked_at_again(
    project: Path, world: World
) -> None:
    path = project / "clusters" / "prod.yaml"
    path.write_text(PROD.replace("eu-west-1", "eu-west-99"))
    async with walking(project, world) as walk:
        await walk.press("down", "enter")
        await on(walk, Ask)
        assert "prod.yaml:7: aws.region: 'eu-west-99'" in shown(walk)
        path.write_text(PROD)
        await walk.press("enter")
        await on(walk, Start)
        await done(walk, "open", "clusters")
        assert shown(walk, "#clusters") == (
            "+ New configuration\n○ prod  never applied  cluster.example.com"
        )


async def test_the_review_goes_round_its_tabs_and_says_why_one_is_empty(
    project: Path, world: World
) -> None:
    world.hcl = "'cdktf synth --hcl' ended with status 1:\nno room"
    async with walking(project, world) as walk:
        await to_review(walk)
        tabs = walk.app.screen.query_one(TabbedContent)
        seen = []
        for key in ("f3", "f3", "f3", "f3", "f3", "shift+f3"):
            seen.append(tabs.active)
            await walk.press(key)
        assert [*seen, tabs.active] == [
            *("file", "terraform", "trust", "warnings", "api-server", "file", "api-server")
        ]
        await walk.press("shift+f3", "shift+f3", "shift+f3")
        assert shown(walk, "#terraform-text") == world.hcl


async def test_what_came_of_it_is_copied_and_the_proof_run_again(
    project: Path, world: World
) -> None:
    (project / "clusters" / "prod.yaml").write_text(STAGING)
    async with walking(project, world) as walk:
        await to_done(walk)
        await walk.press("enter")
        assert walk.app.clipboard == "python -m wizard doctor --config clusters/prod.yaml"
        await walk.press("down", "down", "y")
        assert walk.app.clipboard == ("arn:aws:iam::123456789012:oidc-provider/cluster.example.com")
        await walk.press("f5")
        await done(walk, "proof")
    assert world.asked[-2:] == ["prove staging", "prove staging"]
