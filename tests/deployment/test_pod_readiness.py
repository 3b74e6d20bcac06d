"""A deploy waits for its test pod, and says what keeps it from starting."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

import pytest

from deployment.pod_readiness import State, await_ready, state
from federation.errors import WorldError

READY = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
NO_NODE = {
    "phase": "Pending",
    "conditions": [
        {
            "type": "PodScheduled",
            "status": "False",
            "reason": "Unschedulable",
            "message": "0/1 nodes are available:\n1 Insufficient cpu.",
        }
    ],
}
CHECK_IMAGE = (
    "Check kubernetes.test_pod_image, and that the nodes reach its registry. Then deploy again."
)
DESCRIBE = "'kubectl --context prod describe pod -n shop awscli' shows why. Then deploy again: it "
LOGS = (
    "'kubectl --context prod logs -n shop awscli' shows what it printed, 'kubectl --context prod "
    "describe pod -n shop awscli' what happened. The image (kubernetes.test_pod_image) needs "
    "'sleep' and the aws CLI."
)


def container(phase: str = "Pending", **described: Any) -> dict[str, Any]:
    return {
        "phase": phase,
        "conditions": [{"type": "Ready", "status": "False", "message": "unready"}],
        "containerStatuses": [described],
    }


def waiting(reason: str, message: str | None = None, **more: Any) -> dict[str, Any]:
    return container(state={"waiting": {"reason": reason, "message": message}}, **more)


ENDED = {"terminated": {"reason": "Completed", "exitCode": 0}}
NOT_FOUND = "failed to pull image: not\x1b[2J found"
PULL = waiting("ErrImagePull", NOT_FOUND)
BACK_OFF = waiting("ImagePullBackOff", 'Back-off pulling image "x"')

STATES: dict[str, tuple[dict[str, Any], State]] = {
    "ready": (READY, State("")),
    "nothing yet": ({}, State("Unknown")),
    "no node yet": ({"phase": "Pending"}, State("Pending")),
    "no node takes it": (
        NO_NODE,
        State("Unschedulable", "0/1 nodes are available: 1 Insufficient cpu."),
    ),
    "starts": (waiting("ContainerCreating"), State("ContainerCreating")),
    "no image": (PULL, State("ErrImagePull", r"failed to pull image: not\x1b[2J found")),
    "no image again": (
        BACK_OFF,
        State("ImagePullBackOff", 'Back-off pulling image "x"', is_final=True),
    ),
    "wrong name of an image": (
        waiting("InvalidImageName", "x"),
        State("InvalidImageName", "x", is_final=True),
    ),
    "no such ConfigMap": (
        waiting("CreateContainerConfigError", 'configmap "a" not found'),
        State("CreateContainerConfigError", 'configmap "a" not found', is_final=True),
    ),
    "stops again and again": (
        waiting("CrashLoopBackOff", lastState={"terminated": {"exitCode": 1}}),
        State("CrashLoopBackOff", "exit code 1", is_final=True),
    ),
    "stopped once": (container("Running", state=ENDED), State("Completed", "exit code 0")),
    "not ready": (container("Running", state={"running": {}}), State("not ready", "unready")),
    "ended": (container("Succeeded", state=ENDED), State("Completed", "exit code 0", True)),
    "evicted": (
        {"phase": "Failed", "reason": "Evicted", "message": "The node was low on memory."},
        State("Evicted", "The node was low on memory.", is_final=True),
    ),
}


@pytest.mark.parametrize(("status", "expected"), STATES.values(), ids=STATES)
def test_a_status_is_read_for_what_keeps_the_pod(status: dict[str, Any], expected: State) -> None:
    assert state(status) == expected


def awaited(statuses: Iterable[dict[str, Any] | None], said: list[str]) -> None:
    looks = iter(statuses)

    def look() -> dict[str, Any] | None:
        status = next(looks)
        return None if status is None else {"status": status}

    await_ready(look, "shop/awscli", "prod", said.append)


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited; each pause lasts no time, and the clock goes on."""
    made: list[float] = []
    monkeypatch.delenv("TF_VAR_test_pod_target_state", raising=False)
    monkeypatch.setattr("deployment.pod_readiness.time.sleep", made.append)
    monkeypatch.setattr("deployment.pod_readiness.time.monotonic", lambda: sum(made))
    return made


def test_what_changes_is_said_once_until_the_pod_is_ready(pauses: list[float]) -> None:
    said: list[str] = []

    awaited([NO_NODE, NO_NODE, waiting("ContainerCreating"), READY], said)

    assert said == [
        "  waiting for Pod shop/awscli: Unschedulable: "
        "0/1 nodes are available: 1 Insufficient cpu.",
        "",
        "  waiting for Pod shop/awscli: ContainerCreating",
    ]
    assert pauses == [1.0, 1.0, 1.0]


FINAL: dict[str, tuple[list[dict[str, Any] | None], str]] = {
    "an image": (
        [PULL, BACK_OFF],
        "Pod shop/awscli does not start.\n"
        r"  Message: ImagePullBackOff: failed to pull image: not\x1b[2J found"
        f"\n  To do: {CHECK_IMAGE}",
    ),
    "a program": (
        [waiting("CrashLoopBackOff", "back-off 10s")],
        "Pod shop/awscli does not start.\n"
        "  Message: CrashLoopBackOff: back-off 10s\n"
        f"  To do: {LOGS}",
    ),
    "somebody": (
        [{"phase": "Pending"}, None],
        "Pod shop/awscli does not start.\n"
        "  Message: Deleted: Something deleted it.\n"
        f"  To do: {DESCRIBE}continues.",
    ),
}


@pytest.mark.parametrize(("statuses", "message"), FINAL.values(), ids=FINAL)
def test_the_wait_ends_where_it_cannot_help(
    statuses: list[dict[str, Any] | None], message: str
) -> None:
    with pytest.raises(WorldError) as caught:
        awaited(statuses, [])

    assert str(caught.value) == message


def test_the_wait_ends_after_five_minutes(pauses: list[float]) -> None:
    with pytest.raises(WorldError) as caught:
        awaited(itertools.repeat(NO_NODE), [])

    assert str(caught.value) == (
        "Pod shop/awscli is not ready after 5 minutes.\n"
        "  Message: Unschedulable: 0/1 nodes are available: 1 Insufficient cpu.\n"
        f"  To do: {DESCRIBE}continues."
    )
    assert sum(pauses) == 300


def test_an_interrupt_ends_the_wait_between_two_looks() -> None:
    class Stopped(Exception):  # noqa: N818
        pass

    said: list[str] = []

    def say(line: str) -> None:
        said.append(line)
        if len(said) == 2:
            raise Stopped

    with pytest.raises(Stopped):
        await_ready(lambda: {"status": {"phase": "Pending"}}, "shop/awscli", "prod", say)

    assert said == ["  waiting for Pod shop/awscli: Pending", ""]


def test_without_a_kubelet_a_pending_pod_counts_as_made_and_a_failed_one_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TF_VAR_test_pod_target_state", '["Pending", "Running"]')
    said: list[str] = []

    awaited([{"phase": "Pending"}], said)
    with pytest.raises(WorldError):
        awaited([{"phase": "Failed"}], said)

    assert said == []
