"""One configuration, deployed or destroyed: the sequence that both presenters drive.

    preflight -> plan -> approval -> carry_out

The command line and the terminal app show what each step yields, and ask for the approval in
between. What was done is recorded on the way (`deployment.applied`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from deployment import applied, parts
from deployment.cdktf import applying, planning, synthesis
from deployment.cdktf.events import Succeeded
from deployment.cdktf.handover import Behind
from deployment.cdktf.project import Project, project_of
from deployment.logs import new_log
from deployment.runs import RecordedRun, Run
from federation.model.config import ClusterConfig
from federation.yaml import files
from review.plan.changes import Plan

if TYPE_CHECKING:
    from deployment.preflight import Requirement


@dataclass(frozen=True)
class Approval:
    """What a person is asked before a plan is carried out.

    Attributes:
        text: What will happen.
        word: What they have to type; empty if a yes is enough.
    """

    text: str
    word: str = ""


@dataclass(frozen=True)
class Deployment:
    """What is to be deployed or destroyed.

    Attributes:
        path: The configuration's file.
        config: What it holds.
        destroys: Whether all of it is to be taken down.
    """

    path: Path
    config: ClusterConfig
    destroys: bool = False

    @property
    def project(self) -> Project:
        """Where cdktf and Terraform run, and on what."""
        return project_of(self.path, self.config)

    def preflight(self, *, plan_only: bool = False) -> Iterator[Requirement]:
        """Look at all that it needs, and yield each result as it comes.

        Args:
            plan_only: Whether nothing is changed afterwards: then a cluster that cannot be asked,
                or is another one, is only a warning.

        Raises:
            OidcIamError: a check could not be made.
        """
        from deployment.preflight import preflight  # takes a while

        for each in preflight(self.config):
            lenient = plan_only and each.name == "cluster" and each.verdict == "fail"
            yield replace(each, verdict="warn") if lenient else each

    def synth(self, *, hcl: bool = False) -> Run:
        """Write the Terraform of the stacks, as JSON or as HCL."""
        return synthesis.synth(self.project, self._log("synth"), hcl=hcl)

    def plan(self, *, plan_only: bool = False) -> Run:
        """Plan what would change. A plan without changes proves that all of it is deployed.

        Args:
            plan_only: Whether nothing is changed afterwards: then the cluster is not asked for
                other people's objects in a namespace that would go.
        """
        run = self._plan(refuses_others=self.destroys and not plan_only)
        return RecordedRun(run, succeed=self._record_plan)

    def approval(self, plan: Plan) -> Approval | None:
        """What is asked before this plan is carried out; None if it changes nothing."""
        if plan.empty:
            return None
        cluster = self.config.cluster
        if self.destroys:
            text = (
                f"This destroys all that was deployed for {cluster} (resources: {plan.destroy}). "
                "Pods that use its roles lose their access to AWS."
            )
            return Approval(text, cluster)
        if plan.destroy:
            text = (
                f"The plan for {cluster} destroys {plan.destroy} of its resources, creates "
                f"{plan.add} and changes {plan.change}."
            )
            return Approval(text, cluster)
        return Approval(f"Apply this plan to {cluster}?")

    def carry_out(self) -> Run:
        """Deploy or destroy what was planned."""
        return RecordedRun(self._apply(), begin=self._record_begin, succeed=self._record_end)

    def _plan(self, *, refuses_others: bool) -> Run:
        return planning.plan(
            self.project,
            self._log("plan"),
            destroy=self.destroys,
            before=parts.search_for_others(self.config) if refuses_others else None,
            behind=self._behind,
        )

    def _apply(self) -> Run:
        if self.destroys:
            first = parts.before_destroying(self.config)
            log = self._log("destroy")
            return applying.destroy(self.project, log, before=first, behind=self._behind)
        last = parts.after_applying(self.config)
        return applying.deploy(self.project, self._log("deploy"), after=last, behind=self._behind)

    def _behind(self) -> Behind:
        from deployment.left_behind import left_behind  # takes a while

        return left_behind(self.config, destroy=self.destroys)

    def _log(self, doing: str) -> Path:
        return new_log(f"{doing}-{self.config.cluster}")

    def _record_plan(self, outcome: Succeeded) -> None:
        unchanged = outcome.plan is not None and outcome.plan.empty
        if unchanged and not self.destroys and self.config.kubernetes.apply == "terraform":
            applied.record(files.PROJECT, self.config)

    def _record_begin(self) -> None:
        applied.begin(files.PROJECT, self.config, "destroy" if self.destroys else "deploy")

    def _record_end(self, _: Succeeded) -> None:
        if self.destroys:
            applied.forget(files.PROJECT, self.config.cluster)
        else:
            applied.record(files.PROJECT, self.config)
