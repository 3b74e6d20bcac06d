"""What roles let strangers do, and what of it gives them a cluster or a workload's role.

Pure. Rules match as the authorizer of Kubernetes matches them (`pkg/apis/rbac/v1/
evaluation_helpers.go`): `*` is any verb, group or resource, and `*/NAME` any resource with that
subresource. A malformed rule grants nothing there, and nothing here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")

ANONYMOUS = frozenset({"system:unauthenticated", "system:anonymous"})
"""The group and the user of requests without credentials."""

STRANGERS = ANONYMOUS | {"system:authenticated"}
"""The same with anyone who has any credentials, such as the token of any pod."""


@dataclass(frozen=True)
class Binding:
    """A binding that names strangers.

    Attributes:
        name: Its name.
        namespace: Where it counts; empty for the whole cluster.
        role: The kind and the name of the role.
        strangers: Those of `STRANGERS` that it names.
    """

    name: str
    namespace: str
    role: tuple[str, str]
    strangers: frozenset[str]

    @property
    def full_name(self) -> str:
        """`NAME`, or `NAMESPACE/NAME`."""
        return "/".join(filter(None, [self.namespace, self.name]))

    @property
    def is_anonymous(self) -> bool:
        """Whether it names requests without credentials."""
        return bool(self.strangers & ANONYMOUS)


@dataclass(frozen=True)
class _Power:
    """Something that strangers must not be able to do; one verb on one of the resources does it."""

    text: str
    groups: Collection[str]
    resources: Collection[str]
    verbs: Collection[str]


_CHANGE = ("create", "update", "patch", "delete", "deletecollection")
_WRITE = ("create", "update", "patch")
_EDIT = ("update", "patch")
_READ = ("get", "list", "watch")
_CONNECT = ("create", "get", "update", "patch", "delete")
_WORKLOADS = ("deployments", "daemonsets", "statefulsets", "replicasets")

_POWERS = (
    _Power("create tokens", ("",), ("serviceaccounts/token",), ("create",)),
    _Power(
        "impersonate others",
        ("", "authentication.k8s.io"),
        ("users", "groups", "serviceaccounts", "userextras", "uids", "nodes"),
        ("impersonate",),
    ),
    _Power(
        "approve certificates",
        ("certificates.k8s.io",),
        ("certificatesigningrequests/approval", "certificatesigningrequests/status"),
        _EDIT,
    ),
    _Power("approve certificates", ("certificates.k8s.io",), ("signers",), ("approve", "sign")),
    _Power("create or change pods", ("",), ("pods", "replicationcontrollers"), _CHANGE),
    _Power("create or change pods", ("apps", "extensions"), _WORKLOADS, _CHANGE),
    _Power("create or change pods", ("batch",), ("jobs", "cronjobs"), _CHANGE),
    _Power("create or change pods", ("",), ("pods/ephemeralcontainers",), _EDIT),
    _Power(
        "run commands in pods",
        ("",),
        ("pods/exec", "pods/attach", "pods/portforward", "pods/proxy", "services/proxy"),
        _CONNECT,
    ),
    _Power("run commands in pods", ("",), ("nodes/proxy",), _CONNECT),
    _Power("read secrets", ("",), ("secrets",), _READ),
    _Power(
        "change what workloads use",
        ("",),
        ("configmaps", "secrets", "serviceaccounts", "namespaces", "persistentvolumes"),
        _CHANGE,
    ),
    _Power("change nodes", ("",), ("nodes", "nodes/status"), _WRITE),
    _Power(
        "change roles",
        ("rbac.authorization.k8s.io",),
        ("roles", "clusterroles", "rolebindings", "clusterrolebindings"),
        (*_CHANGE, "bind", "escalate"),
    ),
    _Power(
        "intercept API requests",
        ("admissionregistration.k8s.io",),
        (
            "mutatingwebhookconfigurations",
            "validatingwebhookconfigurations",
            "mutatingadmissionpolicies",
            "mutatingadmissionpolicybindings",
            "validatingadmissionpolicies",
            "validatingadmissionpolicybindings",
        ),
        _CHANGE,
    ),
    _Power(
        "intercept API requests",
        ("apiregistration.k8s.io", "apiextensions.k8s.io"),
        ("apiservices", "customresourcedefinitions"),
        _CHANGE,
    ),
)
"""Each is a way to a token of a workload, or to its pods (Kubernetes, "Role Based Access Control
Good Practices", "Privilege escalation risks")."""

_NAMELESS = ("create", "deletecollection")
"""Requests for objects without a name, which a rule with `resourceNames` does not match."""


def binding(found: Mapping[str, Any]) -> Binding | None:
    """A ClusterRoleBinding or RoleBinding as the API has it; None if it names no stranger.

    Raises:
        KeyError, TypeError, AttributeError: it is not one.
    """
    subjects = found.get("subjects") or ()
    strangers = {str(each["name"]) for each in subjects if each.get("kind") != "ServiceAccount"}
    metadata, role = found["metadata"], found["roleRef"]
    if not strangers & STRANGERS:
        return None
    return Binding(
        str(metadata["name"]),
        str(metadata.get("namespace") or ""),
        (str(role.get("kind")), str(role["name"])),
        frozenset(strangers & STRANGERS),
    )


def rules_of(
    role: Mapping[str, Any], cluster_roles: Iterable[Mapping[str, Any]]
) -> tuple[Mapping[str, Any], ...]:
    """The rules of a role, with those that it takes from others by their labels (aggregation).

    A controller copies them; what it has yet to copy counts here already.
    """
    others = list(cluster_roles)
    found: list[Mapping[str, Any]] = []
    waiting, seen = [role], {name_of(role)}
    while waiting:
        each = waiting.pop()
        found += _only(dict, each.get("rules"))
        for other in others:
            if name_of(other) not in seen and _is_aggregated(each, other):
                seen.add(name_of(other))
                waiting.append(other)
    return tuple(found)


def powers(rules: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """What rules let one do that strangers must not; each once."""
    given = list(rules)
    return tuple(
        dict.fromkeys(
            power.text for power in _POWERS if any(_grants(rule, power) for rule in given)
        )
    )


def _grants(rule: Mapping[str, Any], power: _Power) -> bool:
    if not any(each in ("*", *power.groups) for each in _only(str, rule.get("apiGroups"))):
        return False
    is_named = bool(_only(str, rule.get("resourceNames")))
    return any(
        _covers(given, resource) and _does(verb, power.verbs)
        for resource in power.resources
        for given in _only(str, rule.get("resources"))
        for verb in _only(str, rule.get("verbs"))
        if not (is_named and verb in _NAMELESS and "/" not in resource)
    )


def _covers(given: str, resource: str) -> bool:
    if given in ("*", resource):
        return True
    name, _, subresource = resource.partition("/")
    if subresource and given == f"*/{subresource}":
        return True
    # 'userextras/KEY' is a resource for each key.
    return name == "userextras" and given.startswith("userextras/")


def _does(verb: str, wanted: Collection[str]) -> bool:
    """Whether a verb is one of these; there are several kinds of impersonation (KEP-5284)."""
    is_impersonation = "impersonate" in wanted and verb.startswith("impersonate")
    return verb == "*" or verb in wanted or is_impersonation


def _is_aggregated(role: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    aggregation = role.get("aggregationRule")
    selectors = aggregation.get("clusterRoleSelectors") if isinstance(aggregation, Mapping) else ()
    metadata = other.get("metadata")
    labels = metadata.get("labels") if isinstance(metadata, Mapping) else None
    labels = labels if isinstance(labels, Mapping) else {}
    return any(_selects(each, labels) for each in _only(dict, selectors))


def _selects(selector: Mapping[str, Any], labels: Mapping[str, Any]) -> bool:
    """Whether a label selector selects labels (Kubernetes, "Labels and Selectors")."""
    wanted = selector.get("matchLabels")
    by_value = wanted.items() if isinstance(wanted, Mapping) else ()
    return all(labels.get(key) == value for key, value in by_value) and all(
        _fits_expression(each, labels) for each in _only(dict, selector.get("matchExpressions"))
    )


def _fits_expression(expression: Mapping[str, Any], labels: Mapping[str, Any]) -> bool:
    key, values = str(expression.get("key")), _only(str, expression.get("values"))
    match expression.get("operator"):
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
        case _:
            return False


def name_of(role: Mapping[str, Any]) -> str:
    """The name of a role; empty if it has none."""
    metadata = role.get("metadata")
    return str(metadata.get("name")) if isinstance(metadata, Mapping) else ""


def _only(kind: type[T], value: Any) -> list[T]:
    """What is of a kind in a list, nothing if it is not a list."""
    return [each for each in value if isinstance(each, kind)] if isinstance(value, list) else []
