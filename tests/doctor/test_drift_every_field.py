"""Every field of the model, changed one at a time: drift if it is live, or a reason why it is not.

The fields are the model's own: a new one needs an entry here. A role's settings are compared by the
names of the model (`doctor.iam`), so that only an example is missing for a new one.
"""

from __future__ import annotations

from typing import Any

import pytest
from live_federation import LiveFederation

from doctor.drift.comparison import compare
from doctor.drift.places import is_drift
from federation.model.config import ClusterConfig
from federation.model.places import dotted, model_fields

POLICY = "arn:aws:iam::123456789012:policy/other"

LIVE: dict[str, Any] = {
    "cluster": "other",
    "issuer": "https://other.example.com",
    "audience": ["other"],
    "discovery.exposure": "none",
    "discovery.thumbprint": ["a" * 40],
    "aws.region": "eu-west-1",
    "aws.permissions_boundary": POLICY,
    "aws.tags": {"team": "other"},
    "kubernetes.test_pod_image": "other/aws-cli:2",
    "workloads.namespace": "other",
    "workloads.service_account": "other",
    "workloads.role.name": "other",
    "workloads.role.managed_policy_arns": ["ReadOnlyAccess"],
    "workloads.role.path": "/other/",
    "workloads.role.max_session_duration": 7200,
    "workloads.token_expiration_seconds": 7200,
    "workloads.trust": "audience-only",
    "workloads.test_pod": True,
}
"""Another value for each field that shows in the account or in the cluster."""

BUCKET = "a live bucket is compared in tests/doctor/test_drift_bucket.py"
CONNECTION = "where to connect from here"
STATE = "where Terraform keeps its state"
NOT_LIVE = {
    "discovery.hosting": BUCKET,
    "discovery.s3.bucket": BUCKET,
    "discovery.s3.keys": BUCKET,
    "discovery.s3.acm_certificate_arn": BUCKET,
    "discovery.endpoint": CONNECTION,
    "aws.account_id": "another account is not compared, and reported as not seen",
    "aws.oidc_provider": "who manages the provider; test_drift.py compares an adopted one",
    "aws.endpoint_url": CONNECTION,
    "aws.max_retries": "how Terraform retries",
    "kubernetes.apply": "what applies the objects, which are the same",
    "kubernetes.context": CONNECTION,
    "kubernetes.kubeconfig": CONNECTION,
    "kubernetes.version": "decides which settings of the API server are shown",
    "kubernetes.distribution": "decides where the settings of the API server are shown",
    "workloads.create_namespace": "who creates a namespace; the namespace is compared as an object",
    "backend.type": STATE,
    "backend.bucket": STATE,
    "backend.region": STATE,
    "backend.key_prefix": STATE,
    "lint.accept": "what reviewers accepted",
}

CHANGED_AT = {"workloads.test_pod": 1}
"""Which workload is changed, if not the first: that one has a test pod already."""


def with_example(config: ClusterConfig, field: str) -> ClusterConfig:
    document = config.model_dump(mode="json")
    *parts, last = field.split(".")
    part: Any = document
    for key in parts:
        part = part[key]
        part = part[CHANGED_AT.get(field, 0)] if key == "workloads" else part
    part[last] = LIVE[field]
    return ClusterConfig.model_validate(document, strict=False)


def test_every_field_is_live_or_has_a_reason() -> None:
    assert sorted([*LIVE, *NOT_LIVE]) == sorted(dotted(field.place) for field in model_fields())


@pytest.mark.parametrize("field", LIVE)
async def test_a_changed_field_is_drift(field: str, live: LiveFederation) -> None:
    assert is_drift(await compare(with_example(live.config, field)))
