"""Shows a run of cdktf or Terraform on a terminal or in a pipeline's log, line by line."""

from __future__ import annotations

import asyncio
import sys
import time

from deployment.cdktf.events import (
    Event,
    Outcome,
    PartLine,
    PhaseStarted,
    ResourceDone,
    ResourceProgress,
    ResourceStarted,
    Retrying,
    StackDone,
    Succeeded,
)
from deployment.preflight import Requirement, require
from deployment.process import interrupts
from deployment.progress import DOING, Progress
from deployment.runs import Run
from deployment.sequence import Approval, Deployment
from federation.errors import UserError
from review.plan.changes import Plan
from review.plan.words import fate
from wizard import printer
from wizard.errors import completed

_SIGNS = {
    "create": "+",
    "update": "~",
    "delete": "-",
    "replace": "-/+",
    "read": "<=",
    "forget": ".",
    "import": "=",
    "unknown": "?",
}
_DONE = {"create": "created", "update": "changed", "delete": "destroyed", "read": "read"}


def carry_out(deployment: Deployment, yes: bool) -> Succeeded | None:
    """Take a deployment through its sequence; None if the answer to the question was no.

    Args:
        deployment: What to deploy or destroy.
        yes: Whether to go on without asking.

    Raises:
        UserError: there is no terminal to ask in, or something in the way is the user's to change.
        WorldError: a requirement is missing, or planning or applying failed.
        InterruptedRunError: a user stopped it.
    """
    require_answer(yes)
    require_ready(deployment)
    plan = make_plan(deployment.plan())
    show_plan(plan, destroy=deployment.destroys)
    approval = deployment.approval(plan)
    if approval is not None and not yes and not _approves(approval, deployment):
        return None
    return follow(deployment.carry_out(), plan)


def follow(run: Run, plan: Plan | None = None, *, quiet: bool = False) -> Succeeded:
    """Run to the end, and show what happens.

    Args:
        run: What to run.
        plan: What it is going to do, if that is known.
        quiet: Whether to show nothing.

    Raises:
        WorldError: it failed.
        InterruptedRunError: a user stopped it.
    """
    return completed(asyncio.run(_outcome(run, None if quiet else _ProgressLines(plan))))


async def _outcome(run: Run, shown: _ProgressLines | None) -> Outcome:
    # Outermost: a second signal, while the end of what runs is awaited, ends nothing early either.
    with interrupts(lambda: _interrupt(run)):
        async with run:
            async for event in run:
                if isinstance(event, Outcome):
                    return event
                if shown is not None:
                    shown.show(event)
    raise AssertionError("a run ends with its outcome")


def _interrupt(run: Run) -> None:
    printer.warn("Interrupted: waiting for Terraform to finish the resources in flight.")
    run.interrupt()


class _ProgressLines:
    """Prints a line for each thing that happens, with the time since the start."""

    def __init__(self, plan: Plan | None) -> None:
        self._progress = Progress(plan)
        self._began = time.monotonic()

    def show(self, event: Event) -> None:
        self._progress.take(event)
        match event:
            case PartLine(text=text):
                printer.say(text)
            case PhaseStarted(text=text):
                self._say(text)
            case ResourceStarted(stack=stack, address=address, action=action) if action != "read":
                self._say(f"  {stack}: {DOING[action]} {address}")
            case ResourceProgress(stack=stack, address=address, action=action, seconds=seconds):
                self._say(f"  {stack}: still {DOING[action]} {address} ({seconds} s)")
            case ResourceDone(stack=stack, address=address, action=action) if action != "read":
                total = f"/{self._progress.total}" if self._progress.total else ""
                self._say(f"  {stack}: {_DONE[action]} {address} [{self._progress.done}{total}]")
            case Retrying(operation=operation, reason=reason, attempt=attempt, most=most):
                why = reason or "no response"
                self._say(f"  {operation}: {why}; trying again ({attempt} of {most})")
            case StackDone(stack=stack, added=added, changed=changed, destroyed=destroyed):
                self._say(f"{stack}: {added} added, {changed} changed, {destroyed} destroyed")

    def _say(self, text: str) -> None:
        printer.say(f"{time.monotonic() - self._began:6.1f} s  {text}")


def make_plan(run: Run, *, quiet: bool = False) -> Plan:
    """Run what plans to the end, as `follow` does; its plan.

    Raises:
        WorldError: it failed.
        InterruptedRunError: a user stopped it.
    """
    plan = follow(run, quiet=quiet).plan
    if plan is None:
        raise AssertionError("a run that plans ends with a plan")
    return plan


def show_plan(plan: Plan, *, destroy: bool = False) -> None:
    """Print what a plan would change, resource by resource.

    Args:
        plan: the plan.
        destroy: whether it is one to remove everything.
    """
    for stack in plan.stacks:
        for change in stack.changes:
            printer.say(
                f"  {_SIGNS[change.action]:>3} {stack.stack}: {change.address}{fate(change)}"
            )
            if change.action in ("update", "replace"):
                for each in change.attributes:
                    forced = "  (forces replacement)" if each.replaces else ""
                    printer.say(f"        {each.path}: {each.before} -> {each.after}{forced}")
    if plan.empty and destroy:
        printer.say("No changes: nothing is left to destroy.")
    elif plan.empty:
        printer.say("No changes: everything matches the configuration.")
    else:
        forget = f" Terraform stops managing {plan.forget}, which stay." if plan.forget else ""
        taken = f" Terraform imports {plan.imports}, which exist." if plan.imports else ""
        printer.say(f"Plan: {plan.counts}.{forget}{taken}")


def require_answer(yes: bool) -> None:
    """Make sure, before anything slow, that a question can be answered.

    Raises:
        UserError: there is no terminal, and `--yes` was not given.
    """
    if not yes and not sys.stdin.isatty():
        raise UserError("There is no terminal to ask in: repeat the command with --yes.")


def require_ready(deployment: Deployment, *, plan_only: bool = False) -> None:
    """Look at all that a deployment needs, and print the warnings.

    Args:
        deployment: What is to be planned or carried out.
        plan_only: Whether nothing is changed afterwards; a plan does without the cluster.

    Raises:
        WorldError: something is missing or wrong; the message has each of them.
    """
    found: tuple[Requirement, ...] = require(deployment.preflight(plan_only=plan_only))
    for each in found:
        if each.verdict == "warn":
            printer.warn(f"warning: {each}")


def _approves(approval: Approval, deployment: Deployment) -> bool:
    if not approval.word:
        return printer.confirms(approval.text)
    verb = "destroy" if deployment.destroys else "deploy"
    return printer.ask(f"{approval.text} Type '{approval.word}' to {verb}", "") == approval.word
