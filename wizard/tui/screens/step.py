"""What all steps have in common: the line on top, the keys below, and help in between."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import Screen
from textual.widget import Widget

from wizard.tui import wants
from wizard.tui.widgets.keys import Keys
from wizard.tui.widgets.trail import Trail

if TYPE_CHECKING:
    from wizard.tui.session import AppSession


class StepScreen(Screen[None]):
    """One step of the way."""

    STEP: ClassVar[str]
    """Its name in the line on top."""
    HELP_TEXT: ClassVar[str]
    """What F1 says of it, besides its keys."""

    AUTO_FOCUS = ""

    BINDINGS: ClassVar = [Binding("escape", "back", "Back")]

    def __init__(self, session: AppSession) -> None:
        super().__init__()
        self.session = session

    def want(self, want: wants.Want) -> None:
        """Have the app do something."""
        self.app.post_message(wants.Wanted(want))

    @property
    def about(self) -> str:
        """What it is about, for the line on top: the cluster's name."""
        return ""

    def parts(self) -> Iterable[Widget]:
        """What stands between the line on top and the keys."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """The parts between the trail and the footer."""
        self._fit_terminal()
        yield Trail(self.STEP, self.about)
        yield from self.parts()
        yield Keys()

    def on_screen_resume(self) -> None:
        """Tell what it is about by now: what was new may have been saved."""
        self.query_one(Trail).tell(self.about)

    def action_back(self) -> None:
        """Go back to the step before."""
        self.dismiss()

    def _fit_terminal(self) -> None:
        """Have the classes of the terminal's size from the start.

        Textual gives them to a screen that is shown already, and all of it is styled twice.
        """
        width, height = self.app.size
        sizes = ((width, self.app.HORIZONTAL_BREAKPOINTS), (height, self.app.VERTICAL_BREAKPOINTS))
        for size, breakpoints in sizes:
            _, name = max(each for each in breakpoints or () if each[0] <= size)
            self.set_class(True, name, update=False)

    @on(Trail.Chosen)
    def _go_back(self, event: Trail.Chosen) -> None:
        self.want(wants.GoBack(event.step))


class AskingScreen(StepScreen):
    """A step that asks questions."""

    def asks(self, key: str) -> bool:
        """Whether a question is asked here."""
        raise NotImplementedError

    def enter(self, key: str) -> None:
        """Put the focus on a question whose answer is not right."""
        raise NotImplementedError

    def action_review(self) -> None:
        """Go to the review, or to the first answer that is not right."""
        self.want(wants.ReviewAnswers())
