"""The sequence of a deployment: what is asked, what is recorded, and what each run takes along."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

import pytest

from deployment import applied
from deployment.cdktf import applying, planning
from deployment.cdktf.events import Event, Failed, Interrupted, Outcome, PhaseStarted, Succeeded
from deployment.cdktf.handover import FindBehind
from deployment.preflight import Requirement
from deployment.runs import RecordedRun, Run
from deployment.sequence import Approval, Deployment
from federation.model.config import ClusterConfig
from federation.yaml import files
from review.plan.changes import Plan, ResourceChange, StackPlan

CONFIG = ClusterConfig.model_validate(
    {
        "cluster": "prod",
        "issuer": "https://c.example.com",
        "aws": {"region": "eu-west-1"},
        "kubernetes": {"context": "prod"},
        "workloads": [{"namespace": "default", "service_account": "app"}],
    }
)
LOG = Path("run.log")


def plan_of(*actions: str) -> Plan:
    changes = tuple(
        ResourceChange(f"aws_iam_role.r{at}", "aws_iam_role", f"r{at}", action)  # type: ignore[arg-type]
        for at, action in enumerate(actions)
    )
    return Plan((StackPlan("prod-identity", changes),))


@dataclass
class FakeRun:
    """A run with these events."""

    events: list[Event]
    log: Path = LOG
    log_error: str | None = None

    def interrupt(self) -> None:
        """Nothing runs."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    async def __aiter__(self) -> AsyncIterator[Event]:
        for event in self.events:
            yield event


@dataclass(frozen=True)
class FakeDeployment(Deployment):
    """A deployment whose runs end with this outcome."""

    outcome: Outcome = field(default_factory=lambda: Succeeded({}))

    def _plan(self, *, refuses_others: bool) -> Run:
        return FakeRun([self.outcome])

    def _apply(self) -> Run:
        return FakeRun([self.outcome])


@pytest.fixture
def project(in_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project that deployments are recorded in."""
    monkeypatch.setattr(files, "PROJECT", in_folder)
    (in_folder / "state").mkdir()
    return in_folder


def recorded(project: Path) -> list[str]:
    """The records beside the state."""
    return sorted(each.name for each in (project / "state").iterdir())


async def events_of(run: Run) -> list[Event]:
    async with run:
        return [event async for event in run]


def test_a_plan_that_changes_nothing_needs_no_approval() -> None:
    assert Deployment(Path("prod.yaml"), CONFIG).approval(Plan(())) is None


def test_a_plan_that_destroys_nothing_needs_a_yes() -> None:
    assert Deployment(Path("prod.yaml"), CONFIG).approval(plan_of("create", "update")) == Approval(
        "Apply this plan to prod?"
    )


@pytest.mark.parametrize("action", ["delete", "replace"])
def test_a_plan_that_destroys_something_needs_the_name_of_the_cluster(action: str) -> None:
    plan = plan_of("create", "update", action)
    assert Deployment(Path("prod.yaml"), CONFIG).approval(plan) == Approval(
        f"The plan for prod destroys 1 of its resources, creates {plan.add} and changes 1.", "prod"
    )


def test_destroying_needs_the_name_of_the_cluster() -> None:
    plan = plan_of("delete", "delete")
    assert Deployment(Path("prod.yaml"), CONFIG, destroys=True).approval(plan) == Approval(
        "This destroys all that was deployed for prod (resources: 2). Pods that use its roles lose "
        "their access to AWS.",
        "prod",
    )


async def test_a_deployment_is_recorded_before_and_after(project: Path) -> None:
    deployment = FakeDeployment(project / "prod.yaml", CONFIG)
    run = deployment.carry_out()
    assert recorded(project) == []
    async with run:
        assert recorded(project) == ["prod.begun.json"]
        assert [event async for event in run] == [Succeeded({})]
    assert recorded(project) == ["prod.applied.json"]
    assert applied.last(project, "prod") == CONFIG


@pytest.mark.parametrize("outcome", [Failed(1, (), LOG), Interrupted(LOG)])
async def test_a_deployment_that_does_not_succeed_stays_recorded_as_begun(
    outcome: Outcome, project: Path
) -> None:
    await events_of(FakeDeployment(project / "prod.yaml", CONFIG, outcome=outcome).carry_out())
    assert recorded(project) == ["prod.begun.json"]


async def test_destroying_leaves_no_record(project: Path) -> None:
    deployment = FakeDeployment(project / "prod.yaml", CONFIG)
    await events_of(deployment.carry_out())
    await events_of(replace(deployment, destroys=True).carry_out())
    assert recorded(project) == []


@pytest.mark.parametrize(
    ("apply", "destroys", "plan", "names"),
    [
        ("terraform", False, Plan(()), ["prod.applied.json"]),
        ("terraform", False, plan_of("create"), []),
        ("terraform", True, Plan(()), []),
        ("manifests", False, Plan(()), []),
    ],
)
async def test_a_plan_without_changes_proves_that_all_is_deployed(
    apply: str, destroys: bool, plan: Plan, names: list[str], project: Path
) -> None:
    kubernetes = {"context": "prod", "apply": apply}
    config = ClusterConfig.model_validate({**CONFIG.model_dump(), "kubernetes": kubernetes})
    outcome = Succeeded({}, plan)
    await events_of(FakeDeployment(project / "prod.yaml", config, destroys, outcome).plan())
    assert recorded(project) == names


def test_only_a_plan_does_without_the_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    down = Requirement("cluster", "fail", "no response.")
    old = Requirement("terraform", "fail", "too old.")
    monkeypatch.setattr("deployment.preflight.preflight", lambda _: iter((down, old)))
    deployment = Deployment(Path("prod.yaml"), CONFIG)
    assert list(deployment.preflight()) == [down, old]
    assert list(deployment.preflight(plan_only=True)) == [replace(down, verdict="warn"), old]


def test_every_run_takes_what_is_left_behind_into_account(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    applied.record(project, CONFIG)
    kubernetes = {"context": "prod", "apply": "manifests"}
    now = ClusterConfig.model_validate({**CONFIG.model_dump(), "kubernetes": kubernetes})
    left: list[list[tuple[str, ...]]] = []

    def note(*_: object, behind: FindBehind, **__: object) -> Run:
        left.append([each.stacks for each in behind().projects])
        return FakeRun([])

    for module, name in ((planning, "plan"), (applying, "deploy"), (applying, "destroy")):
        monkeypatch.setattr(module, name, note)
    deployment = Deployment(project / "prod.yaml", now)
    deployment.plan()
    deployment.carry_out()
    replace(deployment, destroys=True).carry_out()
    assert left == [[("prod-workloads",), ("prod-discovery",)]] * 3


async def test_a_recorded_run_is_the_run_itself_otherwise() -> None:
    inner = FakeRun([PhaseStarted(None, "planning"), Failed(1, (), LOG)], log_error="disk full")
    run = RecordedRun(inner)
    run.interrupt()
    assert (run.log, run.log_error) == (LOG, "disk full")
    assert await events_of(run) == inner.events
