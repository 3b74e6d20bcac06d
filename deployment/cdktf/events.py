"""What happens while cdktf or Terraform runs, as the presenters are told it.

`deployment.cdktf.run` yields these in the order in which they happen. The last one of a run is its
outcome: `Succeeded`, `Failed` or `Interrupted`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from deployment.causes import Cause
from review.plan.changes import Plan, StackPlan

Action = Literal["create", "update", "delete", "read"]


@dataclass(frozen=True)
class OutputLine:
    """A line of output, without control codes; `stack` is None where it belongs to none."""

    stack: str | None
    text: str


@dataclass(frozen=True)
class PartLine:
    """A line of a part of the run besides cdktf, for the user: "  applied Pod default/awscli"."""

    text: str


@dataclass(frozen=True)
class PhaseStarted:
    """What begins now, in words for a person: "planning prod-identity"."""

    stack: str | None
    text: str


@dataclass(frozen=True)
class ResourceStarted:
    """Terraform works on a resource, by its address in the stack."""

    stack: str
    address: str
    action: Action


@dataclass(frozen=True)
class ResourceProgress:
    """Terraform still works on it, after so many seconds; it says so every ten."""

    stack: str
    address: str
    action: Action
    seconds: int


@dataclass(frozen=True)
class ResourceDone:
    """A resource is done, after so many seconds."""

    stack: str
    address: str
    action: Action
    seconds: int


@dataclass(frozen=True)
class Counted:
    """What Terraform is about to do in a stack, as it counts it while deploying.

    It is more than what was planned where the world changed meanwhile.
    """

    stack: str
    add: int
    change: int
    destroy: int


@dataclass(frozen=True)
class StackPlanned:
    """The plan of one stack is there."""

    plan: StackPlan


@dataclass(frozen=True)
class StackDone:
    """A stack is applied or destroyed, with what Terraform counted."""

    stack: str
    added: int
    changed: int
    destroyed: int


@dataclass(frozen=True)
class Retrying:
    """A request to AWS failed in passing (it asks to be called more slowly, say) and is repeated.

    Attributes:
        operation: Service and operation: "IAM CreateRole".
        reason: AWS's error code, where it gave one: "Throttling".
        attempt: Which attempt begins now, from 2 on.
        most: After which attempt the provider gives up (`aws.max_retries`).
    """

    operation: str
    reason: str | None
    attempt: int
    most: int


@dataclass(frozen=True)
class Succeeded:
    """The run did all of it.

    Attributes:
        outputs: After a deploy: stack to output to value, without sensitive ones, and without
            stacks that have none.
        plan: After a plan.
    """

    outputs: Mapping[str, Mapping[str, Any]]
    plan: Plan | None = None


@dataclass(frozen=True)
class Extent:
    """How much of a deploy or destroy is proven to be finished: stacks and parts, by name."""

    finished: tuple[str, ...] = ()
    unfinished: tuple[str, ...] = ()

    def __str__(self) -> str:
        if not self.unfinished:
            return ""
        done = f"Finished: {', '.join(self.finished)}. " if self.finished else ""
        return f"{done}Not finished: {', '.join(self.unfinished)}."


@dataclass(frozen=True)
class Failed:
    """The run did not do all of it; the state is kept, and the next run continues from there."""

    status: int
    causes: tuple[Cause, ...]
    log: Path
    extent: Extent = Extent()


@dataclass(frozen=True)
class Interrupted:
    """A user stopped the run.

    Attributes:
        log: The file with all that was printed.
        extent: What was finished before.
        harmless: What was being done, if it changes neither AWS nor the cluster: `planning`.
    """

    log: Path
    extent: Extent = Extent()
    harmless: str = ""

    def __str__(self) -> str:
        if self.harmless:
            return f"Interrupted while {self.harmless}. Nothing was changed."
        return "Interrupted. The state has what was done; the next run continues from there."


Outcome = Succeeded | Failed | Interrupted
Event = (
    OutputLine
    | PartLine
    | PhaseStarted
    | ResourceStarted
    | ResourceProgress
    | ResourceDone
    | Counted
    | StackPlanned
    | StackDone
    | Retrying
    | Outcome
)
