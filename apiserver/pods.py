"""API servers in pods, and in what makes pods: some run as a Deployment of another cluster.

`apiserver.reading` takes manifests and `kubectl get pods` here, and the doctor the pods of a live
cluster.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from apiserver.commands import Reading, command_of, reading_of_pod
from apiserver.distributions import DISTRIBUTIONS
from apiserver.documents import (
    Object,
    entries,
    kind_and_group,
    mapping,
    mappings,
    version_of,
)
from apiserver.flags import PROGRAM
from federation.errors import UserError

_KINDS = (("Pod", "v1"), ("DaemonSet", "apps"), ("Deployment", "apps"), ("StatefulSet", "apps"))
LABELS = tuple(dict.fromkeys(each.pod_label for each in DISTRIBUTIONS.values() if each.pod_label))
"""What finds the pods of API servers in kube-system."""


def pods_in(documents: Sequence[Object], place: str) -> Iterator[Reading]:
    """The API servers among pods; other pods are passed over."""
    for pod in _pods(documents):
        if reading := _api_server(pod, place):
            yield reading


def check_other_pods(documents: Sequence[Object], place: str) -> None:
    """What is said of pods none of which runs an API server.

    Raises:
        UserError: there are pods.
    """
    if pods := _pods(documents):
        raise _no_api_server(pods, place)


def api_server_in(pod: Object, place: str) -> Reading:
    """The API server that a pod runs.

    Raises:
        UserError: it runs none, or one whose flags cannot be seen.
    """
    found = _api_server(pod, place)
    if found is None:
        raise _no_api_server([pod], place)
    return found


def _pods(documents: Sequence[Object]) -> list[Object]:
    return [each for each in documents if kind_and_group(each) in _KINDS]


def _api_server(document: Object, place: str) -> Reading | None:
    metadata = mapping(document, "metadata")
    name = f"{place} ({metadata.get('name', 'a pod')})"
    for container in mappings(_pod_spec(document), "containers"):
        words = [str(each) for key in ("command", "args") for each in entries(container, key)]
        if command_of(words, name) is not None:
            return replace(
                reading_of_pod(words, name),
                version=version_of(container.get("image")),
                distribution=_distribution(mapping(metadata, "annotations")),
            )
    return None


def _distribution(annotations: Object) -> str | None:
    marks = {each.pod_annotation: each.name for each in DISTRIBUTIONS.values()}
    found = (
        name
        for mark, name in marks.items()
        if mark and any(mark in str(key) for key in annotations)
    )
    return next(found, None)


def _no_api_server(pods: Sequence[Object], place: str) -> UserError:
    if len(pods) > 1:
        return UserError(f"{place}: none of {len(pods)} pods runs {PROGRAM}.")
    (pod,) = pods
    own = str(mapping(pod, "metadata").get("name", "a pod"))
    containers = mappings(_pod_spec(pod), "containers")
    programs = [str(each) for container in containers for each in entries(container, "command")[:1]]
    kind, seen = str(pod.get("kind", "Pod")).lower(), ", ".join(programs) or "something else"
    return UserError(f"{place}: the {kind} {own!r} runs {seen}, not {PROGRAM}.")


def _pod_spec(document: Object) -> Object:
    return mapping(document, "spec", "template", "spec") or mapping(document, "spec")
