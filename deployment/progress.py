"""What is known of a run while it goes on: how far it is, with what, and how it ended.

Takes the events of `deployment.cdktf.events` one by one; both presenters show it. Nothing waits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from deployment.cdktf.events import (
    Action,
    Counted,
    Event,
    Failed,
    Interrupted,
    Outcome,
    PhaseStarted,
    ResourceDone,
    ResourceProgress,
    ResourceStarted,
    Retrying,
    StackDone,
    StackPlanned,
    Succeeded,
)
from review.plan.changes import Plan, StackPlan

DOING: dict[Action, str] = {
    "create": "creating",
    "update": "changing",
    "delete": "destroying",
    "read": "reading",
}


@dataclass(frozen=True)
class Work:
    """A resource that Terraform works on."""

    stack: str
    address: str
    action: Action

    def __str__(self) -> str:
        return f"{DOING[self.action]} {self.address}"


class Progress:
    """A run, as far as it has come.

    Attributes:
        step: What began last, in words: "planning prod-identity".
        stack: The stack that was spoken of last.
        working: What is in work, the earliest first.
        done: How many planned changes are made.
        plans: The plans so far, of a run that plans.
        retrying: The request to AWS that is being repeated, if one is, and why.
        outcome: How it ended; None while it goes on.
    """

    def __init__(self, plan: Plan | None = None) -> None:
        self.step = "starting"
        self.stack: str | None = None
        self.working: list[Work] = []
        self.done = 0
        self.plans: list[StackPlan] = []
        self.retrying: str | None = None
        self.outcome: Outcome | None = None
        self._planned = {each.stack: each.add + each.change + each.destroy for each in _of(plan)}
        self._finished: set[str] = set()

    @property
    def total(self) -> int:
        """How many changes are planned."""
        return sum(self._planned.values())

    @property
    def outputs(self) -> Mapping[str, Mapping[str, object]]:
        """What the stacks say of themselves, after success."""
        return self.outcome.outputs if isinstance(self.outcome, Succeeded) else {}

    def take(self, event: Event) -> None:
        """Take note of what happened."""
        if stack := getattr(event, "stack", None):
            self.stack = stack
        match event:
            case PhaseStarted(_, text):
                self.step = text
            case ResourceStarted(stack, address, action) | ResourceProgress(stack, address, action):
                self._begin(Work(stack, address, action))
            case ResourceDone(stack, address, action):
                self._end(Work(stack, address, action))
            case Counted(stack, add, change, destroy):
                self._planned[stack] = add + change + destroy
            case StackDone(stack):
                self._finished.add(stack)
            case StackPlanned(plan):
                self.plans.append(plan)
            case Retrying(operation, reason, attempt, most):
                self.retrying = (
                    f"{operation}: {reason or 'no response'}, attempt {attempt} of {most}"
                )
            case Succeeded() | Failed() | Interrupted():
                self.outcome = event
                self.working.clear()

    def _begin(self, work: Work) -> None:
        if work not in self.working:
            self.working.append(work)

    def _end(self, work: Work) -> None:
        if work in self.working:
            self.working.remove(work)
        if work.action != "read":
            self.done += 1
        self.retrying = None


def duration(seconds: float) -> str:
    """A time as a person reads it: `7 s`, `2:05`, `1:02:05`."""
    whole = int(seconds)
    hours, minutes = divmod(whole // 60, 60)
    if whole < 60:
        return f"{whole} s"
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def _of(plan: Plan | None) -> tuple[StackPlan, ...]:
    return plan.stacks if plan else ()
