"""Deploys and destroys the stacks, then takes down those that were left behind."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from deployment.cdktf import hands
from deployment.cdktf.events import Failed, Interrupted, Outcome, PhaseStarted, Succeeded
from deployment.cdktf.handover import Behind, FindBehind, hand_over
from deployment.cdktf.log import CdktfLog
from deployment.cdktf.outputs import read_outputs
from deployment.cdktf.project import Project, cdktf_program
from deployment.cdktf.run import CdktfRun, Part
from deployment.cdktf.synthesis import synthesize
from deployment.cdktf.terraform import QUIET, run_terraform, unproven


def deploy(
    project: Project, log: Path, *, after: Part | None = None, behind: FindBehind = Behind
) -> CdktfRun:
    """Run `cdktf deploy` on what was synthesized, without asking: the plan has been agreed to.

    It succeeds only with Terraform's own summary of each stack: the CDKTF CLI can end with 0 after
    an interrupt with nothing done (measured: one of eight tries).

    Args:
        project: What to deploy.
        log: Where all that is printed goes.
        after: What is done with the outputs then.
        behind: Finds what changes hands, and what is taken down after all that.
    """
    return CdktfRun(project, log, lambda run: _deploy(run, after, behind), due=project.stacks)


def destroy(
    project: Project, log: Path, *, before: Part | None = None, behind: FindBehind = Behind
) -> CdktfRun:
    """Run `cdktf destroy` on what was synthesized, without asking; see `deploy` for its success.

    Args:
        project: What to destroy.
        log: Where all that is printed goes.
        before: What is done first.
        behind: Finds what changes hands, and what is taken down after all that.
    """
    due = project.stacks[::-1]
    return CdktfRun(project, log, lambda run: _destroy(run, behind), before, due)


async def _deploy(run: CdktfRun, after: Part | None, behind: FindBehind) -> Outcome:
    found = await asyncio.to_thread(behind)
    run.expect(*((after.doing,) if after else ()), *found.stacks)
    if failure := await hand_over(run, run.project, found.find):
        return failure
    with tempfile.TemporaryDirectory() as folder:
        outputs = Path(folder) / "outputs.json"
        args = ("deploy", "--outputs-file", str(outputs))
        if failure := await _apply(run, "deploying", *args):
            return failure
        made = await asyncio.to_thread(read_outputs, run.project, outputs)
    if after is not None and (stopped := await run.do(after, made)):
        return stopped
    return await _take_down(run, found) or Succeeded(made)


async def _destroy(run: CdktfRun, behind: FindBehind) -> Outcome:
    found = await asyncio.to_thread(behind)
    run.expect(*found.stacks)
    if failure := await hand_over(run, run.project, found.find):
        return failure
    if failure := await _apply(run, "destroying", "destroy"):
        return failure
    return await _take_down(run, found) or Succeeded({})


async def _apply(run: CdktfRun, doing: str, verb: str, *more: str) -> Failed | Interrupted | None:
    """Have the CDKTF CLI apply or destroy the stacks; how that failed, or None."""
    run.tell(PhaseStarted(None, doing))
    reader = CdktfLog(run.project.stacks)
    # The lock of providers needs the public registry, which a mirror may stand in for.
    options = ("--auto-approve", "--skip-synth", "--skip-provider-lock", "--no-color")
    args = (verb, *run.project.stacks, *options, *more)
    program = cdktf_program(run.project.folder)
    try:
        status = await run.execute(run.project.command(program, *args), reader)
    finally:
        for stack in run.project.stacks:
            hands.remove(run.project.stack_folder(stack))
    run.finish(*(stack for stack in run.project.stacks if stack in reader.done))
    missing = [stack for stack in run.project.stacks if stack not in reader.done]
    if status or missing:
        return run.failure(status, reader, *(() if status else map(unproven, missing)))
    return None


async def _take_down(run: CdktfRun, behind: Behind) -> Failed | Interrupted | None:
    """Destroy stacks alone; how that failed, or None.

    Terraform does it itself: the CDKTF CLI takes no stack without those that depend on it. It goes
    by the state alone, as the plan for it does: what the stack reads of others may be gone.
    """
    for project in map(run.around, behind.projects):
        outcome = await synthesize(run, project)
        if not isinstance(outcome, Succeeded):
            return outcome
        if failure := await hand_over(run, project, behind.find, left=True):
            return failure
        for stack in project.stacks:
            run.tell(PhaseStarted(stack, f"destroying {stack}"))
            if failure := await run_terraform(run, project, stack, "init", *QUIET):
                return failure
            args = ("destroy", "-auto-approve", "-refresh=false", *QUIET)
            if failure := await run_terraform(run, project, stack, *args, summary=True):
                return failure
            run.finish(stack)
    return None
