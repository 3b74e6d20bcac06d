"""Terraform itself, run on one stack."""

from __future__ import annotations

from deployment.causes import Cause
from deployment.cdktf.events import Failed, Interrupted
from deployment.cdktf.log import TerraformLog
from deployment.cdktf.project import Project, terraform_program
from deployment.cdktf.run import CdktfRun
from deployment.process import Command

QUIET = ("-input=false", "-no-color")


async def run_terraform(
    run: CdktfRun, project: Project, stack: str, *args: str, summary: bool = False
) -> Failed | Interrupted | None:
    """Run Terraform in a stack's folder; how that failed, or None."""
    command = project.command(terraform_program(), *args, cwd=project.stack_folder(stack))
    return await execute(run, stack, command, summary=summary)


async def execute(
    run: CdktfRun, stack: str, command: Command, *, summary: bool = False
) -> Failed | Interrupted | None:
    """Run a command of Terraform on a stack; how that failed, or None.

    With `summary` it has to print that the stack is applied or destroyed.
    """
    reader = TerraformLog(stack)
    status = await run.execute(command, reader)
    if status or (summary and not reader.done):
        return run.failure(status, reader, *(() if status else (unproven(stack),)))
    return None


def unproven(stack: str) -> Cause:
    """A command that ended with 0 without the summary that Terraform prints at the end."""
    return Cause(
        f"{stack} is not finished",
        "The command ended without an error, but Terraform did not report that it is done.",
        "Run the command again: it continues from the state. The log has the full output.",
    )
