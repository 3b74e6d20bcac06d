"""How a role, a provider and their tags in IAM differ from the configured ones.

Pure: the checks of the layer `aws` and the drift judge the same comparison.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from doctor.live.account import LiveRole, Provider
from doctor.policies import PolicyDifference, differences
from federation.iam.trust_policy import role_trust_policy
from federation.model.config import ClusterConfig, Workload

_AWS_OWN = "aws:"
"""Tags whose keys begin so are AWS's own, and nobody else can set them (IAM user guide, "Rules for
tagging")."""


class Membership(NamedTuple):
    """A set that is live against the configured one; each list is sorted."""

    configured: list[str]
    missing: list[str]
    further: list[str]


class RoleSetting(NamedTuple):
    """A setting of a role, by its field in the configuration."""

    field: str
    live: str | int | None
    configured: str | int | None


def audiences(live: Provider, config: ClusterConfig) -> Membership:
    """The provider's client IDs against the configured audiences."""
    return _membership(live.audiences, config.audience)


def policies(attached: Collection[str], config: ClusterConfig, workload: Workload) -> Membership:
    """The ARNs of attached policies against the configured ones."""
    return _membership(
        attached, [config.policy_arn(each) for each in workload.role.managed_policy_arns]
    )


def tags(live: Mapping[str, str], configured: Mapping[str, str]) -> Membership:
    """The keys of tags that are missing or have another value, and of those not configured."""
    missing = [key for key, value in configured.items() if live.get(key) != value]
    further = [key for key in live if key not in configured and not key.startswith(_AWS_OWN)]
    return Membership(sorted(configured), sorted(missing), sorted(further))


def role_settings(live: LiveRole, config: ClusterConfig, workload: Workload) -> list[RoleSetting]:
    """The settings of a role besides its policies."""
    boundary = config.aws.permissions_boundary
    return [
        *(
            RoleSetting(f"role.{field}", live.settings[field], wanted)
            for field, wanted in workload.role.settings.items()
        ),
        RoleSetting("aws.permissions_boundary", live.permissions_boundary, boundary),
    ]


def trust(
    live: LiveRole, config: ClusterConfig, workload: Workload, provider_arn: str
) -> Iterator[PolicyDifference]:
    """Where a role's trust policy differs from the configured one."""
    return differences(live.trust, role_trust_policy(config, workload, provider_arn))


def _membership(live: Collection[str], configured: Collection[str]) -> Membership:
    missing, further = set(configured) - set(live), set(live) - set(configured)
    return Membership(sorted(set(configured)), sorted(missing), sorted(further))
