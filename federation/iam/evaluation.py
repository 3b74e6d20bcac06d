"""Whether a role's trust policy lets a token in, decided as AWS decides it and without AWS.

Takes a trust policy (a live role's, ours or anybody's) and the claims of a token; gives a verdict
with its reasons to the doctor, to `wizard trust` and to the sandbox's STS. Only the policy is
evaluated: whether the token is genuine, unexpired and meant for the provider comes before it.
Source: AWS IAM User Guide, "Policy evaluation logic", and the pages that the modules behind it name
(`policy_document`, `policy_condition` and `request_context`, next to this).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from federation.iam.policy_condition import Condition, Outcome, Quantifier
from federation.iam.policy_document import Statement, parse_policy, read_statements
from federation.iam.policy_pattern import like, wildcards
from federation.iam.request_context import (
    ContextValues,
    RequestContext,
    request_context,
    token_issuer,
)
from formats.escaping import enumeration, listed, quoted

__all__ = ["Decision", "evaluate", "parse_policy", "provider_issuer"]


@dataclass(frozen=True)
class Decision:
    """The verdict on a token.

    Attributes:
        allowed: Whether the policy lets the token in.
        statement: Index of the statement that lets it in, or of the `Deny` that refuses it; `None`
            where no statement does either.
        reasons: Why it is not let in: a line for each part of a statement that does not hold, with
            what was seen and what was expected. Empty where it is let in.
    """

    allowed: bool
    statement: int | None
    reasons: tuple[str, ...] = ()


def evaluate(
    policy: Mapping[str, Any],
    claims: Mapping[str, Any],
    *,
    federated: str | None = None,
    context: ContextValues | None = None,
) -> Decision:
    """Decide whether a trust policy lets a token call sts:AssumeRoleWithWebIdentity.

    A condition that depends on what only AWS sees, such as `aws:SourceIp`, counts against the
    token: an `Allow` with it does not let in, a `Deny` with it refuses. `context` makes it known.

    Args:
        policy: The trust policy, as `parse_policy` returns it.
        claims: The claims of the token; `iss` is required.
        federated: ARN of the provider, where known; otherwise any provider of the token's issuer
            stands for it.
        context: Further condition keys of the call, such as `aws:CurrentTime` (ISO 8601).

    Raises:
        UserError: IAM does not accept the policy, or the claims are not a token's.
    """
    statements = read_statements(policy)
    issuer = token_issuer(claims)
    if issuer is None:
        reason = f"The token's issuer {claims['iss']!r} does not begin with 'https://'."
        return Decision(False, None, (reason,))
    call = _Call(issuer, federated, request_context(issuer, claims, context or {}))
    return call.decide(statements)


def provider_issuer(arn: str) -> str | None:
    """Return the issuer that the ARN of an OIDC provider names, `None` for any other name."""
    match = _PROVIDER_ARN.fullmatch(arn)
    return match["issuer"] if match else None


def web_identity_issuer(name: str) -> str | None:
    """The issuer of a Federated principal: of an OIDC provider's ARN, or a provider of AWS's own.

    `None` for any other name, such as the ARN of a SAML provider.
    """
    return name if name in _BUILT_IN_PROVIDERS else provider_issuer(name)


_ACTION = "sts:AssumeRoleWithWebIdentity"
_EVERYONE = "*"
_SERVICES = ("aws", "iam", "sts")
_BUILT_IN_PROVIDERS = frozenset(
    {
        "accounts.google.com",
        "cognito-identity.amazonaws.com",
        "graph.facebook.com",
        "www.amazon.com",
    }
)
"""Providers that a policy names without an ARN ("AWS JSON policy elements: Principal")."""
_PROVIDER_ARN = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:oidc-provider/(?P<issuer>.+)")


@dataclass(frozen=True)
class _Call:
    """One call of the action, by the holder of a token."""

    issuer: str
    federated: str | None
    context: RequestContext

    def decide(self, statements: Iterable[Statement]) -> Decision:
        """Look for a Deny first, then for an Allow: an explicit Deny overrides every Allow."""
        reasons: list[str] = []
        for statement in sorted(statements, key=lambda one: not one.denies):
            if not statement.denies:
                unmet = tuple(self._unmet(statement))
                if not unmet:
                    return Decision(True, statement.index)
                reasons += (f"{statement.label}: {reason}" for reason in unmet)
            elif self._may_apply(statement):
                return Decision(False, statement.index, (self._denial(statement),))
        return Decision(False, None, tuple(reasons) or (f"No statement allows {_ACTION}.",))

    def _may_apply(self, statement: Statement) -> bool:
        return (
            self._is_principal(statement)
            and names_web_identity_action(statement)
            and all(c.outcome(self.context) is not Outcome.FAILS for c in statement.conditions)
        )

    def _denial(self, statement: Statement) -> str:
        unknown = [key for c in statement.conditions for key in c.unknown_keys(self.context)]
        if unknown:
            keys = ", ".join(dict.fromkeys(unknown))
            return f"{statement.label}: may deny it: AWS alone knows {keys}; give it as context."
        held = (f"{self._seen(c)}, asked for {_wanted(c)}" for c in statement.conditions)
        return f"{statement.label}: denies it" + "".join(f"; {one}" for one in held) + "."

    def _unmet(self, statement: Statement) -> Iterable[str]:
        if not self._is_principal(statement):
            yield self._principal_mismatch(statement)
        if not names_web_identity_action(statement):
            name = "NotAction" if statement.excludes_actions else "Action"
            yield f"{name} is {listed(statement.actions)}: {_ACTION} is not allowed."
        for condition in statement.conditions:
            if condition.outcome(self.context) is not Outcome.HOLDS:
                yield f"{self._seen(condition)}, expected {_wanted(condition)}."

    def _is_principal(self, statement: Statement) -> bool:
        return any(self._is(kind, name) for kind, name in statement.principals)

    def _is(self, kind: str, name: str) -> bool:
        """Whether a principal stands for the token's provider.

        `*` and `{"AWS": "*"}` are everyone; no other name has wildcards.
        """
        if name == _EVERYONE:
            return kind in ("*", "AWS", "Federated")
        if kind != "Federated":
            return False
        if name in _BUILT_IN_PROVIDERS:
            return name == self.issuer
        return provider_issuer(name) == self.issuer and self.federated in (None, name)

    def _principal_mismatch(self, statement: Statement) -> str:
        trusted = enumeration([f"{kind} {quoted(name)}" for kind, name in statement.principals])
        expected = repr(self.federated) if self.federated else f"of the issuer {self.issuer!r}"
        return f"Principal is {trusted}: the token's provider is {expected}."

    def _seen(self, condition: Condition) -> str:
        start = f"{condition.name} {condition.key}:"
        if unknown := condition.unknown_keys(self.context):
            return f"{start} AWS alone knows {', '.join(unknown)} (give it as context)"
        seen = self.context.lookup(condition.key)
        shown = listed(seen) if seen else "nothing"
        notes = [*self._notes_on_key(condition.key), *self._notes_on_variables(condition)]
        return f"{start} saw {shown}" + (f" ({'; '.join(notes)})" if notes else "")

    def _notes_on_key(self, key: str) -> Iterable[str]:
        provider, _, claim = key.rpartition(":")
        if self.context.lookup(key):
            if claim.lower() == "aud" and self.context.aud_is_azp:
                yield "the claim azp, which AWS takes for aud"
        elif key.lower() in self.context.unavailable:
            yield "the token has this claim, but AWS makes no condition key of it"
        elif provider.lower() not in (self.issuer.lower(), *_SERVICES):
            yield f"the keys of this token begin with {self.issuer + ':'!r}"

    def _notes_on_variables(self, condition: Condition) -> Iterable[str]:
        for template in condition.templates:
            for variable in template.variables:
                count = len(self.context.lookup(variable.key))
                if count > 1 or (not count and variable.default is None):
                    held = "several values" if count else "no value"
                    yield f"the variable {variable.key} has {held}"


def _wanted(condition: Condition) -> str:
    if condition.operator is None:
        return "no value" if "true" in map(str.lower, condition.values) else "any value"
    values = listed(condition.values) if condition.values else "no values"
    if condition.negated:
        one = "one that is " if condition.quantifier is Quantifier.ANY else ""
        return f"{one}none of {values}"
    if condition.quantifier is Quantifier.ALL:
        return f"nothing but {values}"
    return values if len(condition.values) == 1 else f"one of {values}"


def names_web_identity_action(statement: Statement) -> bool:
    """Whether a statement is about sts:AssumeRoleWithWebIdentity: names of actions ignore case."""
    named = any(like(wildcards(one.lower()), _ACTION.lower()) for one in statement.actions)
    return named != statement.excludes_actions
