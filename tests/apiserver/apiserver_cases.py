"""Federations and plans that the tests of this room begin with."""

from __future__ import annotations

from typing import Any

from apiserver.distribution import Goal
from apiserver.distributions import DISTRIBUTIONS
from apiserver.plan import FlagPlan, plan
from apiserver.settings import Settings
from federation.model.config import ClusterConfig

ISSUER = "https://oidc.example.com"
OLD = "https://kubernetes.default.svc.cluster.local"
JWKS = f"{ISSUER}/openid/v1/jwks"


def config(**changes: Any) -> ClusterConfig:
    """A federation; `version`, `distribution`, `exposure`, `issuer` and `audience` may differ, and
    a `bucket` of that name may serve the documents."""
    kubernetes = {
        name: changes.get(name) for name in ("version", "distribution") if changes.get(name)
    }
    return ClusterConfig.model_validate(
        {
            "cluster": "prod",
            "issuer": _issuer(changes),
            "audience": changes.get("audience", "sts.amazonaws.com"),
            "discovery": {"exposure": changes.get("exposure", "binding"), **_hosting(changes)},
            "aws": {"region": "eu-west-1"},
            "kubernetes": {"context": "prod", **kubernetes},
            "workloads": [{"namespace": "default", "service_account": "web"}],
        }
    )


def _issuer(changes: dict[str, Any]) -> str:
    bucket = changes.get("bucket")
    own = f"https://{bucket}.s3.eu-west-1.amazonaws.com" if bucket else ISSUER
    return str(changes.get("issuer", own))


def _hosting(changes: dict[str, Any]) -> dict[str, Any]:
    bucket = changes.get("bucket")
    return {"hosting": "s3", "s3": {"bucket": bucket, "keys": ["sa.pub"]}} if bucket else {}


def goal(
    distribution: str = "plain",
    schema: str | None = None,
    *,
    kept: tuple[str, ...] = (),
    new: bool = False,
    version: str = "1.34",
    **changes: Any,
) -> Goal:
    """What a federation asks of a distribution; its first form by default."""
    own = DISTRIBUTIONS[distribution]
    form = next(each for each in own.schemas if schema in (None, each.name))
    wanted = config(distribution=distribution, version=version, **changes)
    return Goal(wanted, own, form, kept, new)


def planned(before: Settings | None = None, *arguments: Any, **changes: Any) -> FlagPlan:
    """The plan for a goal of these arguments."""
    return plan(goal(*arguments, **changes), before)
