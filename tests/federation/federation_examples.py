"""Configurations that the tests of this room start from."""

from __future__ import annotations

from typing import Any

from federation.model.config import ClusterConfig
from federation.yaml.files import validate

MINIMAL: dict[str, Any] = {
    "cluster": "prod",
    "issuer": "https://oidc.example.com",
    "aws": {"region": "eu-west-1"},
    "kubernetes": {"context": "prod"},
    "workloads": [{"namespace": "default", "service_account": "app"}],
}
"""What a person must write, and nothing more."""


def configured(**changes: Any) -> ClusterConfig:
    """The minimal configuration with some of its keys replaced."""
    return validate(MINIMAL | changes)


def with_workloads(*workloads: dict[str, Any], **changes: Any) -> ClusterConfig:
    """The minimal configuration with these workloads; each has a namespace and an account."""
    given = [{"namespace": "default", "service_account": "app"} | each for each in workloads]
    return configured(workloads=given, **changes)
