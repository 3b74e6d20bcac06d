"""Which running pods have an earlier environment, and how they get the new one: by a restart.

A container takes its environment when it starts, and keeps it when the ConfigMap changes.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from datetime import datetime
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


def started_earlier(pod: Mapping[str, Any], config_map: Mapping[str, Any]) -> bool:
    """Whether a container of a pod takes a ConfigMap and started before that was last written.

    Raises:
        KeyError, TypeError, AttributeError, ValueError: it is not what the API server answers.
    """
    written, started = last_written(config_map), dict(starts(pod))
    return any(
        started[each["name"]] < written
        for each in pod["spec"]["containers"]
        if takes(each, config_map["metadata"]["name"]) and each["name"] in started
    )


def takes(container: Mapping[str, Any], config_map: str) -> bool:
    """Whether a container takes variables from a ConfigMap; raises as `started_earlier`."""
    whole = [each.get("configMapRef") for each in container.get("envFrom") or ()]
    sources = [each.get("valueFrom") or {} for each in container.get("env") or ()]
    single = [each.get("configMapKeyRef") for each in sources]
    return any(each and each.get("name") == config_map for each in (*whole, *single))


def starts(pod: Mapping[str, Any]) -> Iterator[tuple[str, datetime]]:
    """The running containers of a pod, and when they started; raises as `started_earlier`."""
    for each in pod["status"].get("containerStatuses") or ():
        if running := each["state"].get("running"):
            yield each["name"], datetime.fromisoformat(running["startedAt"])


def last_written(config_map: Mapping[str, Any]) -> datetime:
    """When the data of a ConfigMap was last written, at the latest; raises as `started_earlier`.

    The time in `managedFields` moves with the labels of the same manager, too.
    """
    metadata = config_map["metadata"]
    times = [
        each["time"]
        for each in metadata.get("managedFields") or ()
        if {"f:data", "f:binaryData"} & (each.get("fieldsV1") or {}).keys()
    ]
    return max(map(datetime.fromisoformat, times or [metadata["creationTimestamp"]]))


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
