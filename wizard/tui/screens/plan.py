"""The fourth step: what would change, resource by resource, before anything does."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from deployment.cdktf.events import Succeeded
from deployment.progress import duration
from review.plan.changes import Plan
from wizard.tui import wants
from wizard.tui.screens.dialogs import Typed
from wizard.tui.screens.following import Following
from wizard.tui.widgets.failure import Failure
from wizard.tui.widgets.log_view import LogView
from wizard.tui.widgets.plan_tree import PlanTree


class ShowPlan(Following):
    """Shows a run that plans, and then its plan."""

    STEP = "Plan"
    HELP_TEXT = """\
Terraform's own plan. Nothing has been changed yet.

+  will be created
~  will be changed
-  will be destroyed
±  will be replaced: it cannot be changed in place
.  stays, but Terraform no longer manages it
=  exists, and Terraform manages it from now on

Enter opens a resource and shows its attributes. L shows the log, / searches it. If the
plan destroys something, you have to type the cluster's name first.

Escape stops planning."""

    BINDINGS: ClassVar = [
        Binding("ctrl+n", "carry_out(False)", "Deploy"),
        Binding("ctrl+n", "carry_out(True)", "Destroy"),
        Binding("l", "log", "Log"),
        Binding("r", "again", "Plan again"),
    ]

    def parts(self) -> Iterable[Widget]:
        """The counts, the plan, and the log."""
        yield Static(id="summary")
        yield Failure()
        tree = PlanTree()
        tree.display = False
        yield tree
        yield LogView(self.activity.lines)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer to carry out what can be."""
        plan = self._plan
        if action == "carry_out":
            if parameters != (self.activity.deployment.destroys,):
                return False
            return plan is not None and (not plan.empty or self._has_manifests)
        if action == "again":
            return not self.activity.running
        return plan is not None if action == "log" else True

    def look(self) -> None:
        """Show how far the run is."""
        self.query_one("#summary", Static).update(self._summary())

    def show_end(self) -> None:
        """Show the plan, or why there is none."""
        self.query_one(Failure).explain(self.activity.progress.outcome)
        plan = self._plan
        if plan is not None and not plan.empty:
            tree = self.query_one(PlanTree)
            tree.show(plan)
            tree.display = True
            self.query_one(LogView).display = False
            tree.focus()

    def action_back(self) -> None:
        """Stop planning, and go back."""
        if self.activity.running:
            self.activity.interrupt()
        self.dismiss()

    def action_log(self) -> None:
        """Show the log below the plan, or hide it."""
        log = self.query_one(LogView)
        log.display = not log.display

    def action_again(self) -> None:
        """Plan once more."""
        self.dismiss()
        self.want(wants.PlanDeployment(self.activity.deployment))

    def action_carry_out(self, destroy: bool) -> None:
        """Deploy or destroy; where something is destroyed, ask for the cluster's name first."""
        plan = self._plan
        if plan is None:
            return
        approval = self.activity.deployment.approval(plan)
        if approval is None or not approval.word:
            self._carry_out(agreed=True)
            return
        self.app.push_screen(
            Typed("Destroy", approval.text, approval.word),
            lambda agreed: self._carry_out(agreed=bool(agreed)),
        )

    @property
    def _plan(self) -> Plan | None:
        outcome = self.activity.progress.outcome
        return outcome.plan if isinstance(outcome, Succeeded) else None

    @property
    def _has_manifests(self) -> bool:
        """Whether there is more to do than Terraform knows of."""
        return self.activity.deployment.config.kubernetes.apply == "manifests"

    def _carry_out(self, *, agreed: bool) -> None:
        plan = self._plan
        if agreed and plan is not None:
            self.want(wants.CarryOut(self.activity.deployment, plan))

    def _summary(self) -> Content:
        activity, plan = self.activity, self._plan
        if plan is not None:
            warnings = (
                f"\n! {each.title}: {each.seen} {each.remedy}" for each in activity.warnings
            )
            return Content("").join([self._counts(plan), *map(Content, warnings)])
        if activity.running:
            return Content(f"{activity.progress.step} … {duration(activity.elapsed)}")
        return Content("There is no plan.")

    def _counts(self, plan: Plan) -> Content:
        if plan.empty and self._has_manifests:
            return Content(
                "Terraform has nothing to change. The manifests are still to be applied."
            )
        if plan.empty:
            return Content("No changes: everything matches the configuration.")
        return Content.assemble(
            (f"+ {plan.add} to add", "bold $text-success"),
            "   ",
            (f"~ {plan.change} to change", "bold $text-warning"),
            "   ",
            (f"- {plan.destroy} to destroy", "bold $text-error"),
            f"   . {plan.forget} to forget" if plan.forget else "",
            f"   = {plan.imports} to import" if plan.imports else "",
            f"   ? {plan.unknown} with an unknown action" if plan.unknown else "",
        )
