"""The trust policy of a role, built as data.

`stacks.identity` writes it into Terraform, `federation.iam.evaluation` decides with it, the reports
count and show it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from federation.model.config import ClusterConfig, Workload

ANY_ACCOUNT = "1" * 12
"""Stands for an account that is not known; each has as many digits."""

DEFAULT_SIZE_QUOTA = 2048
"""Characters of a trust policy, white space not counted, before an account's quota is raised
(IAM user guide, "IAM and AWS STS quotas"; the account's own is `AssumeRolePolicySizeQuota`)."""


def trust_policy(
    provider_arn: str, issuer_key: str, audiences: Sequence[str], subject: str | None
) -> dict[str, Any]:
    """Let one service account, or with no subject any of the cluster, assume a role.

    `StringEquals` on `aud` and `sub` is what AWS recommends ("Create a role for OpenID Connect
    federation", IAM user guide): without `sub` every pod of the cluster that can ask for the
    audience may assume the role.

    Args:
        provider_arn: ARN of the OIDC provider, or a Terraform reference to it.
        issuer_key: the issuer without `https://`.
        audiences: the audiences that are let in.
        subject: `system:serviceaccount:NAMESPACE:NAME`, or None for any subject.
    """
    equals: dict[str, Any] = {f"{issuer_key}:aud": _one_or_many(audiences)}
    if subject is not None:
        equals[f"{issuer_key}:sub"] = subject
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Federated": provider_arn},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {"StringEquals": equals},
            }
        ],
    }


def role_trust_policy(
    config: ClusterConfig, workload: Workload, provider_arn: str | None = None
) -> dict[str, Any]:
    """The trust policy of a workload's role.

    Args:
        config: The federation.
        workload: Whose role it is.
        provider_arn: ARN of the OIDC provider, or a Terraform reference to it; None is the one that
            the configuration leads to, with `ANY_ACCOUNT` where it names none.
    """
    derived = config.provider_arn() or (
        f"arn:{config.partition}:iam::{ANY_ACCOUNT}:oidc-provider/{config.issuer_key}"
    )
    subject = workload.subject if workload.trust == "service-account" else None
    return trust_policy(provider_arn or derived, config.issuer_key, config.audience, subject)


def size(policy: dict[str, Any]) -> int:
    """Characters that count towards the quota: those of the JSON that are not white space."""
    return sum(not character.isspace() for character in json.dumps(policy, ensure_ascii=False))


def _one_or_many(values: Sequence[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else list(values)
