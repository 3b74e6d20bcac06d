"""What the API server takes, and shows to everybody."""

from __future__ import annotations

from collections.abc import Iterator

from federation.model.names import DISCOVERY_ROLE
from formats.escaping import quoted
from review.facts.estate import Estate
from review.lint.finding import Rule, Seen

_STS = frozenset({"sts.amazonaws.com", "sts.amazonaws.com.cn"})
_HARMLESS = (DISCOVERY_ROLE, "system:public-info-viewer")
"""What Kubernetes itself binds to everybody, and what a federation does ("Using RBAC
Authorization", "Default roles and role bindings")."""


def _sts_api_audience(estate: Estate) -> Iterator[Seen]:
    handed_out = {
        value for each in estate.audiences if not each.of_api_server for value in each.values
    }
    for server in estate.audiences:
        if server.of_api_server:
            for audience in sorted((handed_out | _STS) & set(server.values)):
                yield Seen.of(server, f"{quoted(audience)} is among the API server's audiences.")


def _anonymous_binding(estate: Estate) -> Iterator[Seen]:
    for access in estate.anonymous:
        if access.avoidable:
            yield Seen.of(access, "every path is open to anonymous requests.")


def _anonymous_role(estate: Estate) -> Iterator[Seen]:
    for access in estate.anonymous:
        if access.role not in _HARMLESS:
            yield Seen.of(
                access, f"requests without credentials have the role {quoted(access.role)}."
            )


RULES = (
    Rule(
        "sts-api-audience",
        "error",
        "The API server takes the tokens that are meant for AWS",
        "Whoever receives such a token, AWS or a proxy on the way, can log in to the cluster as "
        "the service account.",
        "Leave the audience out of --api-audiences: STS does not need it there.",
        "Kubernetes, kube-apiserver --api-audiences; KEP-1205",
        _sts_api_audience,
    ),
    Rule(
        "anonymous-binding",
        "warning",
        "Anonymous requests are not restricted to the discovery documents",
        "Anonymous authentication is on for every path, and any other binding to "
        "system:unauthenticated opens more. This version of Kubernetes can restrict anonymous "
        "requests to single paths.",
        "Write 'exposure: authentication-config' below discovery ('python -m wizard apiserver' "
        "shows the file).",
        "KEP-4633, AuthenticationConfiguration.anonymous.conditions",
        _anonymous_binding,
    ),
    Rule(
        "anonymous-role",
        "error",
        "Requests without credentials have another role than reading the discovery documents",
        "Whoever reaches the API server has the permissions of this role.",
        f"Bind system:unauthenticated to {DISCOVERY_ROLE} alone.",
        "Kubernetes, 'Using RBAC Authorization'",
        _anonymous_role,
    ),
)
