"""Applies the Kubernetes objects of a federation as manifests, and guards namespaces of ours.

For `kubernetes.apply: manifests`: where a context is named they are applied server-side
(https://kubernetes.io/docs/reference/using-api/server-side-apply/), or else written for GitOps.
"""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kubernetes import client, dynamic
from kubernetes.client.exceptions import ApiException
from kubernetes.config import ConfigException
from urllib3.exceptions import HTTPError

from deployment.causes import known_cause
from deployment.logs import display_path
from deployment.pod_readiness import await_ready
from deployment.surroundings import kubeconfig_paths
from doctor.live.kubeconfig import connection
from federation.errors import UserError, WorldError
from federation.manifests import LABELS, binding, manifests, objects
from federation.model.config import ClusterConfig
from federation.strict_json import json_object
from federation.yaml import files

FIELD_MANAGER = "oidc-iam"
_KEPT_BY_KUBERNETES = {"ConfigMap": "kube-root-ca.crt", "ServiceAccount": "default"}
_LOOKED_FOR = ("Pod", "ConfigMap", "Secret", "ServiceAccount", "Service", "PersistentVolumeClaim")

Say = Callable[[str], object]


def write_manifests(federation: ClusterConfig, role_arns: Mapping[str, str], say: Say) -> None:
    """Write the manifests below `cdktf.out`, and say how they are applied by hand."""
    folder = files.PROJECT / "cdktf.out" / "manifests" / federation.cluster
    for stale in folder.glob("*.yaml"):
        stale.unlink()
    made = manifests(federation, role_arns)
    for name, text in made.items():
        files.write(folder / name, text)
    say(f"Wrote {display_path(folder)}/: commit it for GitOps, or apply it with")
    # kubectl takes the files of a folder by name, and a namespace has to be there first.
    first = [display_path(folder / "namespaces.yaml")] if "namespaces.yaml" in made else []
    sources = " ".join(f"-f {shlex.quote(source)}" for source in (*first, display_path(folder)))
    say(f"  kubectl apply --server-side {sources}")


def apply_manifests(federation: ClusterConfig, role_arns: Mapping[str, str], say: Say) -> None:
    """Apply the manifests where the configuration names a context, or else write them.

    Then wait until each test pod is ready.

    Raises:
        WorldError: the cluster refused an object or cannot be reached, or a pod does not start.
    """
    if federation.kubernetes.context is None:
        write_manifests(federation, role_arns, say)
        return
    api = _connect(federation)
    wanted = objects(federation, role_arns)
    for each in wanted:
        with _Explained(f"applying {_name_of(each)}"):
            _apply(api, each)
        say(f"  applied {_name_of(each)}")
    if federation.discovery.exposure == "none":
        _unbind(api, binding(federation), say)
    for each in wanted:
        if each["kind"] == "Pod":
            _await_ready(api, each, federation.kubernetes.context, say)


def delete_manifests(federation: ClusterConfig, say: Say) -> None:
    """Delete what `apply_manifests` applied, last first.

    Raises:
        WorldError: the cluster refused it or cannot be reached.
    """
    if federation.kubernetes.context is None:
        say("The objects in the cluster are not removed: no context is configured.")
        return
    api = _connect(federation)
    known = {f"{each.namespace}/{each.service_account}": "" for each in federation.workloads}
    for each in reversed(objects(federation, known)):
        with _Explained(f"deleting {_name_of(each)}"):
            _delete(api, each)
        _await_gone(api, each)
        say(f"  deleted {_name_of(each)}")


def unbind(federation: ClusterConfig, say: Say) -> None:
    """Delete the binding that an earlier configuration wanted, if it is ours.

    Raises:
        WorldError: the cluster refused it or cannot be reached.
    """
    _unbind(_connect(federation), binding(federation), say)


Named = tuple[str, str | None, str]
"""Kind, namespace and name of an object."""


def ours(federation: ClusterConfig, wanted: Iterable[Named]) -> set[Named]:
    """Those of the objects that exist and carry our labels.

    Raises:
        WorldError: the cluster cannot be asked.
    """
    api = _connect(federation)
    versions = {"ClusterRoleBinding": "rbac.authorization.k8s.io/v1"}
    existing = set()
    for kind, namespace, name in wanted:
        with _Explained(f"looking for {kind} {name}"):
            resource = api.resources.get(api_version=versions.get(kind, "v1"), kind=kind)
            found = _live_object(resource, name, namespace)
        if found is not None and _is_ours(found):
            existing.add((kind, namespace, name))
    return existing


def refuse_others(federation: ClusterConfig) -> None:
    """Make sure that a namespace of ours holds nothing of others before it is destroyed.

    Raises:
        UserError: something is in it; the message names it.
        WorldError: the cluster cannot be asked.
    """
    if not federation.namespaces_to_create or federation.kubernetes.context is None:
        return
    api = _connect(federation)
    found = []
    for namespace in federation.namespaces_to_create:
        for kind in _LOOKED_FOR:
            with _Explained(f"looking for what is in the namespace {namespace}"):
                items = api.resources.get(api_version="v1", kind=kind).get(namespace=namespace)
            found += [
                f"{kind} {namespace}/{each.metadata.name}"
                for each in items.items
                if not _is_ours(each) and _KEPT_BY_KUBERNETES.get(kind) != each.metadata.name
            ]
    if found:
        raise UserError(
            "Destroying would remove other people's objects: "
            f"{', '.join(found)}. Move them, or set create_namespace: false and run "
            "'terraform state rm' for the namespace."
        )


def _unbind(api: dynamic.DynamicClient, ours: dict[str, Any], say: Say) -> None:
    """Delete a binding that an earlier configuration wanted: it lets strangers in."""
    resource = api.resources.get(api_version=ours["apiVersion"], kind=ours["kind"])
    with _Explained(f"looking for {_name_of(ours)}"):
        found = _live_object(resource, ours["metadata"]["name"], None)
    if found is not None and _is_ours(found):
        with _Explained(f"deleting {_name_of(ours)}"):
            _delete(api, ours)
        _await_gone(api, ours)
        say(f"  deleted {_name_of(ours)}")


def _is_ours(item: Any) -> bool:
    labels = item.metadata.labels
    return all(labels and labels[key] == value for key, value in LABELS.items())


def _connect(federation: ClusterConfig) -> dynamic.DynamicClient:
    path = federation.kubernetes.kubeconfig_path(files.PROJECT)
    with _Explained("connecting to the cluster"):
        return dynamic.DynamicClient(
            connection(
                str(path) if path else os.pathsep.join(kubeconfig_paths()),
                federation.kubernetes.context,
                persist=True,
            )
        )


def _apply(api: dynamic.DynamicClient, each: dict[str, Any]) -> None:
    resource = api.resources.get(api_version=each["apiVersion"], kind=each["kind"])
    try:
        _server_side_apply(resource, each)
    except ApiException as error:
        # Most fields of a pod cannot be changed: it is replaced.
        if each["kind"] != "Pod" or error.status != 422:
            raise
        _delete(api, each)
        _await_gone(api, each)
        _server_side_apply(resource, each)


def _await_ready(api: dynamic.DynamicClient, pod: dict[str, Any], context: str, say: Say) -> None:
    resource = api.resources.get(api_version=pod["apiVersion"], kind=pod["kind"])
    metadata = pod["metadata"]

    def look() -> dict[str, Any] | None:
        with _Explained(f"looking for {_name_of(pod)}"):
            found = _live_object(resource, metadata["name"], metadata["namespace"])
        return None if found is None else dict(found.to_dict())

    await_ready(look, f"{metadata['namespace']}/{metadata['name']}", context, say)


def _server_side_apply(resource: Any, each: dict[str, Any]) -> None:
    resource.server_side_apply(
        body=each,
        name=each["metadata"]["name"],
        namespace=each["metadata"].get("namespace"),
        field_manager=FIELD_MANAGER,
        force_conflicts=True,
    )


def _delete(api: dynamic.DynamicClient, each: dict[str, Any]) -> None:
    resource = api.resources.get(api_version=each["apiVersion"], kind=each["kind"])
    namespace = each["metadata"].get("namespace")
    options = client.V1DeleteOptions(grace_period_seconds=1) if each["kind"] == "Pod" else None
    try:
        resource.delete(name=each["metadata"]["name"], namespace=namespace, body=options)
    except ApiException as error:
        if error.status != 404:
            raise


def _await_gone(api: dynamic.DynamicClient, each: dict[str, Any]) -> None:
    """Wait until the API server no longer has an object.

    A namespace takes a controller some seconds, and a finalizer holds any object.

    Raises:
        WorldError: it still exists after a minute.
    """
    resource = api.resources.get(api_version=each["apiVersion"], kind=each["kind"])
    metadata = each["metadata"]
    for _ in range(120):
        with _Explained(f"looking for {_name_of(each)}"):
            if _live_object(resource, metadata["name"], metadata.get("namespace")) is None:
                return
        time.sleep(0.5)
    where = f" -n {metadata['namespace']}" if "namespace" in metadata else ""
    raise WorldError(
        f"{_name_of(each)} is still terminating after a minute. "
        f"'kubectl describe {each['kind'].lower()} {metadata['name']}{where}' shows what holds it."
    )


def _live_object(resource: Any, name: str, namespace: str | None) -> Any:
    """The live object; None if there is none."""
    try:
        return resource.get(name=name, namespace=namespace)
    except ApiException as error:
        if error.status == 404:
            return None
        raise


def _name_of(each: Mapping[str, Any]) -> str:
    metadata = each["metadata"]
    namespace = f"{metadata['namespace']}/" if "namespace" in metadata else ""
    return f"{each['kind']} {namespace}{metadata['name']}"


class _Explained:
    """Turns what the Kubernetes client raises into a message."""

    def __init__(self, doing: str) -> None:
        self._doing = doing

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, ApiException):
            raise WorldError(f"{self._doing}: {_answer(error)}") from error
        if isinstance(error, ConfigException):
            raise UserError(f"{self._doing}: {error} Check kubernetes.context.") from error
        if isinstance(error, OSError):
            raise WorldError(
                f"{self._doing}: {error.filename or 'the kubeconfig'} cannot be read: "
                f"{error.strerror or type(error).__name__}. Check kubernetes.kubeconfig."
            ) from error
        if isinstance(error, HTTPError):
            raise WorldError(
                f"{self._doing}: the API server cannot be reached ({type(error).__name__}). "
                "Check the kubeconfig's address and the network."
            ) from error


def _answer(error: ApiException) -> str:
    try:
        message = str(json_object("The answer", str(error.body))["message"])
    except (UserError, KeyError):
        message = str(error.reason)
    known = known_cause(message)
    return str(known) if known else f"{error.status}: {message}"
