"""What is kept of a log, and how parts of screens show it and a plan."""

from __future__ import annotations

from pathlib import Path

import pytest
from project_files import STAGING
from scripted import (
    Scripted,
    World,
)

from deployment.cdktf.events import (
    Event,
    OutputLine,
    PartLine,
    Succeeded,
)
from federation.yaml import files
from review.plan.changes import AttributeChange, ChangeAction
from wizard.tui import log_lines
from wizard.tui.activity import Activity
from wizard.tui.log_lines import LogLines
from wizard.tui.screens.help import rows
from wizard.tui.widgets.editors import _rows
from wizard.tui.widgets.plan_tree import _attribute


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
