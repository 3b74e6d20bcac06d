"""How far a run is, as its events tell it."""

from __future__ import annotations

from pathlib import Path

import pytest

from deployment.cdktf.events import (
    Counted,
    Event,
    Failed,
    Interrupted,
    PhaseStarted,
    ResourceDone,
    ResourceProgress,
    ResourceStarted,
    Retrying,
    StackDone,
    StackPlanned,
    Succeeded,
)
from deployment.progress import Progress, duration
from review.plan.changes import Plan, ResourceChange, StackPlan

LOG = Path("logs/run.log")
ROLE = ("prod-identity", "aws_iam_role.app")
BINDING = ("prod-discovery", "kubernetes_cluster_role_binding_v1.discovery")
PROVIDER = ("prod-identity", "aws_iam_openid_connect_provider.cluster")
OUTPUTS = {"prod-identity": {"provider_arn": "arn:1"}}


def created(address: str) -> ResourceChange:
    kind, _, name = address.partition(".")
    return ResourceChange(address, kind, name, "create")


PLAN = Plan(
    (
        StackPlan("prod-discovery", (created(BINDING[1]),)),
        StackPlan("prod-identity", (created(PROVIDER[1]), created(ROLE[1]))),
    )
)
DEPLOYING: list[Event] = [
    PhaseStarted(None, "deploying"),
    Counted("prod-discovery", 1, 0, 0),
    ResourceStarted(*BINDING, "create"),
    ResourceDone(*BINDING, "create", 1),
    StackDone("prod-discovery", 1, 0, 0),
    Counted("prod-identity", 2, 0, 0),
    ResourceDone(*PROVIDER, "create", 1),
    ResourceDone(*ROLE, "create", 1),
    StackDone("prod-identity", 2, 0, 0),
    Succeeded(OUTPUTS),
]
"""What a deployment of the plan tells."""


def after(*events: Event, plan: bool = True) -> Progress:
    progress = Progress(PLAN if plan else None)
    for event in events:
        progress.take(event)
    return progress


def test_a_deployment_counts_what_is_done_of_what_was_planned() -> None:
    progress = after(*DEPLOYING[:4])
    assert (progress.done, progress.total, progress.stack) == (1, 3, "prod-discovery")
    progress = after(*DEPLOYING)
    assert (progress.done, progress.total, progress.outputs) == (3, 3, OUTPUTS)


def test_what_terraform_counts_replaces_what_was_planned() -> None:
    assert after(Counted("prod-identity", 2, 1, 1)).total == 5


def test_without_a_plan_there_is_no_total_until_terraform_counts() -> None:
    assert [after(*DEPLOYING[:end], plan=False).total for end in (1, 2, 6)] == [0, 1, 3]


def test_what_is_in_work_is_named_until_it_is_done() -> None:
    started = ResourceStarted(*ROLE, "create")
    goes_on = ResourceProgress(*ROLE, "create", 10)
    progress = after(started, goes_on)
    assert [str(work) for work in progress.working] == ["creating aws_iam_role.app"]
    progress.take(ResourceDone(*ROLE, "create", 12))
    assert (progress.working, progress.done) == ([], 1)


def test_reading_is_no_change() -> None:
    assert after(ResourceDone(*ROLE, "read", 1)).done == 0


def test_a_repeated_request_is_told_until_something_is_done() -> None:
    progress = after(Retrying("IAM CreateRole", None, 2, 25))
    assert progress.retrying == "IAM CreateRole: no response, attempt 2 of 25"
    progress.take(ResourceDone(*ROLE, "create", 1))
    assert progress.retrying is None


def test_a_plan_is_collected_stack_by_stack() -> None:
    assert tuple(after(*map(StackPlanned, PLAN.stacks), plan=False).plans) == PLAN.stacks


@pytest.mark.parametrize("end", [Failed(1, (), LOG), Interrupted(LOG)])
def test_at_the_end_nothing_is_in_work(end: Event) -> None:
    progress = after(ResourceStarted(*ROLE, "create"), end)
    assert (progress.working, progress.outcome, progress.outputs) == ([], end, {})


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59.9, "59 s"), (60, "1:00"), (125, "2:05"), (3600, "1:00:00"), (3725, "1:02:05")],
)
def test_a_duration_reads_like_a_clock(seconds: float, text: str) -> None:
    assert duration(seconds) == text
