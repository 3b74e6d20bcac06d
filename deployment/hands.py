"""Which resources change hands between a state and a configuration, and so must not be destroyed.

The rule: what the configuration still refers to is not destroyed because something else manages it
from now on. And what it takes back is imported, if it was ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from deployment import applied
from deployment.cdktf.hands import (
    Configuration,
    FindHands,
    Hands,
    State,
    data,
    declared_resources,
    managed_resources,
)
from federation.errors import OidcIamError
from federation.model.config import ClusterConfig, bucket_url
from federation.model.names import DISCOVERY_BINDING
from federation.yaml import files

_PROVIDER = "aws_iam_openid_connect_provider.cluster"
_BINDING = f"kubernetes_cluster_role_binding_v1.{DISCOVERY_BINDING}"
_NAMESPACE = "kubernetes_namespace_v1"
_DISTRIBUTION = "aws_cloudfront_distribution.distribution"
_KINDS = {
    "kubernetes_cluster_role_binding_v1": "ClusterRoleBinding",
    "kubernetes_config_map_v1": "ConfigMap",
    "kubernetes_namespace_v1": "Namespace",
    "kubernetes_pod_v1": "Pod",
    "kubernetes_service_account_v1": "ServiceAccount",
}
_REFERENCE = re.compile(r"\$\{kubernetes_namespace_v1\.([\w-]+)\.metadata\[0\]\.name\}")


def hands_of(config: ClusterConfig, *, destroy: bool = False) -> FindHands:
    """Finds what changes hands when a configuration is deployed, or destroyed."""

    def find(_: str, state: State, configuration: Configuration) -> Hands:
        there, wanted = managed_resources(state), declared_resources(configuration)
        gone = {address: each for address, each in there.items() if address not in wanted}
        deletes = {_BINDING} & gone.keys() if _unbinds(config) else set[str]()
        stay = _resources_to_keep(config, gone, destroy=destroy) - deletes
        imports, notes = ({}, ()) if destroy else _taken_over(config, state, configuration)
        # In the order of the state, which is Terraform's own.
        return Hands(tuple(each for each in gone if each in stay), tuple(deletes), imports, notes)

    return find


def _unbinds(config: ClusterConfig) -> bool:
    """Whether a part of the run deletes the binding (`deployment.parts`), rather than Terraform."""
    return config.discovery.exposure == "none" and config.kubernetes.context is not None


def _resources_to_keep(
    config: ClusterConfig, gone: Mapping[str, Mapping[str, Any]], *, destroy: bool
) -> set[str]:
    """What has to stay of what Terraform would destroy."""
    stay = set()
    if gone.get(_PROVIDER, {}).get("arn") == config.aws.oidc_provider:
        stay.add(_PROVIDER)
    for address, each in gone.items():
        # A namespace takes all with it: only a destroy, which looks at what is in it, removes one.
        if address.startswith(f"{_NAMESPACE}.") and (not destroy or _is_theirs(config, each)):
            stay.add(address)
    if destroy:
        return stay
    if config.kubernetes.apply == "manifests":
        stay |= {address for address in gone if address.startswith("kubernetes_")}
    return stay | _serving_bucket(config, gone)


def _serving_bucket(config: ClusterConfig, gone: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """The bucket with all that belongs to it, if AWS still reads the documents at its address."""
    bucket = gone.get("aws_s3_bucket.documents")
    if bucket is None:
        return set()
    address = bucket_url(str(bucket["bucket"]), config.aws.region)
    hosts = gone.get(_DISTRIBUTION, {}).get("aliases") or ()
    if f"{config.issuer}/".startswith(f"{address}/") or config.issuer_host in hosts:
        return {each for each in gone if each.startswith(("aws_s3_", "aws_cloudfront_"))}
    return set()


def _taken_over(
    config: ClusterConfig, state: State, configuration: Configuration
) -> tuple[dict[str, str], tuple[str, ...]]:
    """What exists of ours and is Terraform's from now on: by address the ID to import it by."""
    new = {
        a: each
        for a, each in declared_resources(configuration).items()
        if a not in managed_resources(state)
    }
    imports = {}
    adopted = str(data(state, _PROVIDER).get("arn", ""))
    if _PROVIDER in new and adopted.partition(":oidc-provider/")[2] == config.issuer_key:
        imports[_PROVIDER] = adopted
    objects = dict(_objects(new))
    if not objects or not _may_exist(config):
        return imports, ()
    from deployment.manifests import ours  # takes a second

    try:
        existing = ours(config, objects.values())
    except OidcIamError as error:
        return imports, (f"Not known whether the objects in the cluster exist already: {error}",)
    for address, (kind, namespace, name) in objects.items():
        if (kind, namespace, name) in existing:
            imports[address] = f"{namespace}/{name}" if namespace else name
    return imports, ()


def _may_exist(config: ClusterConfig) -> bool:
    """Whether objects that Terraform does not have may be ours: of manifests, or forgotten."""
    known = applied.last(files.PROJECT, config.cluster)
    if known is None or known.kubernetes.apply == "manifests":
        return True
    return known.namespaces_to_create != config.namespaces_to_create


def _objects(
    new: Mapping[str, Mapping[str, Any]],
) -> Iterator[tuple[str, tuple[str, str | None, str]]]:
    """The Kubernetes objects among resources: address to kind, namespace and name."""
    for address, each in new.items():
        if kind := _KINDS.get(address.partition(".")[0]):
            metadata = each["metadata"]
            namespace = metadata.get("namespace")
            if namespace and (refers := _REFERENCE.fullmatch(namespace)):
                namespace = new.get(f"{_NAMESPACE}.{refers[1]}", {}).get("metadata", {}).get("name")
                if namespace is None:
                    continue  # the namespace is Terraform's, and so was what is in it
            yield address, (kind, namespace, metadata["name"])


def _is_theirs(config: ClusterConfig, namespace: Mapping[str, Any]) -> bool:
    """Whether the configuration uses a namespace that it does not make."""
    return str(namespace["metadata"][0]["name"]) in config.existing_namespaces
