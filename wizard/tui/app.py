"""The terminal app: it owns the draft, the run and everything that takes time.

Screens show what the app has, and ask it to do things. Whatever waits for a file, a process or the
network is one of `wizard.tui.tasks` in a worker of the app, so that no key press does.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator, Coroutine, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import App, SystemCommand
from textual.binding import Binding
from textual.filter import LineFilter, Monochrome, NoColor
from textual.screen import Screen
from textual.worker import Worker, WorkerState

from formats import escaping
from wizard.threads import UnawaitedThreads, leave
from wizard.tui import navigation, terminal
from wizard.tui.offers import offered
from wizard.tui.screens.start import Start
from wizard.tui.screens.step import Step
from wizard.tui.visible import OnlyVisible
from wizard.tui.widgets.trail import Trail

if TYPE_CHECKING:
    from deployment.runs import Run
    from deployment.sequence import Deployment
    from review.plan.changes import Plan
    from wizard.tui.activity import Activity, Kind
    from wizard.tui.draft import Draft
    from wizard.tui.keeper import Keeper
    from wizard.tui.loading import Loaded
    from wizard.tui.ports import Ports, Result

_FUNCTION_KEY = re.compile(r"\bf\d+$")

_SECOND_CTRL_C = 3.0
"""Seconds in which a second Ctrl+C leaves."""


def main() -> None:
    """Run the app in this terminal, for the project that this program is part of."""
    app = make_app(Path(__file__).resolve().parents[2])
    with terminal.outliving(), terminal.taking_any_bytes():
        app.run()
    leave(app.return_code or 0)


def make_app(project: Path, ports: Ports | None = None) -> WizardApp:
    """The app for a project.

    Args:
        project: The folder with `clusters/`.
        ports: What the app reaches beyond itself; None is the real world.
    """
    return WizardApp(project, ports)


class WizardApp(App[None]):
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

    def __init__(self, project: Path, ports: Ports | None = None) -> None:
        super().__init__()
        self.project = project
        self.activity: Activity | None = None
        """The plan or the deployment that runs, or ran last."""
        self._given_ports = ports
        self._loading: asyncio.Task[Loaded] | None = None
        self._keeper: Keeper | None = None
        self._draft: Draft | None = None
        self._leaving = False
        self._visible = OnlyVisible()
        if "TEXTUAL_THEME" not in os.environ and terminal.has_few_colours(os.environ):
            self.theme = "ansi-dark"

    def notify(self, message: str, **options: Any) -> None:
        """Show a message for a while; nothing in it is markup, wherever it comes from."""
        super().notify(escaping.page(message), **{**options, "markup": False})

    def get_default_screen(self) -> Screen[Any]:
        """The first step."""
        return Start()

    def on_mount(self) -> None:
        """Begin to load what comes after the first screen, once that is there."""
        self.call_after_refresh(self._begin_work)

    @property
    def draft(self) -> Draft:
        """The answers that are being given."""
        assert self._draft is not None  # noqa: S101  (no step that asks comes without)
        return self._draft

    @property
    def start(self) -> Start:
        """The first step, below all others."""
        screen = self.screen_stack[0]
        assert isinstance(screen, Start)  # noqa: S101
        return screen

    @property
    def keeper(self) -> Keeper:
        """Keeps the draft on disk."""
        assert self._keeper is not None  # noqa: S101  (it is loaded before any draft)
        return self._keeper

    async def loaded(self) -> Loaded:
        """What is loaded behind the first screen."""
        return await asyncio.shield(self._begun_loading())

    def change(self, draft: Draft) -> None:
        """Take over other answers; they are on disk soon."""
        self._draft = draft
        self.keeper.change(draft)

    def settle(self, draft: Draft) -> None:
        """Take over the answers that a file gives."""
        self._draft = draft

    def work(self, task: Coroutine[Any, Any, None], group: str, *, exclusive: bool = True) -> None:
        """Do something that takes time.

        Args:
            task: What to do.
            group: What it is about.
            exclusive: Whether it replaces what is being done about the same.
        """
        self.run_worker(task, group=group, exclusive=exclusive, exit_on_error=False)

    def give_up(self, group: str) -> bool:
        """Stop what is being done about something; whether there was anything."""
        return bool(self.workers.cancel_group(self, group))

    def begin(
        self,
        kind: Kind,
        deployment: Deployment,
        run: Run,
        *,
        plan: Plan | None = None,
        checks: AsyncIterator[Result] | None = None,
    ) -> Activity | None:
        """Begin to plan, deploy or destroy; None, and the reason is shown, where something runs."""
        from wizard.tui.activity import Activity

        if self.activity is not None and self.activity.running:
            cluster = self.activity.cluster
            why = (
                f"Terraform still ends what was cancelled for {cluster}: try again in a moment."
                if self.activity.cancelled
                else f"{cluster} is being worked on: one at a time."
            )
            self.notify(why, title="Not now", severity="warning")
            return None
        now = self.ports.now
        self.activity = Activity(kind, deployment, run, now, plan=plan, checks=checks)
        return self.activity

    def action_help(self) -> None:
        """Show what the step is for, and its keys."""
        from wizard.tui.screens.help import Help

        if isinstance(self.screen, Step):
            keys = [
                (self.get_key_display(active.binding), active.binding.description)
                for active in offered(self.screen)
            ]
            self.push_screen(Help(self.screen.STEP, self.screen.HELP_TEXT, keys))

    async def action_quit(self) -> None:
        """Leave, unless something is being deployed."""
        activity = self.activity
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
        if self._keeper is not None:
            await asyncio.to_thread(self._keeper.keep)
            if self._keeper.trouble:
                self._ask_to_lose(self._keeper.trouble)
                return
        self.exit()

    def _ask_to_lose(self, why: str) -> None:
        """Leave with answers that are nowhere else only where the person wants that."""
        from wizard.tui.screens.dialogs import Ask

        if not isinstance(self.screen, Ask):
            text = f"{why} Leave, and lose what you have answered?"
            self.push_screen(
                Ask("Your answers are not kept", text, (("", "Stay"), ("yes", "Lose them"))),
                lambda answer: self.exit() if answer else None,
            )

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
        if self._keeper is not None:
            self._keeper.keep()
        if self.activity is not None and self.activity.running:
            self.activity.interrupt()
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
        if isinstance(screen, Step):
            for active in offered(screen):
                key = f"Key: {self.get_key_display(active.binding)}"
                act = partial(self.run_action, active.binding.action, active.node)
                yield SystemCommand(active.binding.description, key, act)
        if self.activity is not None and self.activity.kind != "plan":
            about = f"How {self.activity.cluster} goes on, or ended"
            show = partial(navigation.show_deployment, self)
            yield SystemCommand("Show the deployment", about, show)
        yield SystemCommand("Theme", "Dark, light, or 16 colours", self.action_change_theme)
        yield SystemCommand("Screenshot", "Write this screen to an SVG file", self.write_picture)

    def write_picture(self) -> None:
        """Ask where to, and write how the screen looks there."""
        from wizard.tui.screens.dialogs import Asked
        from wizard.tui.tasks import saving

        picture = self.export_screenshot()  # before the question stands on it
        self.push_screen(
            Asked("Screenshot", "A picture of this screen goes to this file.", "oidc-iam.svg"),
            lambda name: (
                self.work(saving.write_picture(self, picture, Path(name)), "copy") if name else None
            ),
        )

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Show what went wrong in a task."""
        error = event.worker.error
        if event.state is WorkerState.ERROR and error is not None:
            from wizard.errors import report

            shown = report(error)
            self.notify(shown.message, title=shown.title, severity="error", markup=False)

    @property
    def suggestions(self) -> Mapping[str, Sequence[str]]:
        """What may be meant by an answer, by the key of its question."""
        assert self._loading is not None  # noqa: S101  (loaded before any configuration)
        return self._loading.result().suggestions

    @property
    def ports(self) -> Ports:
        """What the app reaches beyond itself."""
        assert self._loading is not None  # noqa: S101  (loaded before any configuration)
        return self._loading.result().ports

    def _begin_work(self) -> None:
        from wizard.tui.tasks import checking, opening

        self._begun_loading()
        self.work(opening.list_clusters(self), "clusters")
        self.work(checking.machine(self), "machine")
        self.work(self._keep_drafts(), "drafts")
        self.set_interval(1, self._show_meanwhile)
        if not self.is_headless:
            for number in (signal.SIGHUP, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(number, self.lose_terminal)

    def _begun_loading(self) -> asyncio.Task[Loaded]:
        """The loading, begun by the first who needs it: a key may be quicker than the app."""
        if self._loading is None:
            asyncio.get_running_loop().set_default_executor(UnawaitedThreads())
            self._loading = asyncio.create_task(self._load())
        return self._loading

    async def _load(self) -> Loaded:
        def load() -> Loaded:
            from wizard.tui.loading import load

            return load(self.project, self._given_ports)

        loaded = await asyncio.to_thread(load)
        from wizard.tui.keeper import Keeper

        self._keeper = Keeper(loaded.drafts, self._complain)
        return loaded

    async def _keep_drafts(self) -> None:
        await self.loaded()
        await self.keeper.run()

    def _complain(self, text: str) -> None:
        message = f"{text} What you answer is not safe until you save it."
        self.call_later(self.notify, message, title="No draft", severity="error", markup=False)

    def _fatal_error(self) -> None:
        """Name the file with the traceback, instead of showing it with all that the app holds."""
        from wizard.errors import DEFECT, report

        if self._keeper is not None:
            self._keeper.keep()
        assert self._exception is not None  # noqa: S101  (Textual notes it before)
        self._return_code = DEFECT
        self.panic(report(self._exception).message)

    def _stay(self) -> None:
        self._leaving = False

    def _show_meanwhile(self) -> None:
        if not self._screen_stack:
            return  # the app is closing, and its timers are stopped after its screens
        activity = self.activity
        text = ""
        seen = isinstance(self.screen, Step) and self.screen.STEP == "Deploy"
        if activity is not None and activity.running and activity.kind != "plan" and not seen:
            progress = activity.progress
            text = f"▶ {activity.cluster} {progress.done}/{progress.total}"
        for trail in self.screen.query(Trail):
            trail.say(text)

    async def _exit_when_idle(self) -> None:
        while self.activity is not None and self.activity.running:
            await asyncio.sleep(0.1)
        self.exit()
