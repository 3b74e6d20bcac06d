"""What a policy allows, as far as it can be told from its text: actions and resources.

Reads identity and resource policies leniently, unlike `federation.iam.policy_document` trust
policies: a reviewer wants to know what is in them even where IAM would refuse something else.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

ESCALATIONS = (
    "iam:AddUserToGroup",
    "iam:AttachGroupPolicy",
    "iam:AttachRolePolicy",
    "iam:AttachUserPolicy",
    "iam:CreateAccessKey",
    "iam:CreateLoginProfile",
    "iam:CreatePolicyVersion",
    "iam:DeleteRolePermissionsBoundary",
    "iam:PassRole",
    "iam:PutGroupPolicy",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
    "iam:PutUserPolicy",
    "iam:SetDefaultPolicyVersion",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateLoginProfile",
    "sts:AssumeRole",
)
"""Actions with which anyone who has them everywhere can get more than was given to them (Rhino
Security Labs, "AWS IAM Privilege Escalation"; Service Authorization Reference, "Actions, resources,
and condition keys for AWS Identity and Access Management")."""

CONTENTS = (
    "s3:GetObject",
    "secretsmanager:GetSecretValue",
    "ssm:GetParameter",
    "ssm:GetParameters",
    "ssm:GetParametersByPath",
)
"""Actions of AWS's level 'Read' that hand out data and secrets themselves (Cloudsplaining, "Data
Exfiltration")."""


@dataclass(frozen=True)
class Allowance:
    """What one statement allows.

    Attributes:
        actions: As written, sorted.
        excludes_actions: Whether they are those of `NotAction`: everything else is allowed.
        resources: As written, sorted; `*` where the statement names those that it is not about.
        conditional: Whether a condition has to hold.
        everybody: Whether its principal is everybody (policies of resources).
    """

    actions: tuple[str, ...]
    excludes_actions: bool
    resources: tuple[str, ...]
    conditional: bool
    everybody: bool

    @property
    def everywhere(self) -> bool:
        """Whether it is about every resource."""
        return any(_EVERY_RESOURCE.fullmatch(resource) for resource in self.resources)

    @property
    def is_administration(self) -> bool:
        """Whether it allows everything, everything but a few things, or everything with IAM."""
        if not self.everywhere or self.conditional:
            return False
        return self.excludes_actions or any(
            _STARS.sub("*", action.lower()) in ("*", "*:*", "iam:*") for action in self.actions
        )

    @property
    def escalations(self) -> tuple[str, ...]:
        """Those of `ESCALATIONS` that it allows everywhere, whatever the circumstances."""
        if not self.everywhere or self.conditional:
            return ()
        return tuple(action for action in ESCALATIONS if self.allows(action))

    @property
    def contents(self) -> tuple[str, ...]:
        """Those of `CONTENTS` that it allows everywhere, whatever the circumstances."""
        if not self.everywhere or self.conditional:
            return ()
        return tuple(action for action in CONTENTS if self.allows(action))

    @property
    def whole_services(self) -> tuple[str, ...]:
        """Services with which it allows everything everywhere, as `s3:*`."""
        if not self.everywhere or self.conditional or self.excludes_actions:
            return ()
        return tuple(action for action in self.actions if action.endswith(":*"))

    def allows(self, action: str) -> bool:
        """Whether it is about an action; the names of actions ignore case."""
        return naming(self.actions)(action) != self.excludes_actions


@dataclass(frozen=True)
class Judgement:
    """What stands out in a policy, by its text; the linter and the document for reviewers ask here.

    Attributes:
        administration: The statements that allow nearly everything.
        escalations: Those of `ESCALATIONS` that it allows everywhere.
        whole_services: Services with which it allows everything everywhere, as `s3:*`.
        contents: Those of `CONTENTS` that it allows everywhere.
    """

    administration: tuple[Allowance, ...]
    escalations: tuple[str, ...]
    whole_services: tuple[str, ...]
    contents: tuple[str, ...]

    @property
    def is_escalation(self) -> bool:
        """Whether it lets an identity take more, unless it has nearly everything anyway."""
        return bool(self.escalations) and not self.administration

    @property
    def is_whole_service(self) -> bool:
        """Whether it allows everything with a service, unless it has nearly everything anyway."""
        return bool(self.whole_services) and not self.administration


def judge(policy: Mapping[str, Any]) -> Judgement:
    allowed = list(allowances(policy))
    return Judgement(
        tuple(each for each in allowed if each.is_administration),
        _union(each.escalations for each in allowed),
        _union(each.whole_services for each in allowed),
        _union(each.contents for each in allowed),
    )


def _union(several: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(sorted({action for actions in several for action in actions}))


@functools.lru_cache(maxsize=256)
def naming(patterns: tuple[str, ...]) -> Callable[[str], bool]:
    """Whether one of some patterns matches an action; the names of actions ignore case."""
    every = [pattern.lower() for pattern in patterns]
    whole = {pattern for pattern in every if not _WILDCARD.search(pattern)}
    begun = tuple(pattern[:-1] for pattern in every if _BEGINNING.fullmatch(pattern))
    rest = [p for p in every if p not in whole and not _BEGINNING.fullmatch(p)]
    expression = re.compile("|".join(map(_expression, rest))) if rest else None

    def is_named(action: str) -> bool:
        lower = action.lower()
        return (
            lower in whole
            or lower.startswith(begun)
            or (expression is not None and expression.fullmatch(lower) is not None)
        )

    return is_named


def allowances(policy: Mapping[str, Any]) -> Iterator[Allowance]:
    """What the `Allow` statements of a policy allow."""
    for statement in _as_list(policy.get("Statement")):
        if isinstance(statement, Mapping) and statement.get("Effect") == "Allow":
            yield Allowance(
                _texts(statement.get("Action", statement.get("NotAction"))),
                "Action" not in statement,
                _texts(statement.get("Resource")) or ("*",),
                bool(statement.get("Condition")),
                _is_everybody(statement.get("Principal")),
            )


def _expression(pattern: str) -> str:
    return re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")


_WILDCARD = re.compile(r"[*?]")
_BEGINNING = re.compile(r"[^*?]*\*")
_STARS = re.compile(r"\*+")
_EVERY_RESOURCE = re.compile(r"[*:]*\*|arn:(aws[a-z-]*|\*):iam::[^:]*:(\*|(role|user|policy)/\*)")


def _is_everybody(principal: Any) -> bool:
    names = principal.values() if isinstance(principal, Mapping) else [principal]
    return any("*" in _texts(name) for name in names)


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(sorted(each for each in _as_list(value) if isinstance(each, str)))


def _as_list(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list | tuple) else [value]
