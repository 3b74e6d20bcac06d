"""The first step: a new configuration or one that is there, and what this machine lacks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding
from textual.containers import Container
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from wizard.tui import wants
from wizard.tui.screens.step import StepScreen
from wizard.tui.widgets.results import CheckResults

if TYPE_CHECKING:
    from wizard.tui.clusters import ClusterEntry, Status
    from wizard.tui.session import AppSession

_SIGNS: dict[Status, str] = {
    "deployed": "●",
    "changed since": "◐",
    "deployed in part": "◔",
    "destroyed in part": "◔",
    "never applied": "○",
    "invalid": "✗",
    "draft": "✎",
}


class Start(StepScreen):
    """Lists the configurations; the checks of this machine run meanwhile."""

    STEP = "Start"
    HELP_TEXT = """\
Choose a configuration and press Enter, or make a new one. Each is a file in clusters/.

● deployed            the last deployment from here matches the file
◐ changed since       the file was changed after it was deployed
◔ deployed in part    a deployment runs, or did not finish; P plans the rest
◔ destroyed in part   a destroy runs, or did not finish; X plans the rest
○ never applied       nothing was deployed from here yet, or all of it was destroyed
✎ draft               answers that were not saved; they are kept until you drop them
✗ invalid             the file breaks a rule; Enter says which

This machine: the app checks at its start what a deployment needs. You can write a
configuration without it."""

    BINDINGS: ClassVar = [
        Binding("enter", "open", "Open"),
        Binding("n", "new", "New"),
        Binding("p", "plan", "Plan"),
        Binding("x", "take_down", "Destroy"),
        Binding("delete", "drop", "Drop draft"),
        Binding("f5", "look_again", "Check again", show=False),
        Binding("q", "app.quit", "Quit"),
        Binding("escape", "app.interrupt", "Leave", show=False),
    ]

    def __init__(self, session: AppSession) -> None:
        super().__init__(session)
        self._entries: tuple[ClusterEntry, ...] = ()

    def parts(self) -> Iterable[Widget]:
        """The list, and the checks beside or below it."""
        clusters = OptionList(_new(), id="clusters", compact=True)
        clusters.border_title = "Configurations"
        machine = CheckResults("Checking this machine …", id="machine")
        machine.border_title = "This machine"
        yield Container(clusters, machine, id="start")

    def on_mount(self) -> None:
        """Begin with the new configuration chosen."""
        clusters = self.query_one(OptionList)
        clusters.highlighted = 0
        clusters.focus()

    def on_screen_resume(self) -> None:
        """Read the folder again: a later step may have saved."""
        self.want(wants.ListClusters())

    @property
    def results(self) -> CheckResults:
        """The checks of this machine."""
        return self.query_one(CheckResults)

    def show(self, entries: Sequence[ClusterEntry]) -> None:
        """Show these configurations, with the same one chosen as before."""
        if self._entries == tuple(entries):
            return
        clusters = self.query_one(OptionList)
        chosen = self.chosen
        self._entries = tuple(entries)
        clusters.set_options([_new(), *map(Option, _rows(entries))])
        at = next((at for at, each in enumerate(entries, 1) if _same(each, chosen)), 0)
        clusters.highlighted = at
        self.refresh_bindings()

    @property
    def chosen(self) -> ClusterEntry | None:
        """The configuration under the cursor; None for a new one."""
        at = self.query_one(OptionList).highlighted
        return self._entries[at - 1] if at and at <= len(self._entries) else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what the chosen configuration allows."""
        if not self.is_mounted or action not in ("plan", "take_down", "drop"):
            return True
        entry = self.chosen
        if action == "drop":
            return entry is not None and entry.kept is not None
        return entry is not None and entry.path is not None and not entry.problems

    def action_open(self) -> None:
        """Open the chosen configuration."""
        if entry := self.chosen:
            self.want(wants.OpenEntry(entry))
        else:
            self.action_new()

    def action_new(self) -> None:
        """Begin a new configuration."""
        self.want(wants.NewConfiguration())

    def action_plan(self) -> None:
        """Plan a deployment of the chosen configuration."""
        if (entry := self.chosen) and entry.path:
            self.want(wants.PlanFile(entry.path, destroys=False))

    def action_take_down(self) -> None:
        """Plan to destroy what was deployed."""
        if (entry := self.chosen) and entry.path:
            self.want(wants.PlanFile(entry.path, destroys=True))

    def action_drop(self) -> None:
        """Drop the draft of the chosen configuration."""
        if (entry := self.chosen) and entry.kept:
            self.want(wants.DropDraft(entry.kept))

    def action_look_again(self) -> None:
        """Look at this machine and at the folder again."""
        self.want(wants.CheckMachine())
        self.want(wants.ListClusters())

    @on(OptionList.OptionSelected)
    def _selected(self) -> None:
        self.action_open()

    @on(OptionList.OptionHighlighted)
    def _highlighted(self) -> None:
        self.refresh_bindings()


def _new() -> Option:
    return Option(Content.styled("+ New configuration", "bold"))


def _rows(entries: Sequence[ClusterEntry]) -> list[Content]:
    """A line for each, in columns."""
    known = [_status_text(entry) for entry in entries]
    name = max((len(entry.name) for entry in entries), default=0)
    width = max(map(len, known), default=0)
    return [
        Content.assemble(
            (f"{_SIGNS[entry.status]} {entry.name.ljust(name)}  ", "bold"),
            f"{what.ljust(width)}  ",
            (entry.issuer.removeprefix("https://"), "dim"),
        )
        for entry, what in zip(entries, known, strict=True)
    ]


def _status_text(entry: ClusterEntry) -> str:
    draft = f"draft from {entry.kept.changed:%d %b %H:%M}" if entry.kept else ""
    if entry.status == "draft":
        return draft
    count = len(entry.problems)
    mistakes = f"{count} mistake{'s'[: count > 1]}" if count else ""
    return ", ".join(filter(None, (entry.status, mistakes, draft)))


def _same(entry: ClusterEntry, other: ClusterEntry | None) -> bool:
    return other is not None and (entry.name, entry.path) == (other.name, other.path)
