"""Whether a running pod has the environment of today, as a part of the layer `control-plane`.

A container takes its environment when it starts: it keeps the old one when the ConfigMap changes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from doctor import evidence
from doctor.checks import aws, cluster
from doctor.examination import Examination, Missing, WorkloadCheck
from doctor.finding import Finding, Rule
from federation.model.config import Workload
from federation.pod_environment import CHECKSUM, checksum
from federation.pod_restart import has_owner, last_written, restart_command, starts, takes

ENVIRONMENT = Rule(
    "control-plane-pod-environment",
    "control-plane",
    "The pod was started with the environment of today",
    "A container takes its environment from the ConfigMap when it starts, and keeps it. With "
    "--pod NAMESPACE/NAME the doctor looks at the containers that take the workload's ConfigMap. "
    f"A test pod has a checksum of its environment ({CHECKSUM}): if it is another one, that is a "
    "failure. For a container without it, the time of its start is compared with the time at "
    "which the ConfigMap's data was last written ('managedFields'). That time moves with the "
    "labels of the ConfigMap, too, so that an earlier start is a warning.",
    "The role or the region was changed after the pod had started.",
    "Restart the pod.",
)
_NO_API = "not a Kubernetes API response"


@dataclass(frozen=True)
class _Container:
    """A container that takes a ConfigMap.

    Attributes:
        name: In its pod.
        checksum: Of the environment that it was started with, or None where it has none.
        started: When it started, or None where it does not run.
    """

    name: str
    checksum: str | None
    started: datetime | None


async def _has_environment(examination: Examination, workload: Workload) -> AsyncIterator[Finding]:
    options = examination.options
    if options.pod is None:
        if ENVIRONMENT.code in options.only:
            raise Missing("needs --pod NAMESPACE/NAME")
        return
    pod = await examination.once(_pod, options.pod)
    try:
        containers = _containers(pod, workload)
        fix = _fix(pod, examination.config.kubernetes.context)
    except (KeyError, TypeError, AttributeError, ValueError):
        raise Missing(_NO_API) from None
    for each in containers:
        yield await _judged(examination, workload, each, fix)


async def _pod(examination: Examination, named: str) -> Mapping[str, Any]:
    namespace, _, name = named.partition("/")
    found = await cluster.read(examination, lambda each: each.find("Pod", namespace, name))
    if found is None:
        raise Missing(f"there is no pod {named}")
    return found


async def _config_map(examination: Examination, workload: Workload) -> Mapping[str, Any]:
    place = (workload.namespace, workload.config_map)
    found = await cluster.read(examination, lambda each: each.find("ConfigMap", *place))
    if found is None:
        raise Missing(f"there is no ConfigMap {'/'.join(place)}")
    return found


def _containers(pod: Mapping[str, Any], workload: Workload) -> list[_Container]:
    """The containers that take the workload's environment.

    Raises:
        Missing: it is not a pod of the workload, or none of its containers does.
    """
    account = f"{pod['metadata']['namespace']}/{pod['spec'].get('serviceAccountName', 'default')}"
    if account != evidence.name(workload):
        raise Missing(f"the pod runs as {account}")
    started = dict(starts(pod))
    found = [
        _Container(each["name"], _checksum(each), started.get(each["name"]))
        for each in pod["spec"]["containers"]
        if takes(each, workload.config_map)
    ]
    if not found:
        raise Missing(f"no container takes its environment from {workload.config_map}")
    return found


def _checksum(container: Mapping[str, Any]) -> str | None:
    return {each["name"]: each.get("value") for each in container.get("env") or ()}.get(CHECKSUM)


async def _judged(
    examination: Examination, workload: Workload, container: _Container, fix: str
) -> Finding:
    if container.checksum is not None:
        return await _compared(examination, workload, container, fix)
    if container.started is None:
        raise Missing(f"the container {container.name} does not run")
    written = _written(await examination.once(_config_map, workload))
    seen = f"the container {container.name} started at {_time(container.started)}"
    about = evidence.name(workload)
    if container.started < written:
        expected = f"after {_time(written)}, when {workload.config_map} was last written"
        return ENVIRONMENT.warned(seen, expected, about, cause=_WRITTEN, fix=fix)
    return ENVIRONMENT.passed(f"{seen}, after {workload.config_map} was last written", about)


_WRITTEN = (
    "The ConfigMap was written after the container had started: its data, or no more than its "
    "labels."
)


async def _compared(
    examination: Examination, workload: Workload, container: _Container, fix: str
) -> Finding:
    """By the checksum, which says what the container was started with."""
    environment, whose = await _environment(examination, workload)
    wanted, about = checksum(environment), evidence.name(workload)
    if container.checksum == wanted:
        return ENVIRONMENT.passed(f"the checksum of the {whose} environment", about)
    seen = f"{CHECKSUM}={container.checksum} in the container {container.name}"
    expected = f"{wanted}, of the {whose} environment"
    return ENVIRONMENT.failed(seen, expected, about, fix=fix)


async def _environment(
    examination: Examination, workload: Workload
) -> tuple[Mapping[str, str], str]:
    """The configured environment; the ConfigMap's where the role's account is not known."""
    try:
        arn = await examination.once(aws.configured_role_arn, workload)
    except Missing:
        data = (await examination.once(_config_map, workload)).get("data") or {}
        return {str(name): str(data[name]) for name in data}, "ConfigMap's"
    return examination.config.environment(arn), "configured"


def _written(config_map: Mapping[str, Any]) -> datetime:
    try:
        return last_written(config_map)
    except (KeyError, TypeError, AttributeError, ValueError):
        raise Missing(_NO_API) from None


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _fix(pod: Mapping[str, Any], context: str | None) -> str:
    command = restart_command(pod, context)
    if has_owner(pod):
        return f"Restart it: {command}"
    return (
        f"Delete it: {command}. Then create it again; a test pod is created by "
        "'python -m wizard deploy'."
    )


CHECKS = (WorkloadCheck(ENVIRONMENT, _has_environment),)
