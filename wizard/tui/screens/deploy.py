"""The fifth step: `cdktf deploy` as it goes on. It does not end with this screen."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding
from textual.containers import Horizontal
from textual.content import Content
from textual.widget import Widget
from textual.widgets import ProgressBar, Static
from textual.widgets._progress_bar import Bar

from deployment.cdktf.events import Succeeded
from deployment.progress import duration
from wizard.tui import wants
from wizard.tui.screens.dialogs import Ask
from wizard.tui.screens.following import Following
from wizard.tui.widgets.failure import Failure
from wizard.tui.widgets.log_view import LogView


class ShowDeployment(Following):
    """Shows a run that deploys or destroys."""

    STEP = "Deploy"
    HELP_TEXT = """\
cdktf deploy while it runs. Escape leaves this screen, and the deployment continues: the top
line shows its progress, and the command palette (Ctrl+P) leads back here.

C cancels: Terraform finishes the resources in flight, saves its state and stops. Nothing is
undone; the next deployment continues from there. You can quit when it has ended.

/ searches the log, n and N go to the next match and the one before, W writes a copy."""

    BINDINGS: ClassVar = [
        Binding("ctrl+n", "done(False)", "Outputs and proof"),
        Binding("ctrl+n", "done(True)", "Next steps"),
        Binding("c,ctrl+c", "cancel", "Cancel"),
        Binding("r", "again", "Plan again"),
    ]

    def parts(self) -> Iterable[Widget]:
        """How far it is, with what, and the log."""
        bar = ProgressBar(total=None, show_eta=False)
        yield Horizontal(bar, Static(id="counts", markup=False), classes="bar")
        yield Static(id="working", markup=False)
        yield Failure()
        yield LogView(self.activity.lines)
        yield Static(self.log_note, id="log-note", markup=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer to cancel while it runs, and to go on afterwards."""
        if action == "cancel":
            return self.activity.running and not self.activity.cancelled
        succeeded = isinstance(self.activity.progress.outcome, Succeeded)
        if action == "done":
            return succeeded and parameters == (self._destroys,)
        if action == "again":
            return not self.activity.running and not succeeded
        return True

    def look(self) -> None:
        """Show the bar, the resource in work and the time."""
        activity, progress = self.activity, self.activity.progress
        bar = self.query_one(ProgressBar)
        if not progress.total and isinstance(progress.outcome, Succeeded):
            bar.update(total=1, progress=1)  # manifests alone: there was nothing to count
        else:
            bar.update(total=progress.total or None, progress=min(progress.done, progress.total))
        # What it shows is rounded to its width, and that may have changed since it was told.
        bar.query_one(Bar).percentage = bar.percentage
        elapsed = duration(activity.elapsed)
        self.query_one("#counts", Static).update(f"{progress.done} of {progress.total}  {elapsed}")
        self.query_one("#working", Static).update(self._work_text())
        self.query_one("#log-note", Static).update(self.log_note)

    def show_end(self) -> None:
        """Show what is to be done next."""
        self.query_one(Failure).explain(self.activity.progress.outcome)

    def action_back(self) -> None:
        """Leave the screen alone."""
        self.want(wants.GoBack("Start"))

    def action_done(self, destroyed: bool) -> None:
        """Show what came of it."""
        self.want(wants.OpenDone(self.activity))

    def action_again(self) -> None:
        """Plan what is left to do."""
        self.want(wants.GoBack("Start"))
        self.want(wants.PlanDeployment(self.activity.deployment))

    def action_cancel(self) -> None:
        """Ask, and let Terraform finish what is in flight."""
        left = (
            "Destroyed resources stay destroyed; the next destroy continues from there."
            if self._destroys
            else "Created resources stay; the next deployment continues from there."
        )
        text = f"Terraform finishes the resources in flight and stops. {left}"
        self.app.push_screen(
            Ask("Cancel", text, (("", "Keep running"), ("yes", "Cancel it"))),
            lambda answer: self._cancel() if answer else None,
        )

    @property
    def _destroys(self) -> bool:
        return self.activity.deployment.destroys

    def _cancel(self) -> None:
        if self.activity.running:
            self.activity.interrupt()
            self.refresh_bindings()

    def _work_text(self) -> Content:
        activity, progress = self.activity, self.activity.progress
        if isinstance(progress.outcome, Succeeded):
            verb = "Destroyed" if self._destroys else "Deployed"
            return Content.styled(
                f"✓ {verb} in {duration(activity.elapsed)}.", "bold $text-success"
            )
        if not activity.running:
            return Content.styled(
                f"✗ Stopped after {duration(activity.elapsed)}.", "bold $text-error"
            )
        if activity.cancelled:
            waiting = ", ".join(map(str, progress.working))
            return Content(f"Cancelling: Terraform finishes the resources in flight. {waiting}")
        if progress.retrying:
            return Content(f"Retrying: {progress.retrying}")
        if progress.working:
            work = progress.working[0]
            more = len(progress.working) - 1
            return Content(f"{work.stack}: {work}" + (f" and {more} more" if more else ""))
        doing = f"{progress.stack}: " if progress.stack else ""
        return Content(f"{doing}{progress.step} …")
