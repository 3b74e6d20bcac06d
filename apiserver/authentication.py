"""The `AuthenticationConfiguration` that lets anonymous requests at a few paths only (KEP-4633).

For `discovery.exposure: authentication-config`: `python -m wizard apiserver` shows the document
and what goes with it. It comes with the ClusterRoleBinding of the `discovery` stack, not instead
of it, since an allowed path still needs permission. Pure: what is configured, and what the API
server's file says now, come in as data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from federation.errors import UserError
from federation.model.config import ANONYMOUS_PATHS_MINOR

DISCOVERY_PATHS = ("/.well-known/openid-configuration", "/openid/v1/jwks")
HEALTH_PATHS = ("/livez", "/readyz", "/healthz")
"""What load balancers and the kubelet's probes ask without credentials."""
CLUSTER_INFO_PATH = "/api/v1/namespaces/kube-public/configmaps/cluster-info"
"""What `kubeadm join` reads before it has credentials."""

_GROUP = "apiserver.config.k8s.io"
_KIND = "AuthenticationConfiguration"
_BETA_MINOR = 32
_GA_MINOR = 34


def authentication_configuration(
    minor: int | None, existing: Mapping[str, Any] | None = None, *, uses_kubeadm: bool = True
) -> dict[str, Any]:
    """The document for `--authentication-config`.

    Args:
        minor: the minor version of the API servers. If it is not known the document has a form
            that every version takes which can restrict paths.
        existing: what the file says now; its `jwt` authenticators, its form and the paths that it
            allows are kept.
        uses_kubeadm: whether nodes join with kubeadm, or may do.

    Raises:
        UserError: the existing document is another one, or turns anonymous requests off.
    """
    kept = dict(existing or {})
    _check(kept)
    joining = (CLUSTER_INFO_PATH,) if uses_kubeadm else ()
    paths = dict.fromkeys([*_allowed_paths(kept), *DISCOVERY_PATHS, *HEALTH_PATHS, *joining])
    return {
        "apiVersion": f"{_GROUP}/{authentication_form(minor)}",
        "kind": _KIND,
        **kept,
        "anonymous": {"enabled": True, "conditions": [{"path": path} for path in paths]},
    }


def authentication_form(minor: int | None) -> str:
    """`v1` came with 1.34; `v1beta1` with 1.30, and later versions take it as well."""
    return "v1" if minor is not None and minor >= _GA_MINOR else "v1beta1"


def feature_gates(minor: int | None) -> tuple[str, ...]:
    """The `--feature-gates` that the document needs: one in 1.31, which has it as alpha."""
    alpha = minor is not None and ANONYMOUS_PATHS_MINOR <= minor < _BETA_MINOR
    return ("AnonymousAuthConfigurableEndpoints=true",) if alpha else ()


def _allowed_paths(existing: Mapping[str, Any]) -> Iterator[str]:
    """The paths that a document allows already."""
    anonymous = existing.get("anonymous") or {}
    conditions = (anonymous.get("conditions") or []) if isinstance(anonymous, Mapping) else None
    paths = [
        each.get("path") if isinstance(each, Mapping) else None
        for each in (conditions if isinstance(conditions, list) else [None])
    ]
    for path in paths:
        if not isinstance(path, str) or not path.startswith("/"):
            raise UserError(
                "The file of --authentication-config has an 'anonymous.conditions' that is not a "
                "list of '- path: /PATH'."
            )
        yield path


def _check(existing: Mapping[str, Any]) -> None:
    if not existing:
        return
    version, _, _ = str(existing.get("apiVersion")).partition("/")
    if version != _GROUP or existing.get("kind") != _KIND:
        raise UserError(
            f"The file of --authentication-config is not an {_KIND} of {_GROUP}: it has apiVersion "
            f"{existing.get('apiVersion')!r} and kind {existing.get('kind')!r}."
        )
    anonymous = existing.get("anonymous")
    if isinstance(anonymous, Mapping) and anonymous.get("enabled") is False:
        raise UserError(
            "The file of --authentication-config turns anonymous requests off. To let AWS read "
            "the two documents, set 'anonymous.enabled: true' in it and run this again."
        )
