"""Why a run did not do all of it, and what to do: shown above its log."""

from __future__ import annotations

from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from deployment.causes import Cause
from deployment.cdktf.events import Failed, Interrupted, Outcome
from deployment.logs import display_path
from wizard.tui.widgets.signed import Signed


class Failure(VerticalScroll, can_focus=False):
    """Shows nothing until there is something to explain."""

    def __init__(self) -> None:
        super().__init__(id="failure")
        self.display = False

    def explain(self, outcome: Outcome | None) -> None:
        """Show the causes of a failure; nothing for any other outcome."""
        self.query("*").remove()
        self.display = isinstance(outcome, Failed | Interrupted)
        if isinstance(outcome, Failed):
            self.border_title = "Failed"
            self.mount_all(_causes(outcome))
        elif isinstance(outcome, Interrupted):
            self.border_title = "Interrupted"
            text = f"{outcome} {_extent(outcome)}The log: {display_path(outcome.log)}"
            self.mount(Static(text, markup=False))


def _causes(outcome: Failed) -> list[Widget]:
    if not outcome.causes:
        status = f"The program ended with status {outcome.status} and gave no reason."
        text = f"{status} {_extent(outcome)}The log: {display_path(outcome.log)}"
        return [Static(text, markup=False)]
    causes: list[Widget] = [Signed("✗", _cause(cause)) for cause in outcome.causes]
    extent = _extent(outcome).strip()
    return [*causes, Static(extent, markup=False)] if extent else causes


def _extent(outcome: Failed | Interrupted) -> str:
    return f"{outcome.extent} " if str(outcome.extent) else ""


def _cause(cause: Cause) -> Content:
    return Content.assemble(
        (cause.title, "bold $text-error"),
        (f"  {cause.where}" if cause.where else "", "dim"),
        f"\n{cause.came_back}" if cause.came_back else "",
        ("\nTo do: ", "bold") if cause.remedy else "",
        cause.remedy,
    )
