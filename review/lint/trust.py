"""Whom a role lets in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from formats.escaping import printable, quoted
from review.facts.estate import Estate, Trust
from review.facts.grants import (
    ANYBODY,
    Grant,
    ServiceAccount,
    admitted,
    grants,
    matched,
    service_account,
    spans_namespaces,
)
from review.lint.finding import Rule, Seen

_NAMED = 5
"""Service accounts that a finding names; of the others it tells the number."""


def _granted(estate: Estate) -> Iterator[tuple[Trust, Grant]]:
    for trust in estate.trusts:
        if trust.policy is not None:
            for grant in grants(trust.policy):
                yield trust, grant


def _named_accounts(estate: Estate) -> Iterator[tuple[Trust, ServiceAccount]]:
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
                f"any subject of {printable(grant.issuer)} is let in{_known(estate, trust)}.",
            )


def _wildcard_namespace(estate: Estate) -> Iterator[Seen]:
    for trust, pattern in _patterns(estate):
        if spans_namespaces(pattern):
            yield Seen.of(trust, f"{quoted(pattern)} is let in{_known(estate, trust, pattern)}.")


def _wildcard_subject(estate: Estate) -> Iterator[Seen]:
    for trust, pattern in _patterns(estate):
        if not spans_namespaces(pattern):
            yield Seen.of(trust, f"{quoted(pattern)} is let in{_known(estate, trust, pattern)}.")


def _patterns(estate: Estate) -> Iterator[tuple[Trust, str]]:
    for trust, grant in _granted(estate):
        for pattern in grant.patterns:
            if pattern != ANYBODY:
                yield trust, pattern


def _known(estate: Estate, trust: Trust, pattern: str = ANYBODY) -> str:
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


def _no_audience(estate: Estate) -> Iterator[Seen]:
    for trust, grant in _granted(estate):
        if grant.audiences is None and _lets_in(grant):
            yield Seen.of(
                trust, f"tokens of {printable(grant.issuer)} for any audience are let in."
            )


def _lets_in(grant: Grant) -> bool:
    """Whether somebody of one issuer is let in."""
    return grant.issuer != ANYBODY and not grant.foreign


def _foreign_claim(estate: Estate) -> Iterator[Seen]:
    for trust, grant in _granted(estate):
        for key in grant.foreign:
            yield Seen.of(trust, f"no token of {printable(grant.issuer)} has {quoted(key)}.")


def _literal_wildcard(estate: Estate) -> Iterator[Seen]:
    for trust, grant in _granted(estate):
        for subject in grant.literal:
            yield Seen.of(trust, f"{quoted(subject)} is compared as it is.")


def _lenient_condition(estate: Estate) -> Iterator[Seen]:
    for trust, grant in _granted(estate):
        for condition in grant.lenient:
            yield Seen.of(trust, f"{condition} also holds where the token has no such claim.")


def _default_namespace(estate: Estate) -> Iterator[Seen]:
    for trust, account in _named_accounts(estate):
        if account.namespace == "default":
            yield Seen.of(trust, f"default/{account.name} is let in.")


def _default_service_account(estate: Estate) -> Iterator[Seen]:
    for trust, account in _named_accounts(estate):
        if account.name == "default":
            yield Seen.of(trust, f"{account.namespace}/default is let in.")


def _shared_role(estate: Estate) -> Iterator[Seen]:
    for trust in estate.trusts:
        if trust.policy is not None and len(namespaces := _namespaces(trust.policy)) > 1:
            shown = ", ".join(map(quoted, namespaces))
            yield Seen.of(trust, f"service accounts of several namespaces are let in: {shown}.")


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


_AWS_OIDC = (
    "AWS IAM User Guide, 'Create a role for OpenID Connect federation': limit who can assume it"
)
_SERVICE_ACCOUNTS = "Kubernetes, 'Configure Service Accounts for Pods'"

RULES = (
    Rule(
        "audience-only-trust",
        "error",
        "Any subject of the issuer, any pod of a cluster, may assume the role",
        "The trust policy asks for an audience at most. Whoever may make a pod, or ask for a "
        "token, in any namespace of the cluster gets the role's permissions.",
        "Add a StringEquals condition on ISSUER:sub (in our configuration: 'trust: "
        "service-account').",
        _AWS_OIDC,
        _audience_only,
    ),
    Rule(
        "wildcard-namespace",
        "error",
        "A wildcard lets in subjects of any namespace",
        "Whoever can make a namespace, or a service account in one that matches, can get the role.",
        "Name the namespace and the service account with StringEquals; where several need the "
        "role, list them or give each its own.",
        _AWS_OIDC,
        _wildcard_namespace,
    ),
    Rule(
        "wildcard-subject",
        "warning",
        "A wildcard lets in several subjects",
        "Whoever may make subjects that match, such as service accounts in the namespace, chooses "
        "who gets the role, and new ones get it without a review.",
        "Name each subject with StringEquals.",
        _AWS_OIDC,
        _wildcard_subject,
    ),
    Rule(
        "open-principal",
        "error",
        "The principal of the trust policy is everybody",
        "Identities of every provider and account are let in, and conditions alone keep the others "
        "out: one that is misspelt or missing opens the role to the world.",
        "Name the ARN of the OIDC provider as the Federated principal.",
        "AWS IAM User Guide, 'AWS JSON policy elements: Principal'",
        _open_principal,
    ),
    Rule(
        "no-audience",
        "warning",
        "The trust policy asks for no audience",
        "A token that was issued for another use of the same provider is let in too.",
        "Add a StringEquals condition on ISSUER:aud.",
        _AWS_OIDC,
        _no_audience,
    ),
    Rule(
        "foreign-claim",
        "warning",
        "A condition asks for a claim of another provider",
        "Condition keys begin with the provider that the token is of. A token of this one has no "
        "such claim, so that nobody is let in.",
        "Begin the key with the issuer of the Federated principal, without 'https://'.",
        "AWS IAM User Guide, 'IAM and AWS STS condition context keys': OIDC federation keys",
        _foreign_claim,
    ),
    Rule(
        "literal-wildcard",
        "warning",
        "A wildcard is compared as a character",
        "StringEquals knows no wildcards, and no subject has a '*' or '?' in it, so that nobody is "
        "let in. Whoever mends that is likely to let in more than was meant.",
        "Name each subject with StringEquals; StringLike takes wildcards.",
        "AWS IAM User Guide, 'IAM JSON policy elements: Condition operators'",
        _literal_wildcard,
    ),
    Rule(
        "lenient-condition",
        "warning",
        "A condition also holds where its key is absent",
        "ForAllValues and IfExists restrict those tokens only that have the claim.",
        "Use StringEquals without a prefix or suffix.",
        "AWS IAM User Guide, 'Set operators for multivalued context keys'",
        _lenient_condition,
    ),
    Rule(
        "default-service-account",
        "warning",
        "The default service account of a namespace may assume the role",
        "Every pod of the namespace that names no service account runs as 'default' and may assume "
        "the role.",
        "Give the workload a service account of its own.",
        _SERVICE_ACCOUNTS,
        _default_service_account,
    ),
    Rule(
        "default-namespace",
        "note",
        "A service account of the namespace 'default' may assume the role",
        "What is made without naming a namespace lands in 'default', so that many tend to have "
        "rights in it.",
        "Move the workload into a namespace of its own.",
        "CIS Kubernetes Benchmark, 'The default namespace should not be used'",
        _default_namespace,
    ),
    Rule(
        "shared-role",
        "warning",
        "Several namespaces share the role",
        "What one team's workload needs, the other's may do too, and AWS's logs tell them apart by "
        "the session alone.",
        "Give each namespace a role of its own.",
        "AWS IAM User Guide, 'Security best practices in IAM': least privilege",
        _shared_role,
    ),
    Rule(
        "unknown-trust",
        "note",
        "The trust policy cannot be read from the plan",
        "It refers to something that does not exist yet, so that nothing here could judge it.",
        "Lint the configuration that the plan is made of, or the policy after the apply "
        "(--trust-policy).",
        "Terraform, 'JSON output format': after_unknown, after_sensitive",
        _unknown_trust,
    ),
    Rule(
        "unreadable-policy",
        "error",
        "A policy is not one that IAM would take",
        "Nothing can be told of it, and an apply will fail.",
        "Correct the policy.",
        "AWS IAM User Guide, 'Grammar of the IAM JSON policy language'",
        _unreadable,
    ),
)
