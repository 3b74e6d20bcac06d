"""Plans what a deployment, or taking everything down, would change.

The plan is Terraform's own: `cdktf diff` takes one stack and prints for a person, and cannot plan a
stack that reads outputs of one that is not applied yet.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from deployment.causes import Cause
from deployment.cdktf import hands
from deployment.cdktf.events import (
    Failed,
    Interrupted,
    Outcome,
    OutputLine,
    PhaseStarted,
    StackPlanned,
    Succeeded,
)
from deployment.cdktf.handover import Behind, FindBehind, changing_hands
from deployment.cdktf.hands import FindHands, Hands
from deployment.cdktf.outputs import planned_outputs, state_with
from deployment.cdktf.project import Project, terraform_program
from deployment.cdktf.run import CdktfRun, Part
from deployment.cdktf.state import TIMEOUT, backend_of, pull_state, state_place
from deployment.cdktf.synthesis import synthesize
from deployment.cdktf.terraform import QUIET, execute
from deployment.process import Command, capture
from federation.errors import WorldError
from federation.strict_json import json_object
from review.plan.changes import Plan, StackPlan, stack_plan

_OWN_STATE = "own.tfstate"


def plan(
    project: Project,
    log: Path,
    *,
    destroy: bool = False,
    before: Part | None = None,
    behind: FindBehind = Behind,
) -> CdktfRun:
    """Synthesize, and say what a deployment (or taking everything down) would change.

    A stack that reads outputs which are not known yet is planned with text in their place, so that
    the plan is whole before anything is applied. The plan for destroying is made from the state
    alone: it does not ask a cluster that may be gone.

    Args:
        project: What to plan.
        log: Where all that is printed goes.
        destroy: Whether it is all to be taken down.
        before: What is done first.
        behind: Finds what comes last in the plan.
    """
    return CdktfRun(
        project, log, lambda run: _plan_all(run, destroy, behind), before, harmless="planning"
    )


async def _plan_all(run: CdktfRun, destroy: bool, behind: FindBehind) -> Outcome:
    found = await asyncio.to_thread(behind)
    left: list[StackPlan] = []
    for project in map(run.around, found.projects):
        # First, since the folders of the project's own stacks have to be whole in the end.
        planned = await _plan_stacks(run, project, found.find, destroy=True, left_behind=True)
        if isinstance(planned, Failed):
            return replace(planned, causes=(*planned.causes, *map(_stays, project.stacks)))
        if isinstance(planned, Interrupted):
            return planned
        left += planned
    planned = await _plan_stacks(run, run.project, found.find, destroy=destroy)
    if not isinstance(planned, list):
        return planned
    return Succeeded({}, Plan((*planned, *left)))


def _stays(stack: str) -> Cause:
    cluster = stack.rpartition("-")[0]
    return Cause(
        f"{stack} cannot be taken down",
        "It was deployed, and is no longer in the configuration.",
        "Solve the problem above. To keep the stack and forget it, remove its records in state/: "
        f"{cluster}.applied.json, {cluster}.begun.json and {stack}.left-behind.yaml.",
    )


async def _plan_stacks(
    run: CdktfRun,
    project: Project,
    find: FindHands | None,
    *,
    destroy: bool,
    left_behind: bool = False,
) -> list[StackPlan] | Failed | Interrupted:
    outcome = await synthesize(run, project)
    if not isinstance(outcome, Succeeded):
        return outcome
    planning = _Planning(run, project, find, destroy=destroy, left_behind=left_behind)
    for stack in project.stacks:
        run.tell(PhaseStarted(stack, f"planning {stack}"))
        if failure := await planning.add(stack):
            return failure
    return planning.plans[::-1] if destroy else planning.plans


class _Planning:
    """Plans stack after stack, in copies of their folders below `cdktf.out/plans`.

    The copies read the planned outputs of the stacks before them in place of the real ones. A
    stack's own folder stays as it was synthesized, since `cdktf deploy` takes all that is in it.
    """

    def __init__(
        self,
        run: CdktfRun,
        project: Project,
        find: FindHands | None,
        *,
        destroy: bool,
        left_behind: bool,
    ) -> None:
        self.plans: list[StackPlan] = []
        self._run = run
        self._project = project
        self._destroy = destroy
        self._find = find
        self._left_behind = left_behind
        self._outputs: dict[str, dict[str, Any]] = {}

    async def add(self, stack: str) -> Failed | Interrupted | None:
        """Plan one more; how it failed, or None."""
        folder = self._copy(stack)
        try:
            return await self._plan(stack, folder)
        finally:
            for each in ("plan", _OWN_STATE):
                (folder / each).unlink(missing_ok=True)  # they hold all values, secret ones too

    async def _plan(self, stack: str, folder: Path) -> Failed | Interrupted | None:
        if failure := await self._do(stack, folder, "init"):
            return failure
        found = Hands()
        if self._find is not None:
            found = await asyncio.to_thread(self._hand_over, stack, folder)
            for note in found.notes:
                self._run.tell(OutputLine(stack, note))
            if found.removed and (failure := await self._do(stack, folder, "init")):
                return failure
        whole = ["-destroy", "-refresh=false"] if self._destroy else []
        if failure := await self._do(stack, folder, "plan", *whole, "-out=plan"):
            return failure
        shown = await asyncio.to_thread(self._show_plan, stack, folder)
        plan = stack_plan(stack, shown)
        self.plans.append(replace(plan, changes=(*plan.changes, *found.changes)))
        self._outputs[stack] = planned_outputs(stack, shown)
        self._run.tell(StackPlanned(self.plans[-1]))
        return None

    async def _do(self, stack: str, folder: Path, *args: str) -> Failed | Interrupted | None:
        return await execute(self._run, stack, self._terraform(stack, folder, *args, *QUIET))

    def _hand_over(self, stack: str, folder: Path) -> Hands:
        """Let the copy have what changes hands, with a state of its own where that is less."""
        state = pull_state(self._project, stack)
        found, lifted = changing_hands(
            self._project, stack, state, self._find, left=self._left_behind
        )
        hands.write(folder, found, lifted)
        if found.removed:
            (folder / _OWN_STATE).write_text(json.dumps(hands.without(state, found.removed)))
            place = folder / "cdk.tf.json"
            configuration = json.loads(place.read_text())
            configuration["terraform"]["backend"] = {"local": {"path": _OWN_STATE}}
            place.write_text(json.dumps(configuration))
        return found

    def _copy(self, stack: str) -> Path:
        source = self._project.stack_folder(stack)
        # As deep as the stack's own folder, so that relative paths in it lead to the same places.
        folder = source.parents[1] / "plans" / stack
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700, parents=True)  # what is planned, with all values, comes here
        lock = source / ".terraform.lock.hcl"
        if lock.exists():
            shutil.copy(lock, folder)
        configuration = json.loads((source / "cdk.tf.json").read_text())
        self._redirect(configuration, folder)
        (folder / "cdk.tf.json").write_text(json.dumps(configuration))
        return folder

    def _redirect(self, configuration: dict[str, Any], folder: Path) -> None:
        """Let references to stacks that are planned already read their planned outputs."""
        references = configuration.get("data", {}).get("terraform_remote_state", {})
        for name, reference in references.items():
            for stack, outputs in self._outputs.items():
                if backend_of(self._project.stack_folder(stack)) == state_place(reference):
                    state = f"{name}.tfstate"
                    (folder / state).write_text(state_with(outputs))
                    references[name] = {"backend": "local", "config": {"path": state}}

    def _terraform(self, stack: str, folder: Path, *args: str) -> Command:
        # The providers that are installed here are those that cdktf finds installed later; but
        # Terraform would ask whether a state that is elsewhere is to be moved.
        own = (folder / _OWN_STATE).exists()
        data = (folder if own else self._project.stack_folder(stack)) / ".terraform"
        return self._project.command(terraform_program(), *args, cwd=folder, TF_DATA_DIR=str(data))

    def _show_plan(self, stack: str, folder: Path) -> dict[str, Any]:
        command = self._terraform(stack, folder, "show", "-json", "plan")
        captured = capture(command, TIMEOUT)
        if captured.status:
            raise WorldError(f"Terraform cannot show its plan of {stack}: {captured.stderr}")
        return json_object(f"The plan of {stack}", captured.stdout)
