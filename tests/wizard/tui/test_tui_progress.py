"""How far a run is, and what is kept of its log."""

from __future__ import annotations

from pathlib import Path

import pytest
from project_files import STAGING
from scripted import (
    CHANGES,
    LOG,
    OUTPUTS,
    PLAN,
    Scripted,
    World,
    deploying,
    failing,
    planning,
)

from deployment.cdktf.events import (
    Event,
    Interrupted,
    OutputLine,
    PartLine,
    ResourceDone,
    ResourceProgress,
    ResourceStarted,
    Retrying,
    Succeeded,
)
from deployment.progress import Progress, duration
from federation.yaml import files
from review.plan.changes import AttributeChange, ChangeAction
from wizard.tui import log_lines
from wizard.tui.activity import Activity
from wizard.tui.log_lines import LogLines
from wizard.tui.screens.help import rows
from wizard.tui.widgets.editors import _rows
from wizard.tui.widgets.plan_tree import _attribute

ROLE = ("prod-identity", "aws_iam_role.app")


def after(*events: Event, plan: bool = True) -> Progress:
    progress = Progress(PLAN if plan else None)
    for event in events:
        progress.take(event)
    return progress


def test_a_deployment_counts_what_is_done_of_what_was_planned() -> None:
    progress = after(*deploying()[:7])
    assert (progress.done, progress.total, progress.stack) == (1, 3, "prod-discovery")
    progress = after(*deploying())
    assert (progress.done, progress.total, progress.outputs) == (3, 3, OUTPUTS)


def test_what_terraform_counts_replaces_what_was_planned() -> None:
    assert after(*deploying(CHANGES)).total == 3


def test_without_a_plan_there_is_no_total_until_terraform_counts() -> None:
    assert [after(*deploying()[:end], plan=False).total for end in (1, 2, 8)] == [0, 1, 3]


def test_what_is_in_work_is_named_until_it_is_done() -> None:
    started = ResourceStarted(*ROLE, "create")
    goes_on = ResourceProgress(*ROLE, "create", 10)
    progress = after(started, goes_on)
    assert [str(work) for work in progress.working] == ["creating aws_iam_role.app"]
    progress.take(ResourceDone(*ROLE, "create", 12))
    assert (progress.working, progress.done) == ([], 1)


def test_reading_is_no_change() -> None:
    assert after(ResourceDone(*ROLE, "read", 1)).done == 0


def test_a_repeated_request_is_told_until_something_is_done() -> None:
    progress = after(Retrying("IAM CreateRole", None, 2, 25))
    assert progress.retrying == "IAM CreateRole: no response, attempt 2 of 25"
    progress.take(ResourceDone(*ROLE, "create", 1))
    assert progress.retrying is None


def test_a_plan_is_collected_stack_by_stack() -> None:
    assert tuple(after(*planning()[:-1], plan=False).plans) == PLAN.stacks


@pytest.mark.parametrize("end", [failing()[-1], Interrupted(LOG)])
def test_at_the_end_nothing_is_in_work(end: Event) -> None:
    progress = after(ResourceStarted(*ROLE, "create"), end)
    assert (progress.working, progress.outcome, progress.outputs) == ([], end, {})


async def test_a_log_has_each_line_behind_the_name_of_its_stack(world: World) -> None:
    events: list[Event] = [
        OutputLine(None, "a"),
        OutputLine("prod-identity", "b"),
        PartLine("  applied Pod default/awscli"),
        Succeeded({}),
    ]
    config = files.parse(STAGING, "staging")
    deployment = world.deployment(Path("staging.yaml"), config, destroys=False)
    activity = Activity("deploy", deployment, Scripted(events), world.now)
    await activity.follow()
    assert list(activity.lines) == ["a", "prod-identity  b", "  applied Pod default/awscli"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59.9, "59 s"), (60, "1:00"), (125, "2:05"), (3600, "1:00:00"), (3725, "1:02:05")],
)
def test_a_duration_reads_like_a_clock(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_of_a_long_log_the_older_half_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_lines, "MOST", 4)
    lines = LogLines()
    for number in range(7):
        lines.append(str(number))
    assert (list(lines), lines.dropped) == (["4", "5", "6"], 4)


def test_a_wide_line_is_cut() -> None:
    lines = LogLines()
    lines.append("x" * (log_lines.WIDEST + 1))
    assert lines[0] == "x" * log_lines.WIDEST + "…"


@pytest.mark.parametrize(
    ("word", "start", "by", "found"),
    [
        ("ERROR", -1, 1, 1),
        ("error", 1, 1, 3),
        ("error", 3, 1, 1),
        ("error", 3, -1, 1),
        ("error", 1, -1, 3),
        ("nothing", 0, 1, None),
        ("", 0, 1, None),
    ],
)
def test_a_word_is_found_in_both_directions_and_round_the_end(
    word: str, start: int, by: int, found: int | None
) -> None:
    lines = LogLines()
    for line in ("a", "Error: b", "c", "an error"):
        lines.append(line)
    assert lines.find(word, start, by) == found


def test_a_help_text_has_tables_whose_rows_may_go_on_in_the_next_line() -> None:
    assert rows("a b  a table\nc    whose second row\n     goes on") == [
        *(("a b", "a table"), ("c", "whose second row goes on"))
    ]
    assert rows("One\nparagraph.") == []


def test_choices_break_between_words_where_a_row_is_full() -> None:
    assert _rows(("plain", "k3s", "talos"), 18) == [["plain", "k3s"], ["talos"]]
    assert _rows(("plain",), 3) == [["plain"]]


@pytest.mark.parametrize(
    ("action", "text"),
    [
        ("create", 'url = "b"'),
        ("delete", 'url = "a"'),
        ("update", 'url: "a" → "b"  (forces replacement)'),
    ],
)
def test_an_attribute_of_a_plan_shows_the_sides_that_it_has(
    action: ChangeAction, text: str
) -> None:
    assert _attribute(AttributeChange("url", '"a"', '"b"', replaces=True), action) == text
