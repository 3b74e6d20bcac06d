"""How a running pod gets a new environment: by the restart of what owns it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

_RESTARTABLE = {"DaemonSet": "daemonset", "StatefulSet": "statefulset"}


def restart_command(pod: Mapping[str, Any], context: str | None) -> str:
    """The command that restarts a pod's owner; for a pod without one, that deletes the pod.

    `kubectl rollout restart` takes Deployments, DaemonSets and StatefulSets. The pods of a
    Deployment are owned by a ReplicaSet with its name and the hash that their label
    `pod-template-hash` repeats. The other owners, such as a Job, make a new pod for a deleted one.

    Args:
        pod: As the API server describes it.
        context: The context of the kubeconfig; None is the current one.

    Raises:
        KeyError: it has no name, namespace or owner's name.
    """
    metadata = pod["metadata"]
    command = ["kubectl", *(["--context", context] if context else [])]
    where = ["-n", metadata["namespace"]]
    if (owner := _restartable(metadata)) is not None:
        return shlex.join([*command, "rollout", "restart", *where, owner])
    return shlex.join([*command, "delete", "pod", *where, metadata["name"]])


def has_owner(pod: Mapping[str, Any]) -> bool:
    """Whether something makes a new pod when this one is deleted."""
    return _controller(pod["metadata"]) is not None


def _restartable(metadata: Mapping[str, Any]) -> str | None:
    """Such as `deployment/web`."""
    owner = _controller(metadata)
    if owner is None:
        return None
    kind, name = owner["kind"], owner["name"]
    suffix = f"-{(metadata.get('labels') or {}).get('pod-template-hash', '')}"
    if kind == "ReplicaSet" and len(suffix) > 1 and name.endswith(suffix):
        return f"deployment/{name.removesuffix(suffix)}"
    return f"{_RESTARTABLE[kind]}/{name}" if kind in _RESTARTABLE else None


def _controller(metadata: Mapping[str, Any]) -> Mapping[str, Any] | None:
    owners = metadata.get("ownerReferences") or ()
    return next((each for each in owners if each.get("controller")), None)
