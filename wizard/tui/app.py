"""The terminal app: its keys, its palette, its terminal, and how it is left.

What it does for its screens is in `wizard.tui.flow`.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import SystemCommand
from textual.binding import Binding
from textual.filter import LineFilter, Monochrome, NoColor
from textual.screen import Screen
from textual.worker import Worker, WorkerState

from formats import escaping
from wizard.threads import leave
from wizard.tui import terminal, wants
from wizard.tui.flow import FlowApp
from wizard.tui.offers import offered_keys
from wizard.tui.screens.step import StepScreen
from wizard.tui.visible import OnlyVisible
from wizard.tui.widgets.trail import Trail

if TYPE_CHECKING:
    from wizard.tui.outside import Outside

_FUNCTION_KEY = re.compile(r"\bf\d+$")

_SECOND_CTRL_C = 3.0
"""Seconds in which a second Ctrl+C leaves."""


def main() -> None:
    """Run the app in this terminal, for the project that this program is part of."""
    app = make_app(Path(__file__).resolve().parents[2])
    with terminal.outlive_terminal(), terminal.accept_any_bytes():
        app.run()
    leave(app.return_code or 0)


def make_app(project: Path, outside: Outside | None = None) -> WizardApp:
    """The app for a project.

    Args:
        project: The folder with `clusters/`.
        outside: What the app reaches beyond itself; None is the real world.
    """
    return WizardApp(project, outside)


class WizardApp(FlowApp):
    """From four answers to a running federation."""

    TITLE = "oidc-iam"
    CSS_PATH = "app.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (76, "-middle"), (120, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-short"), (24, "-normal"), (36, "-tall")]  # noqa: RUF012
    BINDINGS: ClassVar = [
        Binding("f1", "help", "Help", priority=True),
        Binding("ctrl+q", "quit", "Quit", show=False, priority=True),
        Binding("ctrl+c", "interrupt", "Leave", show=False),
    ]

    def __init__(self, project: Path, outside: Outside | None = None) -> None:
        super().__init__(project, outside)
        self._leaving = False
        self._asks_to_lose = False
        self._visible = OnlyVisible()
        if "TEXTUAL_THEME" not in os.environ and terminal.has_few_colours(os.environ):
            self.theme = "ansi-dark"

    def notify(self, message: str, **options: Any) -> None:
        """Show a message for a while; nothing in it is markup, wherever it comes from."""
        super().notify(escaping.page(message), **{**options, "markup": False})

    def on_mount(self) -> None:
        """Begin to load what comes after the first screen, once that is there."""
        self.call_after_refresh(self._begin_work)

    def action_help(self) -> None:
        """Show what the step is for, and its keys."""
        if isinstance(self.screen, StepScreen):
            keys = [
                (self.get_key_display(active.binding), active.binding.description)
                for active in offered_keys(self.screen)
            ]
            self.show("Help", self.screen.STEP, self.screen.HELP_TEXT, keys)

    async def action_quit(self) -> None:
        """Leave, unless something is being deployed."""
        activity = self.session.activity
        if activity is not None and activity.running and activity.kind != "plan":
            self.notify(
                f"{activity.cluster} is being changed, and would be left half done. Wait "
                "for the end, or cancel on the deployment's screen.",
                title="Not now",
                severity="warning",
            )
            return
        if activity is not None and activity.running:
            activity.interrupt()
        if self.session.keeper is not None:
            await asyncio.to_thread(self.session.keeper.keep)
            if self.session.keeper.trouble:
                self._ask_to_lose(self.session.keeper.trouble)
                return
        self.exit()

    def _ask_to_lose(self, why: str) -> None:
        """Leave with answers that are nowhere else only where the person wants that."""
        if self._asks_to_lose:
            return
        self._asks_to_lose = True
        text = f"{why} Leave, and lose your answers?"
        answers = (("", "Stay"), ("yes", "Lose them"))
        self.push_screen(
            self.make_screen("Ask", "Your answers are not kept", text, answers),
            self._lose_or_stay,
        )

    def _lose_or_stay(self, answer: str | None) -> None:
        self._asks_to_lose = False
        if answer:
            self.exit()

    async def action_interrupt(self) -> None:
        """Ctrl+C, and Escape where there is nothing to go back to: leave at the second time."""
        if self._leaving:
            await self.action_quit()
            return
        self._leaving = True
        self.notify("Press it again to leave. Your answers are kept.")
        self.set_timer(_SECOND_CTRL_C, self._stay)

    def lose_terminal(self) -> None:
        """End in order: nobody sees anything any more, and nobody can answer."""
        terminal.let_go()
        if self.session.keeper is not None:
            self.session.keeper.keep()
        if self.session.activity is not None and self.session.activity.running:
            self.session.activity.interrupt()
        self.work(self._exit_when_idle(), "exit")

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Let out what shows, and no colours for NO_COLOR if the theme leaves them to the terminal.

        Textual chooses once, for the theme that it starts with, and makes greys of colours: of
        those that it does not know, black on black.
        """
        filters = [*super().get_line_filters(), self._visible]
        if not self.native_ansi_color:
            return filters
        return [NoColor() if isinstance(each, Monochrome) else each for each in filters]

    def get_key_display(self, binding: Binding) -> str:
        """How a key is called on the screens: F1 as on the keyboard, the others as Textual does."""
        shown = super().get_key_display(binding)
        return _FUNCTION_KEY.sub(lambda found: found[0].upper(), shown)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Everything that can be done now, for the command palette."""
        if isinstance(screen, StepScreen):
            for active in offered_keys(screen):
                key = f"Key: {self.get_key_display(active.binding)}"
                act = partial(self.run_action, active.binding.action, active.node)
                yield SystemCommand(active.binding.description, key, act)
        if self.session.activity is not None and self.session.activity.kind != "plan":
            about = f"Progress and result of {self.session.activity.cluster}"
            show = self.show_deployment
            yield SystemCommand("Show the deployment", about, show)
        yield SystemCommand("Theme", "Dark, light, or 16 colours", self.action_change_theme)
        yield SystemCommand("Screenshot", "Write this screen to an SVG file", self.take_picture)

    def take_picture(self) -> None:
        """Ask where to, and write how the screen looks there."""
        picture = self.export_screenshot()  # before the question is on it
        self.push_screen(
            self.make_screen(
                "Asked",
                "Screenshot",
                "Writes a picture of this screen to this file.",
                "oidc-iam.svg",
            ),
            lambda name: (
                self.work(self.write_picture(picture, Path(name)), "copy") if name else None
            ),
        )

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Show what went wrong in a task."""
        error = event.worker.error
        if event.state is WorkerState.ERROR and error is not None:
            from wizard.errors import report

            shown = report(error)
            self.notify(shown.message, title=shown.title, severity="error", markup=False)

    def _begin_work(self) -> None:
        self.session.begin_loading()
        for want in (wants.ListClusters(), wants.CheckMachine()):
            self.post_message(wants.Wanted(want))
        self.work(self._keep_drafts(), "drafts")
        self.set_interval(1, self._show_meanwhile)
        if not self.is_headless:
            for number in (signal.SIGHUP, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(number, self.lose_terminal)

    async def _keep_drafts(self) -> None:
        await self.session.load()
        assert self.session.keeper is not None  # noqa: S101  (it is loaded)
        await self.session.keeper.run()

    def _fatal_error(self) -> None:
        """Name the file with the traceback, instead of showing it with all that the app holds."""
        from wizard.errors import DEFECT, report

        if self.session.keeper is not None:
            self.session.keeper.keep()
        assert self._exception is not None  # noqa: S101  (Textual notes it before)
        self._return_code = DEFECT
        self.panic(report(self._exception).message)

    def _stay(self) -> None:
        self._leaving = False

    def _show_meanwhile(self) -> None:
        if not self._screen_stack:
            return  # the app is closing, and its timers are stopped after its screens
        activity = self.session.activity
        text = ""
        seen = isinstance(self.screen, StepScreen) and self.screen.STEP == "Deploy"
        if activity is not None and activity.running and activity.kind != "plan" and not seen:
            progress = activity.progress
            text = f"▶ {activity.cluster} {progress.done}/{progress.total}"
        for trail in self.screen.query(Trail):
            trail.say(text)

    async def _exit_when_idle(self) -> None:
        while self.session.activity is not None and self.session.activity.running:
            await asyncio.sleep(0.1)
        self.exit()
