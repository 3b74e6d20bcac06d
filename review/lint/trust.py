"""Whom a role lets in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from federation.iam.tenants import shared_issuer
from formats.escaping import listed, printable, quoted
from review.facts.estate import Estate, RoleTrust
from review.facts.grants import (
    ANYBODY,
    Grant,
    OtherPrincipal,
    ServiceAccount,
    admitted,
    grants,
    matched,
    other_principals,
    service_account,
    spans_namespaces,
)
from review.lint.finding import Look, Seen

_NAMED = 5
"""Service accounts that a finding names; of the others it tells the number."""


def _granted(estate: Estate) -> Iterator[tuple[RoleTrust, Grant]]:
    for trust in estate.trusts:
        if trust.policy is not None:
            for grant in grants(trust.policy):
                yield trust, grant


def _named_accounts(estate: Estate) -> Iterator[tuple[RoleTrust, ServiceAccount]]:
    for trust, grant in _granted(estate):
        for subject in grant.subjects or ():
            account = service_account(subject)
            if account is not None and subject not in grant.patterns:
                yield trust, account


def _audience_only(estate: Estate) -> Iterator[Seen]:
    for trust, grant in _granted(estate):
        if _lets_in(grant) and (grant.subjects is None or ANYBODY in grant.patterns):
            yield Seen.of(
                trust,
                f"any subject of {printable(grant.issuer)} is admitted{_known(estate, trust)}.",
            )


def _wildcard_tenant(estate: Estate) -> Iterator[Seen]:
    for trust, grant, pattern in _patterns(estate):
        if _admits_strangers(grant, pattern):
            yield Seen.of(
                trust,
                f"{quoted(pattern)} is admitted: anyone can get such a token of "
                f"{printable(grant.issuer)}.",
            )


def _admits_strangers(grant: Grant, pattern: str) -> bool:
    shared = shared_issuer(grant.issuer)
    return shared is not None and not shared.fixes_tenant(pattern)


def _wildcard_namespace(estate: Estate) -> Iterator[Seen]:
    for trust, grant, pattern in _patterns(estate):
        if spans_namespaces(pattern) and not _admits_strangers(grant, pattern):
            yield Seen.of(trust, f"{quoted(pattern)} is admitted{_known(estate, trust, pattern)}.")


def _wildcard_subject(estate: Estate) -> Iterator[Seen]:
    for trust, grant, pattern in _patterns(estate):
        if not spans_namespaces(pattern) and not _admits_strangers(grant, pattern):
            yield Seen.of(trust, f"{quoted(pattern)} is admitted{_known(estate, trust, pattern)}.")


def _patterns(estate: Estate) -> Iterator[tuple[RoleTrust, Grant, str]]:
    for trust, grant in _granted(estate):
        for pattern in grant.patterns:
            if pattern != ANYBODY:
                yield trust, grant, pattern


def _known(estate: Estate, trust: RoleTrust, pattern: str = ANYBODY) -> str:
    """How many of the known service accounts get in by a pattern, and which."""
    total = len(set(estate.service_accounts))
    if trust.policy is None or not total:
        return ""
    matching = matched(pattern, admitted(trust.policy, estate.service_accounts))
    names = ", ".join(map(printable, matching[:_NAMED]))
    more = f" and {len(matching) - _NAMED} more" if len(matching) > _NAMED else ""
    which = f" ({names}{more})" if matching else ""
    return f": {len(matching)} of {total} known service accounts{which}"


def _open_principal(estate: Estate) -> Iterator[Seen]:
    for trust, grant in _granted(estate):
        if grant.issuer == ANYBODY:
            yield Seen.of(trust, "the principal is '*'.")
    for trust, principal in _others(estate):
        if principal.is_everybody:
            yield Seen.of(trust, f"the principal is '*' for {listed(principal.actions)}.")


def _unjudged_principal(estate: Estate) -> Iterator[Seen]:
    for trust, principal in _others(estate):
        if not principal.is_everybody:
            keys = listed(principal.conditions)
            conditions = f" with conditions on {keys}" if principal.conditions else ""
            yield Seen.of(
                trust,
                f"{principal.statement} admits {principal.kind} {quoted(principal.name)} for "
                f"{listed(principal.actions)}{conditions}.",
            )


def _others(estate: Estate) -> Iterator[tuple[RoleTrust, OtherPrincipal]]:
    for trust in estate.trusts:
        if trust.policy is not None:
            for principal in other_principals(trust.policy):
                yield trust, principal


def _no_audience(estate: Estate) -> Iterator[Seen]:
    for trust, grant in _granted(estate):
        if grant.audiences is None and _lets_in(grant):
            yield Seen.of(
                trust, f"tokens of {printable(grant.issuer)} for any audience are admitted."
            )


def _lets_in(grant: Grant) -> bool:
    """Whether somebody of one issuer is admitted."""
    return grant.issuer != ANYBODY and not grant.foreign


def _foreign_claim(estate: Estate) -> Iterator[Seen]:
    for trust, grant in _granted(estate):
        for key in grant.foreign:
            yield Seen.of(trust, f"no token of {printable(grant.issuer)} has {quoted(key)}.")


def _literal_wildcard(estate: Estate) -> Iterator[Seen]:
    for trust, grant in _granted(estate):
        for subject in grant.literal:
            yield Seen.of(trust, f"{quoted(subject)} is compared literally.")


def _lenient_condition(estate: Estate) -> Iterator[Seen]:
    for trust, grant in _granted(estate):
        for condition in grant.lenient:
            yield Seen.of(trust, f"{condition} also holds if the token has no such claim.")


def _default_namespace(estate: Estate) -> Iterator[Seen]:
    for trust, account in _named_accounts(estate):
        if account.namespace == "default":
            yield Seen.of(trust, f"default/{account.name} is admitted.")


def _default_service_account(estate: Estate) -> Iterator[Seen]:
    for trust, account in _named_accounts(estate):
        if account.name == "default":
            yield Seen.of(trust, f"{account.namespace}/default is admitted.")


def _shared_role(estate: Estate) -> Iterator[Seen]:
    for trust in estate.trusts:
        if trust.policy is not None and len(namespaces := _namespaces(trust.policy)) > 1:
            shown = ", ".join(map(quoted, namespaces))
            yield Seen.of(trust, f"service accounts of several namespaces are admitted: {shown}.")


def _namespaces(policy: Mapping[str, Any]) -> list[str]:
    subjects = [subject for grant in grants(policy) for subject in grant.subjects or ()]
    accounts = map(service_account, subjects)
    return sorted({account.namespace for account in accounts if account})


def _unknown_trust(estate: Estate) -> Iterator[Seen]:
    for trust in estate.trusts:
        if trust.policy is None:
            yield Seen.of(trust, "the trust policy is sensitive, or known only after the apply.")


def _unreadable(estate: Estate) -> Iterator[Seen]:
    for fact in estate.unreadable:
        yield Seen.of(fact, fact.reason)


_SERVICE_ACCOUNTS = "Kubernetes, 'Configure Service Accounts for Pods'"


LOOKS: Mapping[str, Look] = {
    "audience-only-trust": _audience_only,
    "wildcard-tenant": _wildcard_tenant,
    "wildcard-namespace": _wildcard_namespace,
    "wildcard-subject": _wildcard_subject,
    "open-principal": _open_principal,
    "unjudged-principal": _unjudged_principal,
    "no-audience": _no_audience,
    "foreign-claim": _foreign_claim,
    "literal-wildcard": _literal_wildcard,
    "lenient-condition": _lenient_condition,
    "default-service-account": _default_service_account,
    "default-namespace": _default_namespace,
    "shared-role": _shared_role,
    "unknown-trust": _unknown_trust,
    "unreadable-policy": _unreadable,
}
