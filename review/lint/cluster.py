"""What the API server takes, and shows to everybody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from federation.model.names import DISCOVERY_ROLE
from formats.escaping import quoted
from review.facts.estate import Estate
from review.lint.finding import Look, Seen

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


LOOKS: Mapping[str, Look] = {
    "sts-api-audience": _sts_api_audience,
    "anonymous-binding": _anonymous_binding,
    "anonymous-role": _anonymous_role,
}
