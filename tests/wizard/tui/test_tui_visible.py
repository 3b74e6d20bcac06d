"""Nothing that acts on a terminal leaves the app, whatever a widget is given."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.segment import Segment
from textual.app import App, ComposeResult
from textual.color import Color
from textual.screen import Screen
from textual.widgets import Static

from federation.yaml.files import PROJECT
from wizard.tui.app import WizardApp
from wizard.tui.visible import OnlyVisible

HOSTILE = "a\x1b[2J\u202eb\x9bc\ue000d"
SHOWN = "a[2Jbc\N{REPLACEMENT CHARACTER}d"


def test_a_character_that_acts_becomes_one_that_shows_and_is_as_wide() -> None:
    given = [Segment("plain"), Segment(HOSTILE)]
    shown = OnlyVisible().apply(given, Color.parse("black"))
    assert [each.text for each in shown] == ["plain", SHOWN]


class _Hostile(Screen[None]):
    def compose(self) -> ComposeResult:
        yield Static(HOSTILE, markup=False)


class _App(WizardApp):
    CSS_PATH = str(PROJECT / "wizard" / "tui" / "app.tcss")

    def get_default_screen(self) -> Screen[None]:
        return _Hostile()

    def on_mount(self) -> None:
        """Load nothing."""


async def test_no_line_of_a_widget_holds_a_character_that_acts(tmp_path: Path) -> None:
    async with _App(tmp_path).run_test() as pilot:
        widget = pilot.app.screen.query_one(Static)
        assert widget.render_lines(widget.size.region)[0].text.rstrip() == SHOWN


def test_a_message_is_no_markup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[object] = []
    monkeypatch.setattr(App, "notify", lambda _, text, **options: shown.append((text, options)))
    WizardApp(tmp_path).notify("[/] [red]x[/red] \x1b[2J", title="A", markup=True)
    assert shown == [("[/] [red]x[/red] \\x1b[2J", {"title": "A", "markup": False})]
