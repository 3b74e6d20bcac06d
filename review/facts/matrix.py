"""Who trusts whom, and who may do what: the rows of a review's matrix, and the marks in them.

Computed from a configuration alone. AWS's managed policies are read from
`review.facts.aws_managed`; of an organisation's own the names are all there is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from federation.iam.trust_policy import DEFAULT_SIZE_QUOTA, role_trust_policy, size
from federation.model.config import ClusterConfig, Workload
from review.facts import aws_managed
from review.facts.configured import name
from review.facts.permissions import Allowance, Judgement, allowances, judge

Mark = Literal["administration", "privilege escalation", "whole service"]
"""What a reviewer looks for in a policy, the weightiest first; see `review.facts.permissions`."""


@dataclass(frozen=True)
class Ability:
    """What a policy allows with one service.

    Attributes:
        service: The prefix of its actions, such as `s3`; `*` for all services.
        actions: Patterns without the prefix, sorted; where `excludes`, with it.
        excludes: Whether everything but these actions is allowed.
        everywhere: Whether on every resource.
        conditional: Whether a condition has to hold.
    """

    service: str
    actions: tuple[str, ...]
    excludes: bool
    everywhere: bool
    conditional: bool


@dataclass(frozen=True)
class PolicySummary:
    """A policy that is attached to a role.

    Attributes:
        arn: Its ARN.
        abilities: What it allows, by service; None where its text is not known here.
        marks: What stands out in it.
        escalations: The actions behind the mark `privilege escalation`.
        contents: The actions that hand out data and secrets, on every resource.
    """

    arn: str
    abilities: tuple[Ability, ...] | None
    marks: tuple[Mark, ...]
    escalations: tuple[str, ...]
    contents: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Its name with its path; one of AWS's and one of the account may have the same."""
        return self.arn.rpartition(":policy/")[2]

    @property
    def is_of_aws(self) -> bool:
        """Whether it is one that AWS writes, for every account."""
        return ":iam::aws:policy/" in self.arn


@dataclass(frozen=True)
class Row:
    """One line of trust: from a service account to what its pods may do.

    Attributes:
        workload: `NAMESPACE/SERVICE_ACCOUNT`.
        subject: The subject that is let in; None where any of the issuer's is.
        audiences: The audiences that are let in, the pods' own first.
        issuer: The cluster's issuer.
        provider_arn: The provider's ARN, `111111111111` standing for an account that is not
            configured.
        role: The role's path and name.
        policies: What the role may do, by ARN.
        boundary: The ARN of the permissions boundary.
        session_seconds: The longest session.
        token_seconds: The life of the projected token.
        trust_policy: The role's trust policy.
        characters: How many of its characters count towards the quota.
        quota: How many an account takes unless it asked for more.
    """

    workload: str
    subject: str | None
    audiences: tuple[str, ...]
    issuer: str
    provider_arn: str
    role: str
    policies: tuple[PolicySummary, ...]
    boundary: str | None
    session_seconds: int
    token_seconds: int
    trust_policy: Mapping[str, Any]
    characters: int
    quota: int = DEFAULT_SIZE_QUOTA

    @property
    def role_name(self) -> str:
        """The role as people write it: its name, after its path where it has one."""
        return self.role.removeprefix("/")


Documents = Callable[[str], Mapping[str, Any] | None]
"""The text of an AWS managed policy by its path and name, None where it is not known."""


def matrix(config: ClusterConfig, documents: Documents = aws_managed.document) -> tuple[Row, ...]:
    """A row for each workload, by its name."""
    attached = {
        config.policy_arn(each)
        for workload in config.workloads
        for each in workload.role.managed_policy_arns
    }
    summaries = {arn: summarize(arn, documents) for arn in attached}
    rows = (_row(config, workload, summaries) for workload in config.workloads)
    return tuple(sorted(rows, key=lambda row: row.workload))


def summarize(arn: str, documents: Documents = aws_managed.document) -> PolicySummary:
    """What stands out in a policy, as far as its text is known."""
    unknown = PolicySummary(arn, None, (), ())
    document = documents(unknown.name) if unknown.is_of_aws else None
    if document is None:
        return unknown
    judgement = judge(document)
    return PolicySummary(
        arn,
        _abilities(allowances(document)),
        _marks(judgement),
        judgement.escalations,
        judgement.contents,
    )


def _row(config: ClusterConfig, workload: Workload, summaries: Mapping[str, PolicySummary]) -> Row:
    policy = role_trust_policy(config, workload)
    arns = sorted(config.policy_arn(each) for each in workload.role.managed_policy_arns)
    return Row(
        workload=name(workload),
        subject=workload.subject if workload.trust == "service-account" else None,
        audiences=config.audience,
        issuer=config.issuer,
        provider_arn=policy["Statement"][0]["Principal"]["Federated"],
        role=f"{workload.role.path}{config.role_name(workload)}",
        policies=tuple(summaries[arn] for arn in arns),
        boundary=config.aws.permissions_boundary,
        session_seconds=workload.role.max_session_duration,
        token_seconds=workload.token_expiration_seconds,
        trust_policy=policy,
        characters=size(policy),
    )


def _marks(judgement: Judgement) -> tuple[Mark, ...]:
    found: dict[Mark, bool] = {
        "administration": bool(judgement.administration),
        "privilege escalation": judgement.is_escalation,
        "whole service": judgement.is_whole_service,
    }
    return tuple(mark for mark, there in found.items() if there)


def _abilities(allowed: Iterable[Allowance]) -> tuple[Ability, ...]:
    """What is allowed, the actions of one service and of like circumstances together."""
    gathered: dict[tuple[str, bool, bool], set[str]] = defaultdict(set)
    found = []
    for each in allowed:
        if each.excludes_actions:
            found.append(Ability("*", each.actions, True, each.everywhere, each.conditional))
            continue
        for action in each.actions:
            service, _, rest = action.partition(":")
            gathered[service.lower(), each.everywhere, each.conditional].add(rest or "*")
    found += [
        Ability(service, tuple(sorted(actions)), False, everywhere, conditional)
        for (service, everywhere, conditional), actions in gathered.items()
    ]
    return tuple(sorted(found, key=_order))


def _order(ability: Ability) -> tuple[str, bool, bool, bool, tuple[str, ...]]:
    return (
        ability.service,
        ability.excludes,
        ability.everywhere,
        ability.conditional,
        ability.actions,
    )
