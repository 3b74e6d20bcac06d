"""What the steps that follow a run have in common: they look at it, and do not own it."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual.binding import Binding

from deployment.logs import display_path
from wizard.tui import wants
from wizard.tui.activity import Activity
from wizard.tui.screens.dialogs import Asked
from wizard.tui.screens.step import StepScreen
from wizard.tui.session import AppSession
from wizard.tui.widgets.log_view import LogView

_LOOKS_PER_SECOND = 10


class Following(StepScreen):
    """A step that shows an activity, with its log."""

    BINDINGS: ClassVar = [
        Binding("slash", "search", "Search", key_display="/"),
        Binding("w", "write_log", "Copy log to a file", show=False),
    ]

    def __init__(self, session: AppSession, activity: Activity) -> None:
        super().__init__(session)
        self.activity = activity
        self._ended = False

    @property
    def about(self) -> str:
        """The cluster."""
        return self.activity.cluster

    def on_mount(self) -> None:
        """Look at the activity now, and then several times a second."""
        self.query_one(LogView).focus()
        self.follow()
        self.set_interval(1 / _LOOKS_PER_SECOND, self.follow)

    def follow(self) -> None:
        """Show what happened since the last time."""
        if self._ended:
            return
        self.query_one(LogView).catch_up()
        self.look()
        if not self.activity.running:
            self._ended = True
            self.show_end()
            self.refresh_bindings()

    def look(self) -> None:
        """Show how far the run is."""
        raise NotImplementedError

    def show_end(self) -> None:
        """Show how it ended."""
        raise NotImplementedError

    def action_search(self) -> None:
        """Ask for a word and go to it in the log."""
        log = self.query_one(LogView)
        log.display = True
        self.app.push_screen(
            Asked("Search the log", "n goes to the next match, N to the one before.", log.word),
            lambda word: log.search(word) if word else None,
        )

    def action_write_log(self) -> None:
        """Ask where to, and copy the log there."""
        self.app.push_screen(
            Asked(
                "Write the log",
                "Copies the whole log to this file.",
                self.activity.log.name,
            ),
            self._write_log,
        )

    def _write_log(self, name: str | None) -> None:
        if name:
            self.want(wants.CopyLog(self.activity.log, Path(name)))

    @property
    def log_note(self) -> str:
        """Where the whole log is, or why it is not complete."""
        if self.activity.log_error:
            return f"The log is incomplete: {self.activity.log_error}."
        return f"The log: {display_path(self.activity.log)}"
