"""The least that anyone who deploys a federation needs in the cluster, as RBAC objects.

For what the stacks `discovery` and `workloads` make with Terraform's Kubernetes provider, or for
the same objects as manifests; exact for one configuration. RBAC cannot name an object that is about
to be made, so that `create` is for all of a kind (Kubernetes, "Using RBAC Authorization": referring
to resources). They grant, and name nobody: who gets them is the cluster's owner to say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from federation.keys.jwks import JWKS_PATH, OPENID_CONFIGURATION_PATH
from federation.model.config import ClusterConfig
from federation.model.names import DISCOVERY_BINDING, DISCOVERY_ROLE

_RBAC = "rbac.authorization.k8s.io"
_ON_NAMED = ("delete", "get", "patch")

Rule = dict[str, Any]


def cluster_rights(config: ClusterConfig) -> tuple[dict[str, Any], ...]:
    """The ClusterRole where one is needed, and a Role in each namespace.

    They have a name of the configuration: another one of the same cluster has its own.
    """
    made = {*config.namespaces_to_create}
    names = _names(config)
    rules = [*_of_cluster(config)]
    for namespace in sorted(made & names.keys()):
        # A Role cannot be there before its namespace is.
        rules += _of_namespace(config, names[namespace])
    roles = [_role(config, "ClusterRole", rules)] if rules else []
    roles += [
        _role(config, "Role", list(_of_namespace(config, names[namespace])), namespace)
        for namespace in sorted(names.keys() - made)
    ]
    return tuple(roles)


def lists_secrets(config: ClusterConfig) -> bool:
    """Whether Terraform lists the Secrets of a namespace in which it makes a service account.

    Before 1.24 the API server makes one for each, and the kubernetes provider waits for it.
    """
    minor = config.kubernetes.minor
    return config.kubernetes.apply == "terraform" and minor is not None and minor < 24


def lists_pods(config: ClusterConfig) -> bool:
    """Whether a deploy looks for running pods that keep an earlier environment."""
    return config.kubernetes.apply == "terraform" or config.kubernetes.context is not None


def _names(config: ClusterConfig) -> dict[str, dict[str, list[str]]]:
    """The names of the objects, by namespace and by kind."""
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for workload in config.workloads:
        found[workload.namespace]["configmaps"].append(workload.config_map)
        if lists_pods(config):
            found[workload.namespace]["pods"] = []
        if workload.service_account != "default":
            found[workload.namespace]["serviceaccounts"].append(workload.service_account)
            if lists_secrets(config):
                found[workload.namespace]["secrets"] = []
    for pod in config.test_pods:
        namespace, _, name = pod.partition("/")
        found[namespace]["pods"].append(name)
    return found


def _of_cluster(config: ClusterConfig) -> Iterator[Rule]:
    if config.kubernetes.context is not None:
        paths = [OPENID_CONFIGURATION_PATH, *([JWKS_PATH] if config.discovery.s3 else [])]
        yield {"nonResourceURLs": paths, "verbs": ["get"]}
    if config.discovery.exposure != "none":
        yield from _made(_RBAC, "clusterrolebindings", [DISCOVERY_BINDING])
        # Without it, only who may do what a role grants may bind it.
        yield _rule(_RBAC, "clusterroles", ["bind"], [DISCOVERY_ROLE])
    if config.namespaces_to_create:
        yield from _made("", "namespaces", config.namespaces_to_create)


def _of_namespace(config: ClusterConfig, kinds: dict[str, list[str]]) -> Iterator[Rule]:
    for kind in sorted(kinds):
        if kind == "secrets" or (kind == "pods" and lists_pods(config)):
            yield _rule("", kind, ["list"])
        if kinds[kind]:
            yield from _made("", kind, kinds[kind])


def _made(group: str, kind: str, names: Sequence[str]) -> Iterator[Rule]:
    yield _rule(group, kind, ["create"])
    yield _rule(group, kind, _ON_NAMED, sorted(names))


def _rule(group: str, kind: str, verbs: Sequence[str], names: Sequence[str] = ()) -> Rule:
    rule: Rule = {"apiGroups": [group], "resources": [kind], "verbs": list(verbs)}
    return rule | ({"resourceNames": list(names)} if names else {})


def _role(
    config: ClusterConfig, kind: str, rules: list[Rule], namespace: str | None = None
) -> dict[str, Any]:
    metadata = {"name": f"oidc-iam-deployer-{config.cluster}"}
    metadata |= {"namespace": namespace} if namespace else {}
    return {"apiVersion": f"{_RBAC}/v1", "kind": kind, "metadata": metadata, "rules": rules}
