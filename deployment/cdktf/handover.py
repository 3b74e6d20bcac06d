"""What earlier configurations have left, and how resources change hands before a stack is applied.

Which resources these are is `deployment.hands`'s business; what a plan shows of them is made in
copies of the stacks' folders (`deployment.cdktf.planning`).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from deployment.cdktf import hands
from deployment.cdktf.events import Failed, Interrupted, OutputLine, PhaseStarted
from deployment.cdktf.hands import FindHands, Hands
from deployment.cdktf.project import Project
from deployment.cdktf.run import CdktfRun
from deployment.cdktf.state import pull_state
from deployment.cdktf.terraform import QUIET, run_terraform
from federation.errors import WorldError


@dataclass(frozen=True)
class Behind:
    """What earlier configurations have left to be done.

    Attributes:
        projects: Each has a stack to take down, in this order, with the configuration that made it.
        find: Finds what changes hands in a stack of any of these projects, instead of being
            destroyed or made.
    """

    projects: tuple[Project, ...] = ()
    find: FindHands | None = None

    @property
    def stacks(self) -> tuple[str, ...]:
        """The stacks to take down."""
        return tuple(stack for project in self.projects for stack in project.stacks)


FindBehind = Callable[[], Behind]
"""Finds it, in a thread: it reads files."""


async def hand_over(
    run: CdktfRun, project: Project, find: FindHands | None, *, left: bool = False
) -> Failed | Interrupted | None:
    """Have the stacks' states and folders say what changes hands; how that failed, or None."""
    for stack in project.stacks if find else ():
        state = await _pull(run, project, stack)
        if isinstance(state, Failed | Interrupted):
            return state
        found, lifted = await asyncio.to_thread(
            changing_hands, project, stack, state, find, left=left
        )
        await asyncio.to_thread(hands.write, project.stack_folder(stack), found, lifted)
        for note in found.notes:
            run.tell(OutputLine(stack, note))
        if found.removed and (failure := await _remove(run, project, stack, found)):
            return failure
    return None


def changing_hands(
    project: Project, stack: str, state: hands.State, find: FindHands | None, *, left: bool
) -> tuple[Hands, set[str]]:
    """What changes hands in a stack, and the guards in the way of what is to be destroyed."""
    if find is None:
        return Hands(), set()
    place = project.stack_folder(stack) / "cdk.tf.json"
    configuration = json.loads(place.read_text(encoding="utf-8"))
    found = find(stack, state, {} if left else configuration)
    there = hands.managed_resources(hands.without(state, found.removed))
    return found, hands.guarded_addresses(configuration) & there.keys()


async def _remove(
    run: CdktfRun, project: Project, stack: str, found: Hands
) -> Failed | Interrupted | None:
    """Take resources out of a stack's state, and make sure that they are out of it."""
    run.tell(PhaseStarted(stack, f"letting Terraform forget {', '.join(found.removed)}"))
    if failure := await run_terraform(run, project, stack, "state", "rm", *found.removed):
        return failure
    state = await asyncio.to_thread(pull_state, project, stack)
    if stay := hands.managed_resources(state).keys() & set(found.removed):
        raise WorldError(
            f"'terraform state rm' ended without an error, but the state of {stack} still has "
            f"{', '.join(sorted(stay))}. Nothing was destroyed. Run the command again."
        )
    for backup in project.stack_folder(stack).glob("terraform.tfstate.*.backup"):
        backup.unlink()  # the whole state, which may hold secrets
    return None


async def _pull(
    run: CdktfRun, project: Project, stack: str
) -> dict[str, Any] | Failed | Interrupted:
    """A stack's state; its folder is initialized if it has to be."""
    if (project.stack_folder(stack) / ".terraform").exists():
        with suppress(WorldError):
            return await asyncio.to_thread(pull_state, project, stack)
    if failure := await run_terraform(run, project, stack, "init", *QUIET):
        return failure
    return await asyncio.to_thread(pull_state, project, stack)
