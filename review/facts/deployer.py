"""The least that anyone who deploys a federation needs in AWS, as IAM policies.

For what the stacks make with Terraform's AWS provider, exact for one configuration: names instead
of wildcards wherever IAM lets one name things before they exist. In each resource and condition,
`*`, `?` and `$` of a name mean themselves: they are written as `${*}`, `${?}` and `${$}` (IAM user
guide, "IAM policy elements: Variables and tags", "Specifying wildcard characters":
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html). The actions are
those of the calls with which hashicorp/aws makes, reads, changes and removes each resource, and
Terraform keeps its state in S3 (Service Authorization Reference; recorded with `RECORDED_WITH`).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from federation.iam.trust_policy import ANY_ACCOUNT, size
from federation.keys.jwks import JWKS_PATH, OPENID_CONFIGURATION_PATH
from federation.model.config import Bucket, ClusterConfig, S3Backend

RECORDED_WITH = "5.100.0"
"""The version of hashicorp/aws."""

SIZE_LIMIT = 6144
"""Characters of a managed policy, white space not counted (IAM user guide, "IAM and AWS STS
quotas")."""

_ROOM = 2400
"""Characters of one list in a statement: two of them, and all else, are smaller than a policy."""

Statement = dict[str, Any]


def deployer_policies(config: ClusterConfig) -> tuple[dict[str, Any], ...]:
    """As few policies as IAM's limit of their size allows.

    `111111111111` stands for an account that neither the configuration nor the ARN of an adopted
    provider names.
    """
    policies: list[list[Statement]] = [[]]
    for statement in _numbered(list(_statements(config))):
        if size(_policy([*policies[-1], statement])) > SIZE_LIMIT:
            policies.append([])
        policies[-1].append(statement)
    return tuple(map(_policy, policies))


def _policy(statements: Sequence[Statement]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _numbered(statements: Sequence[Statement]) -> Iterator[Statement]:
    """The statements, those of one name told apart by numbers."""
    names = [statement["Sid"] for statement in statements]
    for at, (name, statement) in enumerate(zip(names, statements, strict=True)):
        number = names[: at + 1].count(name) if names.count(name) > 1 else ""
        yield {**statement, "Sid": f"{name}{number}"}


def _statements(config: ClusterConfig) -> Iterator[Statement]:
    yield from _provider(config)
    yield from _roles(config)
    if config.discovery.s3:
        yield from _bucket(config, config.discovery.s3)
        if config.discovery.s3.acm_certificate_arn:
            yield from _distribution(config)
    if isinstance(config.backend, S3Backend):
        yield from _state(config, config.backend)


def _provider(config: ClusterConfig) -> Iterator[Statement]:
    arn = config.provider_arn() or _arn(config, "iam", f"oidc-provider/{config.issuer_key}")
    if config.aws.oidc_provider != "create":
        yield _allow("ReadProvider", ["iam:GetOpenIDConnectProvider"], [arn])
        return
    actions = [
        "iam:AddClientIDToOpenIDConnectProvider",
        "iam:CreateOpenIDConnectProvider",
        "iam:DeleteOpenIDConnectProvider",
        "iam:GetOpenIDConnectProvider",
        "iam:RemoveClientIDFromOpenIDConnectProvider",
        "iam:UpdateOpenIDConnectProviderThumbprint",
    ]
    if config.aws.tags:
        actions += ["iam:TagOpenIDConnectProvider", "iam:UntagOpenIDConnectProvider"]
    yield _allow("ManageProvider", actions, [arn])


ROLE_UPDATES: Mapping[str, str | None] = {"path": None, "max_session_duration": "iam:UpdateRole"}
"""For each setting of a role the action by which the AWS provider changes it (its resource
`aws_iam_role`, update); None for what replaces the role."""


def _roles(config: ClusterConfig) -> Iterator[Statement]:
    bounded = ["iam:CreateRole"]
    condition = None
    if config.aws.permissions_boundary:
        bounded.append("iam:PutRolePermissionsBoundary")
        boundary = _literal(config.aws.permissions_boundary)
        condition = {"StringEquals": {"iam:PermissionsBoundary": boundary}}
    managed = [
        "iam:DeleteRole",
        "iam:DetachRolePolicy",
        "iam:GetRole",
        "iam:ListAttachedRolePolicies",
        "iam:ListInstanceProfilesForRole",
        "iam:ListRolePolicies",
        "iam:UpdateAssumeRolePolicy",
        *sorted({action for action in ROLE_UPDATES.values() if action}),
    ]
    if config.aws.tags:
        # Tags are given while a role is made, which IAM allows with TagRole alone.
        managed += ["iam:TagRole", "iam:UntagRole"]
    for arns in _parts(list(_role_arns(config).values())):
        yield _allow("CreateRoles", bounded, arns, condition)
        yield _allow("ManageRoles", managed, arns)
    for policies, arns in sorted(_attachments(config).items()):
        for part, some in product(_parts(arns), list(_parts(policies))):
            yield _allow(
                "AttachPolicies",
                ["iam:AttachRolePolicy"],
                part,
                {"ArnEquals": {"iam:PolicyARN": _one_or_many(some)}},
            )


def _parts(arns: Sequence[str]) -> Iterator[Sequence[str]]:
    part: list[str] = []
    for arn in arns:
        if part and sum(map(len, [*part, arn])) > _ROOM:
            yield part
            part = []
        part.append(arn)
    if part:
        yield part


def _role_arns(config: ClusterConfig) -> dict[str, str]:
    """By the workload's subject, in the order of the ARNs."""
    arns = {
        each.subject: _arn(config, "iam", f"role{_literal(each.role.path)}{config.role_name(each)}")
        for each in config.workloads
    }
    return dict(sorted(arns.items(), key=lambda item: item[1]))


def _literal(text: str) -> str:
    """A text of which a policy matches nothing else: `StringEquals` reads variables, and
    `ArnEquals` and resources read wildcards, too."""
    return re.sub(r"[*?$]", r"${\g<0>}", text)


def _attachments(config: ClusterConfig) -> dict[tuple[str, ...], list[str]]:
    """The roles that get the same policies, by those."""
    arns = _role_arns(config)
    found: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for each in sorted(config.workloads, key=lambda workload: arns[workload.subject]):
        policies = tuple(
            sorted(_literal(config.policy_arn(p)) for p in each.role.managed_policy_arns)
        )
        if policies:
            found[policies].append(arns[each.subject])
    return found


def _bucket(config: ClusterConfig, settings: Bucket) -> Iterator[Statement]:
    bucket = f"arn:{config.partition}:s3:::{settings.bucket}"
    paths = (OPENID_CONFIGURATION_PATH, JWKS_PATH)
    keys = [(config.issuer_key + path).partition("/")[2] for path in paths]
    actions = [
        "s3:CreateBucket",
        "s3:DeleteBucket",
        "s3:DeleteBucketPolicy",
        "s3:GetAccelerateConfiguration",
        "s3:GetBucketAcl",
        "s3:GetBucketCORS",
        "s3:GetBucketLogging",
        "s3:GetBucketObjectLockConfiguration",
        "s3:GetBucketOwnershipControls",
        "s3:GetBucketPolicy",
        "s3:GetBucketPublicAccessBlock",
        "s3:GetBucketRequestPayment",
        "s3:GetBucketTagging",
        "s3:GetBucketVersioning",
        "s3:GetBucketWebsite",
        "s3:GetEncryptionConfiguration",
        "s3:GetLifecycleConfiguration",
        "s3:GetReplicationConfiguration",
        "s3:ListBucket",
        "s3:ListBucketVersions",
        "s3:PutBucketOwnershipControls",
        "s3:PutBucketPolicy",
        "s3:PutBucketPublicAccessBlock",
        "s3:PutBucketVersioning",
    ]
    if config.aws.tags:
        actions.append("s3:PutBucketTagging")
    yield _allow("ManageBucket", actions, [bucket])
    objects = [
        "s3:DeleteObject",
        "s3:DeleteObjectVersion",
        "s3:GetObject",
        "s3:GetObjectTagging",
        "s3:PutObject",
    ]
    yield _allow("WriteDocuments", objects, [f"{bucket}/{key}" for key in keys])


def _distribution(config: ClusterConfig) -> Iterator[Statement]:
    # These are about nothing that is there, and IAM takes no other resource for them.
    making = ["cloudfront:CreateDistribution", "cloudfront:CreateOriginAccessControl"]
    yield _allow("MakeDistribution", making, ["*"])
    actions = [
        "cloudfront:DeleteDistribution",
        "cloudfront:DeleteOriginAccessControl",
        "cloudfront:GetDistribution",
        "cloudfront:GetOriginAccessControl",
        "cloudfront:ListTagsForResource",
        # The provider makes distributions with CreateDistributionWithTags, also without tags.
        "cloudfront:TagResource",
        "cloudfront:UpdateDistribution",
        "cloudfront:UpdateOriginAccessControl",
    ]
    if config.aws.tags:
        actions.append("cloudfront:UntagResource")
    kinds = ("distribution", "origin-access-control")
    yield _allow(
        "ManageDistribution",
        actions,
        [_arn(config, "cloudfront", f"{kind}/*") for kind in kinds],
    )


def _state(config: ClusterConfig, backend: S3Backend) -> Iterator[Statement]:
    """Terraform, "S3 backend": permissions, those for a lock file among them."""
    bucket = f"arn:{config.partition}:s3:::{backend.bucket}"
    states = [f"{bucket}/{backend.key_prefix}/{stack}.tfstate" for stack in config.stacks]
    yield _allow("FindState", ["s3:ListBucket"], [bucket])
    yield _allow("KeepState", ["s3:GetObject", "s3:PutObject"], states)
    yield _allow(
        "LockState",
        ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"],
        [f"{state}.tflock" for state in states],
    )


def _arn(config: ClusterConfig, service: str, resource: str) -> str:
    return f"arn:{config.partition}:{service}::{config.account_id or ANY_ACCOUNT}:{resource}"


def _allow(
    sid: str,
    actions: Sequence[str],
    resources: Sequence[str],
    condition: dict[str, Any] | None = None,
) -> Statement:
    statement: Statement = {
        "Sid": sid,
        "Effect": "Allow",
        "Action": _one_or_many(sorted(actions)),
        "Resource": _one_or_many(resources),
    }
    return statement | ({"Condition": condition} if condition else {})


def _one_or_many(values: Sequence[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else list(values)
