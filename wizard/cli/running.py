"""Shows a run of cdktf or Terraform on a terminal or in a pipeline's log, line by line."""

from __future__ import annotations

import asyncio
import sys
import time
from dataclasses import replace

from deployment.cdktf.events import (
    Outcome,
    ResourceDone,
    ResourceProgress,
    ResourceStarted,
    Retrying,
    StackDone,
    Step,
    Succeeded,
)
from deployment.cdktf.runs import Run
from deployment.preflight import Check, preflight, require
from deployment.process import interrupts
from federation.errors import UserError
from federation.model.config import ClusterConfig
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
_DOING = {"create": "creating", "update": "changing", "delete": "destroying", "read": "reading"}
_DONE = {"create": "created", "update": "changed", "delete": "destroyed", "read": "read"}


def follow(run: Run, steps: int | None = None, *, quiet: bool = False) -> Succeeded:
    """Run to the end, and show what happens.

    Args:
        run: what to run.
        steps: how many resources are to be worked on, where that is known.
        quiet: whether to show nothing.

    Raises:
        WorldError: it failed.
        InterruptedRunError: somebody stopped it.
    """
    return completed(asyncio.run(_followed(run, None if quiet else _Progress(steps))))


async def _followed(run: Run, progress: _Progress | None) -> Outcome:
    # Outermost: a second signal, while the end of what runs is awaited, ends nothing early either.
    with interrupts(lambda: _interrupt(run)):
        async with run:
            async for event in run:
                if isinstance(event, Outcome):
                    return event
                if progress is not None:
                    progress.show(event)
    raise AssertionError("a run ends with its outcome")


def _interrupt(run: Run) -> None:
    printer.warn("Interrupted: waiting for Terraform to finish what is in flight.")
    run.interrupt()


class _Progress:
    """Counts the resources that are done, and the time."""

    def __init__(self, steps: int | None) -> None:
        self._steps = steps
        self._done = 0
        self._began = time.monotonic()

    def show(self, event: object) -> None:
        match event:
            case Step(text=text):
                self._say(text)
            case ResourceStarted(stack=stack, address=address, action=action) if action != "read":
                self._say(f"  {stack}: {_DOING[action]} {address}")
            case ResourceProgress(stack=stack, address=address, action=action, seconds=seconds):
                self._say(f"  {stack}: still {_DOING[action]} {address} ({seconds} s)")
            case ResourceDone(stack=stack, address=address, action=action) if action != "read":
                self._done += 1
                of = f"/{self._steps}" if self._steps else ""
                self._say(f"  {stack}: {_DONE[action]} {address} [{self._done}{of}]")
            case Retrying(operation=operation, reason=reason, attempt=attempt, most=most):
                why = reason or "no answer"
                self._say(f"  {operation}: {why}; trying again ({attempt} of {most})")
            case StackDone(stack=stack, added=added, changed=changed, destroyed=destroyed):
                self._say(f"{stack}: {added} added, {changed} changed, {destroyed} destroyed")

    def _say(self, text: str) -> None:
        printer.say(f"{time.monotonic() - self._began:6.1f} s  {text}")


def planned(run: Run, *, quiet: bool = False) -> Plan:
    """Run what plans to the end, as `follow` does; its plan.

    Raises:
        WorldError: it failed.
        InterruptedRunError: somebody stopped it.
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
                    forced = "  (this is why it is made anew)" if each.replaces else ""
                    printer.say(f"        {each.path}: {each.before} -> {each.after}{forced}")
    if plan.empty and destroy:
        printer.say("No changes: nothing is left to destroy.")
    elif plan.empty:
        printer.say("No changes: what is there matches the configuration.")
    else:
        forget = f" Terraform forgets {plan.forget}, which stay." if plan.forget else ""
        taken = f" Terraform takes over {plan.imports}, which exist." if plan.imports else ""
        printer.say(f"Plan: {plan.counts}.{forget}{taken}")


def require_answer(yes: bool) -> None:
    """Make sure, before anything slow, that a question can be answered.

    Raises:
        UserError: there is no terminal, and `--yes` was not given.
    """
    if not yes and not sys.stdin.isatty():
        raise UserError("There is no terminal to ask in: repeat with --yes to go ahead.")


def require_ready(config: ClusterConfig, *, changes: bool = True) -> None:
    """Look at all that a run needs, and print what is worth a warning.

    Args:
        config: what is to be run on.
        changes: whether the cluster is to be changed; a plan may do without it.

    Raises:
        WorldError: something is missing or wrong; the message has each of them.
    """
    checks = [_weighed(check, changes) for check in preflight(config)]
    for check in require(checks):
        if check.verdict == "warn":
            printer.warn(f"warning: {check}")


def _weighed(check: Check, changes: bool) -> Check:
    only_warns = check.name == "cluster" and check.verdict == "fail" and not changes
    return replace(check, verdict="warn") if only_warns else check


def agreed(question: str, yes: bool, wanted: str | None = None) -> bool:
    """Whether to go on: `--yes`, or an answer in a terminal.

    Args:
        question: what is asked.
        yes: whether `--yes` was given.
        wanted: a word to be typed instead of yes.
    """
    if yes:
        return True
    if wanted is None:
        return printer.confirms(question)
    return printer.ask(question, "") == wanted
