"""Writes the Terraform of the stacks below `cdktf.out`."""

from __future__ import annotations

import asyncio
from pathlib import Path

from deployment.causes import Cause
from deployment.cdktf import hands
from deployment.cdktf.events import Outcome, PhaseStarted, Succeeded
from deployment.cdktf.log import CdktfLog, TerraformLog
from deployment.cdktf.project import Project, app_command, cdktf_program
from deployment.cdktf.run import CdktfRun


def synth(project: Project, log: Path, *, hcl: bool = False) -> CdktfRun:
    """Write the stacks' Terraform below `cdktf.out`, as JSON or as HCL."""
    return CdktfRun(
        project, log, lambda run: synthesize(run, run.project, hcl=hcl), harmless="synthesizing"
    )


async def synthesize(run: CdktfRun, project: Project, *, hcl: bool = False) -> Outcome:
    """Write the stacks' Terraform; what an earlier synthesis wrote does not count."""
    run.tell(PhaseStarted(None, "synthesizing"))
    await asyncio.to_thread(_remove_synthesized, project)
    reader: CdktfLog | TerraformLog = CdktfLog(project.stacks) if hcl else TerraformLog(None)
    program = cdktf_program(project.folder)
    command = project.command(program, "synth", "--hcl") if hcl else app_command(project)
    status = await run.execute(command, reader)
    name = "cdk.tf" if hcl else "cdk.tf.json"
    places = (project.stack_folder(stack) / name for stack in project.stacks)
    missing = () if status else tuple(_unwritten(each) for each in places if not each.exists())
    return run.failure(status, reader, *missing) if status or missing else Succeeded({})


def _remove_synthesized(project: Project) -> None:
    for stack in project.stacks:
        for name in ("cdk.tf", "cdk.tf.json"):
            (project.stack_folder(stack) / name).unlink(missing_ok=True)
        hands.remove(project.stack_folder(stack))


def _unwritten(place: Path) -> Cause:
    return Cause(
        f"{place.parent.name} was not synthesized",
        f"The command ended without an error, but did not write {place}.",
        "The log has the full output.",
    )
