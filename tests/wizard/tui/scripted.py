"""A world for the terminal app that does what a script says, at once or when it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from deployment.causes import Cause
from deployment.cdktf.events import (
    Counted,
    Event,
    Failed,
    Interrupted,
    OutputLine,
    PhaseStarted,
    ResourceDone,
    ResourceStarted,
    StackDone,
    StackPlanned,
    Succeeded,
)
from deployment.runs import Run
from deployment.sequence import Deployment
from deployment.surroundings import Surroundings
from federation.errors import WorldError
from federation.model.config import ClusterConfig
from review.plan.changes import AttributeChange, Plan, ResourceChange, StackPlan
from wizard.tui.outside import CheckResult

LOG = Path("logs/run.log")

MACHINE = (
    CheckResult("pass", "terraform", "terraform 1.11.4."),
    CheckResult(
        "warn", "node", "v20.19.0.", "Node 20 has reached its end of life: install 22 or 24."
    ),
    CheckResult("pass", "cdktf-cli", "0.21.0."),
)
PROBED = (
    CheckResult("pass", "The issuer's name is known to DNS", "203.0.113.7"),
    CheckResult("pass", "The certificate is for the issuer's host", "CN=cluster.example.com"),
    CheckResult(
        "fail",
        "Everybody may read the discovery document",
        "HTTP 403",
        "The binding is missing: a deployment makes it.",
    ),
    CheckResult("skip", "The keys fit the tokens", "there is no discovery document"),
)
PROVED = (
    CheckResult("pass", "The issuer's name is known to DNS", "203.0.113.7"),
    CheckResult("pass", "The provider has the issuer's URL", "cluster.example.com"),
    CheckResult(
        "pass", "STS gives the role for a token", "AssumedRoleUser", about="default/oidc-iam-pod"
    ),
    CheckResult("pass", "STS refuses another service account's token", "AccessDenied"),
)
PLAN = Plan(
    (
        StackPlan(
            "prod-discovery",
            (
                ResourceChange(
                    "kubernetes_cluster_role_binding_v1.discovery",
                    "kubernetes_cluster_role_binding_v1",
                    "discovery",
                    "create",
                    (AttributeChange("metadata[0].name", None, '"oidc-iam-discovery"'),),
                ),
            ),
        ),
        StackPlan(
            "prod-identity",
            (
                ResourceChange(
                    "aws_iam_openid_connect_provider.cluster",
                    "aws_iam_openid_connect_provider",
                    "cluster",
                    "create",
                    (
                        AttributeChange("arn", None, "(known after apply)"),
                        AttributeChange("url", None, '"https://cluster.example.com"'),
                    ),
                ),
                ResourceChange(
                    "aws_iam_role.default_oidc-iam-pod",
                    "aws_iam_role",
                    "default_oidc-iam-pod",
                    "create",
                    (AttributeChange("name", None, '"prod_default_oidc-iam-pod"'),),
                ),
            ),
        ),
    )
)
CHANGES = Plan(
    (
        StackPlan(
            "prod-identity",
            (
                ResourceChange(
                    "aws_iam_role.billing_app",
                    "aws_iam_role",
                    "billing_app",
                    "delete",
                    (AttributeChange("name", '"prod_billing_app"', None),),
                ),
                ResourceChange(
                    "aws_iam_role.default_oidc-iam-pod",
                    "aws_iam_role",
                    "default_oidc-iam-pod",
                    "update",
                    (AttributeChange("max_session_duration", "3600", "7200"),),
                ),
            ),
        ),
    )
)
OUTPUTS = {
    "prod-identity": {
        "provider_arn": "arn:aws:iam::123456789012:oidc-provider/cluster.example.com",
        "role_arns": {
            "default/oidc-iam-pod": "arn:aws:iam::123456789012:role/prod_default_oidc-iam-pod"
        },
    }
}
CAUSE = Cause(
    "These AWS credentials may not do iam:CreateRole",
    "AccessDenied: User is not authorized to perform: iam:CreateRole",
    "Allow iam:CreateRole for them, or use other credentials (AWS_PROFILE).",
    "aws_iam_role.default_oidc-iam-pod",
)
HCL = """\
resource "aws_iam_openid_connect_provider" "cluster" {
  client_id_list = ["sts.amazonaws.com"]
  url            = "https://cluster.example.com"
}
"""


def planning(plan: Plan = PLAN) -> list[Event]:
    """A run that plans."""
    steps: list[Event] = [
        PhaseStarted(None, "synthesizing"),
        OutputLine(None, "Synthesized 3 stacks."),
    ]
    for stack in plan.stacks:
        steps += [PhaseStarted(stack.stack, f"planning {stack.stack}"), StackPlanned(stack)]
    return [*steps, Succeeded({}, plan)]


def deploying(plan: Plan = PLAN) -> list[Event]:
    """A run that does what a plan says."""
    steps: list[Event] = [PhaseStarted(None, "deploying")]
    for stack in plan.stacks:
        steps.append(Counted(stack.stack, stack.add, stack.change, stack.destroy))
        for change in stack.changes:
            steps += [
                OutputLine(stack.stack, f"{change.address}: Creating..."),
                ResourceStarted(stack.stack, change.address, "create"),
                OutputLine(stack.stack, f"{change.address}: Creation complete after 1s"),
                ResourceDone(stack.stack, change.address, "create", 1),
            ]
        steps.append(StackDone(stack.stack, stack.add, stack.change, stack.destroy))
    return [*steps, Succeeded(OUTPUTS)]


def failing() -> list[Event]:
    """A deployment that is refused in its middle."""
    return [
        *deploying()[:6],
        OutputLine("prod-identity", "aws_iam_role.default_oidc-iam-pod: Creating..."),
        ResourceStarted("prod-identity", "aws_iam_role.default_oidc-iam-pod", "create"),
        OutputLine("prod-identity", "│ Error: creating IAM Role: AccessDenied"),
        Failed(1, (CAUSE,), LOG),
    ]


class Scripted:
    """A run whose events are known; with a gate it stops before the last one until that opens.

    Attributes:
        waiting: Is set when all but the last event are taken.
        interrupts: How often it was asked to end.
    """

    def __init__(self, events: Iterable[Event], gate: asyncio.Event | None = None) -> None:
        self.log = LOG
        self.log_error: str | None = None
        self.interrupts = 0
        self.waiting = asyncio.Event()
        self._events = list(events)
        self._gate = gate

    def interrupt(self) -> None:
        """Count it, and end."""
        self.interrupts += 1
        if self._gate is not None:
            self._gate.set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    async def __aiter__(self) -> AsyncIterator[Event]:
        for event in self._events[:-1]:
            yield event
        self.waiting.set()
        if self._gate is not None:
            await self._gate.wait()
        yield Interrupted(self.log) if self.interrupts else self._events[-1]


@dataclass
class World:
    """What a script says of everything outside; also notes what was asked of it."""

    here: Surroundings = field(
        default_factory=lambda: Surroundings("eu-west-1", "prod", ("prod", "staging"))
    )
    machine: Iterable[CheckResult] = MACHINE
    probed: Iterable[CheckResult] = PROBED
    proved: Iterable[CheckResult] = PROVED
    hangs: bool = False
    hcl: Mapping[str, str] | str = field(default_factory=lambda: {"prod-identity": HCL})
    planned: Scripted = field(default_factory=lambda: Scripted(planning()))
    deployed: Scripted = field(default_factory=lambda: Scripted(deploying()))
    destroyed: Run = field(default_factory=lambda: Scripted([Succeeded({})]))
    asked: list[str] = field(default_factory=list)
    time: float = 0.0

    def surroundings(self) -> Surroundings:
        return self.here

    def now(self) -> float:
        return self.time

    def check_machine(self) -> AsyncIterator[CheckResult]:
        return self._results(self.machine)

    def preflight(self, deployment: Deployment) -> AsyncIterator[CheckResult]:
        return self._results(self.machine)

    def probe(self, config: ClusterConfig) -> AsyncIterator[CheckResult]:
        self.asked.append(f"probe {config.issuer}")
        return self._results(self.probed)

    def prove(self, config: ClusterConfig) -> AsyncIterator[CheckResult]:
        self.asked.append(f"prove {config.cluster}")
        return self._results(self.proved)

    async def terraform(self, config: ClusterConfig) -> Mapping[str, str]:
        if isinstance(self.hcl, str):
            raise WorldError(self.hcl)
        return self.hcl

    def deployment(self, path: Path, config: ClusterConfig, *, destroys: bool) -> Deployment:
        return ScriptedDeployment(path, config, destroys, self)

    async def _results(self, results: Iterable[CheckResult]) -> AsyncIterator[CheckResult]:
        for result in results:
            yield result
        if self.hangs:
            await asyncio.Event().wait()


@dataclass(frozen=True)
class ScriptedDeployment(Deployment):
    """A deployment whose runs are those of a world; what it records is real."""

    world: World = field(default_factory=World)

    def _plan(self, *, refuses_others: bool) -> Run:
        self.world.asked.append(f"plan {self.path.name}" + (" to destroy" if self.destroys else ""))
        return self.world.planned

    def _apply(self) -> Run:
        doing = "destroy" if self.destroys else "deploy"
        self.world.asked.append(f"{doing} {self.path.name}")
        return self.world.destroyed if self.destroys else self.world.deployed
