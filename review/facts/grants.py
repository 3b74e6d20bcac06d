"""Whom a trust policy lets in by a web identity, statement by statement.

Reads any role's policy, ours or not, through `federation.iam.policy_document`. It tells what is
written (issuer, audiences, subjects); whether a given token gets in is
`federation.iam.evaluation`'s to say.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from federation.iam.evaluation import evaluate, names_web_identity_action, web_identity_issuer
from federation.iam.policy_condition import Condition, Quantifier
from federation.iam.policy_document import Statement, read_statements
from federation.iam.policy_pattern import Template, Text, has_wildcard, like, wildcards

ANYBODY = "*"


@dataclass(frozen=True)
class Grant:
    """What one statement lets in through one principal.

    Attributes:
        issuer: The issuer without `https://`, or `*` where the principal is everybody.
        audiences: The audiences that tokens need; None where any will do.
        subjects: The subjects that tokens need; None where any will do.
        patterns: Those of the subjects that have a wildcard; a policy variable is one, too.
        literal: Those of the subjects in which a wildcard is compared as a character.
        lenient: Conditions on audience or subject that also pass for tokens without one.
        foreign: Condition keys that have to be there, and that are claims of other providers.
    """

    issuer: str
    audiences: tuple[str, ...] | None
    subjects: tuple[str, ...] | None
    patterns: tuple[str, ...]
    literal: tuple[str, ...]
    lenient: tuple[str, ...]
    foreign: tuple[str, ...]


def grants(policy: Mapping[str, Any]) -> tuple[Grant, ...]:
    """What the statements of a trust policy let in.

    Raises:
        UserError: it is not a trust policy that IAM would take.
    """
    return tuple(
        grant for statement in read_statements(policy) for grant in _statement_grants(statement)
    )


@dataclass(frozen=True)
class OtherPrincipal:
    """A principal of an Allow statement that does not come with the token of a web identity.

    Attributes:
        statement: How messages name the statement.
        kind: Its type: `AWS`, `Service`, `Federated`, `CanonicalUser`, or `*` by itself.
        name: Its name, as written.
        actions: The statement's actions as written, `not ...` for those of a `NotAction`.
        conditions: The condition keys of the statement, sorted.
    """

    statement: str
    kind: str
    name: str
    actions: tuple[str, ...]
    conditions: tuple[str, ...]

    @property
    def is_everybody(self) -> bool:
        """Whether it stands for everybody: `*`, or `{"AWS": "*"}`."""
        return self.name == ANYBODY


def other_principals(policy: Mapping[str, Any]) -> tuple[OtherPrincipal, ...]:
    """All principals of the Allow statements that `grants` does not speak of.

    Together the two name each principal of each Allow statement, so that none is passed over.

    Raises:
        UserError: it is not a trust policy that IAM would take.
    """
    return tuple(
        OtherPrincipal(
            statement.label,
            kind,
            name,
            tuple(f"not {a}" if statement.excludes_actions else a for a in statement.actions),
            tuple(sorted({each.key for each in statement.conditions})),
        )
        for statement in read_statements(policy)
        if not statement.denies
        for kind, name in statement.principals
        if not (names_web_identity_action(statement) and _issuer(kind, name) is not None)
    )


def admitted(policy: Mapping[str, Any], accounts: Iterable[str]) -> tuple[str, ...]:
    """Those of some service accounts whose tokens a trust policy lets in, sorted.

    Each is tried with the audiences that the policy asks for, as a token of each of its issuers.

    Args:
        policy: The trust policy.
        accounts: Service accounts as `NAMESPACE/NAME`.

    Raises:
        UserError: it is not a trust policy that IAM would take.
    """
    return _admitted(json.dumps(policy, sort_keys=True), tuple(sorted(set(accounts))))


def matched(pattern: str, accounts: Iterable[str]) -> tuple[str, ...]:
    """Those of some service accounts, as `NAMESPACE/NAME`, whose subjects match a pattern."""
    return tuple(each for each in accounts if like(wildcards(pattern), _subject(each)))


@dataclass(frozen=True)
class ServiceAccount:
    """A service account as a subject names it."""

    namespace: str
    name: str


def spans_namespaces(pattern: str) -> bool:
    """Whether a pattern may match service accounts of more than one namespace."""
    certain = re.split(r"[*?]", pattern, maxsplit=1)[0]
    if _SUBJECT_START.startswith(certain):
        return True
    return certain.startswith(_SUBJECT_START) and ":" not in certain.removeprefix(_SUBJECT_START)


def service_account(subject: str) -> ServiceAccount | None:
    """The service account of a subject, None where the subject is another's."""
    match = _SUBJECT.fullmatch(subject)
    return ServiceAccount(match["namespace"], match["name"]) if match else None


_SUBJECT_START = "system:serviceaccount:"
_SUBJECT = re.compile(rf"{_SUBJECT_START}(?P<namespace>[^:]+):(?P<name>[^:]+)")
_ANY_AUDIENCE = "sts.amazonaws.com"
_CLAIMS = ("aud", "sub")
_CLAIM_OF = {
    ("cognito-identity.amazonaws.com", "amr"): "sub",
    ("graph.facebook.com", "app_id"): "aud",
    ("graph.facebook.com", "id"): "sub",
    ("www.amazon.com", "app_id"): "aud",
    ("www.amazon.com", "user_id"): "sub",
}
"""Keys of AWS's own providers that name the application or its users (AWS IAM User Guide,
"Available keys for AWS OIDC federation"; Cognito's own guide, "Role trust and permissions")."""
_LITERAL = ("StringEquals", "StringEqualsIgnoreCase")
_PATTERN = ("StringLike", "ArnLike", "ArnEquals")


@functools.lru_cache(maxsize=64)
def _admitted(text: str, accounts: tuple[str, ...]) -> tuple[str, ...]:
    """Remembered: several rules ask about one policy, and thousands of accounts take seconds."""
    policy = json.loads(text)
    calls = {
        (grant.issuer, audience)
        for grant in grants(policy)
        if grant.issuer != ANYBODY
        for audience in grant.audiences or (_ANY_AUDIENCE,)
    }
    return tuple(
        account
        for account in accounts
        if any(evaluate(policy, _claims(*call, account)).allowed for call in calls)
    )


def _claims(issuer: str, audience: str, account: str) -> dict[str, str]:
    return {"iss": f"https://{issuer}", "aud": audience, "sub": _subject(account)}


def _subject(account: str) -> str:
    return f"{_SUBJECT_START}{account.replace('/', ':', 1)}"


def _statement_grants(statement: Statement) -> Iterator[Grant]:
    if statement.denies or not names_web_identity_action(statement):
        return
    for kind, name in statement.principals:
        issuer = _issuer(kind, name)
        if issuer is not None:
            yield _grant(issuer, statement.conditions)


def _issuer(kind: str, name: str) -> str | None:
    if name == ANYBODY:
        return ANYBODY
    return web_identity_issuer(name) if kind == "Federated" else None


def _grant(issuer: str, conditions: Sequence[Condition]) -> Grant:
    of_audience = [each for each in conditions if _restricts(each, issuer, "aud")]
    of_subject = [each for each in conditions if _restricts(each, issuer, "sub")]
    subject = min(of_subject, key=_looseness, default=None)
    audience = min(of_audience, key=_looseness, default=None)
    keeps_out = audience is not None and ANYBODY not in _patterns(audience)
    return Grant(
        issuer,
        _values(audience) if audience and keeps_out else None,
        _values(subject) if subject else None,
        _patterns(subject) if subject else (),
        _literal(subject) if subject else (),
        tuple(sorted(f"{c.name} {c.key}" for c in (*of_audience, *of_subject) if _is_lenient(c))),
        tuple(sorted({each.key for each in conditions if _is_foreign(each, issuer)})),
    )


def _restricts(condition: Condition, issuer: str, claim: str) -> bool:
    """Whether a condition names values that a claim of the issuer's tokens must have."""
    if _bare(condition) not in (*_LITERAL, *_PATTERN):
        return False
    provider, _, key = condition.key.lower().rpartition(":")
    named = _CLAIM_OF.get((provider, key), key)
    return named == claim and (issuer == ANYBODY or provider == issuer.lower())


def _is_foreign(condition: Condition, issuer: str) -> bool:
    """Whether a condition asks for audience or subject in a token of another provider."""
    if issuer == ANYBODY or _is_lenient(condition):
        return False
    return not any(_restricts(condition, issuer, claim) for claim in _CLAIMS) and any(
        _restricts(condition, ANYBODY, claim) for claim in _CLAIMS
    )


def _bare(condition: Condition) -> str:
    return condition.name.removeprefix(condition.quantifier.value).removesuffix("IfExists")


def _is_lenient(condition: Condition) -> bool:
    """AWS IAM User Guide, "Set operators for multivalued context keys" and "...IfExists"."""
    return condition.if_exists or condition.quantifier is Quantifier.ALL


def _looseness(condition: Condition) -> tuple[int, int, tuple[str, ...]]:
    """Of several conditions that all have to hold, the one with the fewest wildcards tells most."""
    return len(_patterns(condition)), len(condition.values), condition.values


def _values(condition: Condition) -> tuple[str, ...]:
    return tuple(sorted(value for value, _ in _written(condition)))


def _patterns(condition: Condition) -> tuple[str, ...]:
    literal = _bare(condition) in _LITERAL
    return tuple(
        sorted(
            value
            for value, template in _written(condition)
            if template.variables or (not literal and _has_wildcard(template))
        )
    )


def _literal(condition: Condition) -> tuple[str, ...]:
    if _bare(condition) not in _LITERAL:
        return ()
    return tuple(
        sorted(
            value
            for value, template in _written(condition)
            if not template.variables and _has_wildcard(template)
        )
    )


def _written(condition: Condition) -> Iterator[tuple[str, Template]]:
    """Each value with `*` for a policy variable, which a token may bring anything in with."""
    for value, template in zip(condition.values, condition.templates, strict=True):
        pieces = (each.characters if isinstance(each, Text) else "*" for each in template.pieces)
        yield "".join(pieces) if template.variables else value, template


def _has_wildcard(template: Template) -> bool:
    return has_wildcard(tuple(piece for piece in template.pieces if isinstance(piece, Text)))
