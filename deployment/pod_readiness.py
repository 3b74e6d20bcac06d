"""Whether a test pod runs and is ready, and why not.

What a pod's status says is in "Pod Lifecycle" of the Kubernetes documentation; the reasons of a
waiting container are the kubelet's (`pkg/kubelet/images/types.go`, `pkg/kubelet/container`).
"""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from deployment.causes import Cause
from federation.errors import WorldError
from formats.escaping import printable

LIMIT = 300
"""Seconds to wait for a pod: as long as Terraform's Kubernetes provider does."""

_PAUSE = 1.0
_TARGET_STATE = "TF_VAR_test_pod_target_state"
_NO_IMAGE = ("ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName")
_HOPELESS = (
    *_NO_IMAGE[1:],
    "CrashLoopBackOff",
    "CreateContainerConfigError",
    "CreateContainerError",
)
"""Waiting does not help: the kubelet has tried, and tries the same again. An ErrImagePull becomes
an ImagePullBackOff within seconds."""

Pod = Mapping[str, Any]


@dataclass(frozen=True)
class State:
    """What a pod's status says.

    Attributes:
        reason: In a word; empty if the pod is ready.
        message: More, or nothing.
        is_final: Whether waiting does not help.
    """

    reason: str
    message: str = ""
    is_final: bool = False

    def __str__(self) -> str:
        return f"{self.reason}: {self.message}" if self.message else self.reason


def await_ready(
    look: Callable[[], Pod | None], name: str, context: str, say: Callable[[str], object]
) -> None:
    """Wait until a pod runs and is ready, and say what its status says on the way.

    Args:
        look: Reads the pod; None if there is none.
        name: `NAMESPACE/NAME`.
        context: The context of the kubeconfig.
        say: Reports a line; it raises if the run was interrupted, for an empty line, too.

    Raises:
        WorldError: it is not ready after `LIMIT` seconds, or cannot become so.
    """
    said, told = State(""), State("")
    until = time.monotonic() + LIMIT
    while True:
        state = _current(look())
        if not state.reason:
            return
        if state.reason == "ImagePullBackOff" and told.reason == "ErrImagePull":
            state = replace(state, message=told.message)
        if state.is_final:
            raise _error(f"Pod {name} does not start", state, name, context)
        if time.monotonic() >= until:
            title = f"Pod {name} is not ready after {LIMIT // 60} minutes"
            raise _error(title, state, name, context)
        say(f"  waiting for Pod {name}: {state}" if state != said else "")
        said = state
        told = state if state.message else told
        time.sleep(_PAUSE)


def _current(pod: Pod | None) -> State:
    if pod is None:
        return State("Deleted", "Something deleted it.", is_final=True)
    status = pod.get("status") or {}
    if status.get("phase") == "Pending" and _accepts_pending():
        return State("")
    return state(status)


def state(status: Mapping[str, Any]) -> State:
    """What a pod's `status` says, its gravest word first."""
    phase = status.get("phase", "Unknown")
    conditions = {each["type"]: each for each in status.get("conditions") or ()}
    if phase in ("Failed", "Succeeded"):
        return next(_ends(status), State(_word(status, phase), _message(status), is_final=True))
    if (waiting := next(_waits(status), None)) is not None:
        return waiting
    scheduled = conditions.get("PodScheduled", {})
    if scheduled.get("status") == "False":
        return State(_word(scheduled, "Unschedulable"), _message(scheduled))
    ready = conditions.get("Ready", {})
    if phase == "Running" and ready.get("status") == "True":
        return State("")
    return State(phase if phase != "Running" else "not ready", _message(ready))


def _waits(status: Mapping[str, Any]) -> Iterator[State]:
    """Of the containers that do not run."""
    for each in status.get("containerStatuses") or ():
        current = each.get("state") or {}
        if waiting := current.get("waiting"):
            reason = _word(waiting, "waiting")
            last = (each.get("lastState") or {}).get("terminated")
            message = _message(waiting) or (_ending(last) if last else "")
            yield State(reason, message, is_final=reason in _HOPELESS)
        elif ended := current.get("terminated"):
            yield State(_word(ended, "terminated"), _ending(ended))


def _ends(status: Mapping[str, Any]) -> Iterator[State]:
    for each in status.get("containerStatuses") or ():
        if ended := (each.get("state") or {}).get("terminated"):
            yield State(_word(ended, "terminated"), _ending(ended), is_final=True)


def _ending(ended: Mapping[str, Any]) -> str:
    code = f"exit code {ended.get('exitCode')}"
    return f"{code}: {_message(ended)}" if ended.get("message") else code


def _word(of: Mapping[str, Any], otherwise: str) -> str:
    return printable(str(of.get("reason") or otherwise))


def _message(of: Mapping[str, Any]) -> str:
    return printable(" ".join(str(of.get("message") or "").split()))


def _accepts_pending() -> bool:
    """Whether a pod counts as made before it runs: where no kubelet is, as Terraform is told."""
    return '"Pending"' in os.environ.get(_TARGET_STATE, "")


def _error(title: str, state: State, name: str, context: str) -> WorldError:
    return WorldError(str(Cause(title, str(state), _remedy(state, name, context))))


def _remedy(state: State, name: str, context: str) -> str:
    namespace, _, pod = name.partition("/")
    kubectl = ["kubectl", "--context", context]
    if state.reason in _NO_IMAGE:
        return (
            "Check kubernetes.test_pod_image, and that the nodes reach its registry. Then deploy "
            "again."
        )
    describe = shlex.join([*kubectl, "describe", "pod", "-n", namespace, pod])
    if state.is_final and state.reason not in ("CreateContainerConfigError", "Deleted"):
        logs = shlex.join([*kubectl, "logs", "-n", namespace, pod])
        return (
            f"'{logs}' shows what it printed, '{describe}' what happened. The image "
            "(kubernetes.test_pod_image) needs 'sleep' and the aws CLI."
        )
    return f"'{describe}' shows why. Then deploy again: it continues."
