"""The layer `aws`: the OIDC provider and the roles, compared with the configuration."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from doctor import evidence
from doctor.examination import Check, Examination, Missing, WorkloadCheck
from doctor.finding import Finding
from doctor.layers import tls, trust
from doctor.policies import differences
from doctor.rules import aws as rules
from federation.model.config import Workload
from formats.escaping import listed, printable, quoted


async def _is_readable(examination: Examination) -> AsyncIterator[Finding]:
    found = await examination.once(evidence.account)
    yield rules.ACCESS.passed(f"as somebody of the account {found.number}")


async def _is_account(examination: Examination) -> AsyncIterator[Finding]:
    found = await examination.once(evidence.account)
    configured = examination.config.aws.account_id
    if configured is None:
        raise Missing("the configuration names no account (aws.account_id)")
    if found.number == configured:
        yield rules.ACCOUNT.passed(found.number)
    else:
        yield rules.ACCOUNT.failed(quoted(found.number), configured)


async def _has_provider(examination: Examination) -> AsyncIterator[Finding]:
    found = await examination.once(evidence.provider)
    yield rules.PROVIDER.passed(quoted(found.arn))


async def _has_audiences(examination: Examination) -> AsyncIterator[Finding]:
    found = await examination.once(evidence.provider)
    configured = examination.config.audience
    seen, expected = listed(found.audiences), listed(configured)
    if set(configured) - set(found.audiences):
        yield rules.AUDIENCE.failed(seen, expected)
    elif set(found.audiences) - set(configured):
        yield rules.AUDIENCE.warned(seen, f"{expected} alone")
    else:
        yield rules.AUDIENCE.passed(seen)


async def _has_thumbprint(examination: Examination) -> AsyncIterator[Finding]:
    found = await examination.once(evidence.provider)
    presented = await examination.once(tls.presented_chain)
    reason = await examination.once(tls.pinning)
    finding = tls.fitting(rules.THUMBPRINT, found.thumbprints, presented, reason)
    configured = examination.config.discovery.thumbprint
    if (
        finding.verdict == "pass"
        and not isinstance(configured, str)
        and set(found.thumbprints) != set(configured)
    ):
        seen, expected = listed(found.thumbprints), listed(configured)
        yield rules.THUMBPRINT.warned(seen, expected, cause=_DRIFT)
    else:
        yield finding


_DRIFT = "The provider was edited, or the configuration changed since the last deployment."


async def _has_role(examination: Examination, workload: Workload) -> AsyncIterator[Finding]:
    found = await examination.once(evidence.role, workload)
    yield rules.ROLE.passed(quoted(found.arn), evidence.name(workload))


async def _has_trust_policy(examination: Examination, workload: Workload) -> AsyncIterator[Finding]:
    found = await examination.once(evidence.role, workload)
    provider = await examination.once(evidence.provider)
    about = evidence.name(workload)
    configured = trust.configured(examination, workload, provider.arn)
    apart = list(differences(found.trust, configured))
    if apart:
        seen = "; ".join(f"{each.place}: {each.seen}" for each in apart)
        expected = "; ".join(f"{each.place}: {each.expected}" for each in apart)
        yield rules.TRUST.warned(printable(seen), printable(expected), about)
    else:
        yield rules.TRUST.passed("as configured", about)


async def _has_policies(examination: Examination, workload: Workload) -> AsyncIterator[Finding]:
    config = examination.config
    account = await examination.once(evidence.account)
    await examination.once(evidence.role, workload)
    role, about = config.role_name(workload), evidence.name(workload)
    attached = await evidence.asked(account.attached_policies, role)
    inline = await evidence.asked(account.inline_policies, role)
    wanted = {config.policy_arn(policy) for policy in workload.role.managed_policy_arns}
    seen = listed([*sorted(attached), *(f"inline policy {each}" for each in inline)])
    expected = listed(sorted(wanted))
    if wanted - set(attached):
        yield rules.POLICIES.failed(seen, expected, about)
    elif inline or set(attached) - wanted:
        yield rules.POLICIES.warned(seen, f"{expected} alone", about)
    else:
        yield rules.POLICIES.passed(seen, about)


async def _has_settings(examination: Examination, workload: Workload) -> AsyncIterator[Finding]:
    found = await examination.once(evidence.role, workload)
    role, about = workload.role, evidence.name(workload)
    boundary = examination.config.aws.permissions_boundary
    seen = _settings(found.path, found.max_session_duration, found.permissions_boundary)
    expected = _settings(role.path, role.max_session_duration, boundary)
    if seen == expected:
        yield rules.SETTINGS.passed(seen, about)
    else:
        yield rules.SETTINGS.warned(seen, expected, about)


def _settings(path: str, duration: int, boundary: str | None) -> str:
    return f"path {quoted(path)}, {duration} s, boundary {quoted(boundary) if boundary else 'none'}"


async def _provider_has_tags(examination: Examination) -> AsyncIterator[Finding]:
    configured = _configured_tags(examination)
    if examination.config.aws.oidc_provider != "create":
        raise Missing("the OIDC provider is managed elsewhere (aws.oidc_provider)")
    found = await examination.once(evidence.provider)
    yield _tagged(found.tags, configured, found.url)


async def _role_has_tags(examination: Examination, workload: Workload) -> AsyncIterator[Finding]:
    configured = _configured_tags(examination)
    found = await examination.once(evidence.role, workload)
    yield _tagged(found.tags, configured, evidence.name(workload))


def _configured_tags(examination: Examination) -> Mapping[str, str]:
    configured = examination.config.aws.tags
    if not configured:
        raise Missing("the configuration asks for no tags (aws.tags)")
    return configured


def _tagged(found: Mapping[str, str], configured: Mapping[str, str], about: str) -> Finding:
    """Whether the configured tags are there; others may be too, which an organization adds."""
    seen = {key: value for key, value in found.items() if key in configured}
    if seen == configured:
        return rules.TAGS.passed(_pairs(seen), about)
    return rules.TAGS.warned(_pairs(seen), _pairs(configured), about)


def _pairs(tags: Mapping[str, str]) -> str:
    return listed([f"{key}={value}" for key, value in sorted(tags.items())])


CHECKS = (
    Check(rules.ACCESS, _is_readable),
    Check(rules.ACCOUNT, _is_account),
    Check(rules.PROVIDER, _has_provider),
    Check(rules.AUDIENCE, _has_audiences),
    Check(rules.THUMBPRINT, _has_thumbprint),
    WorkloadCheck(rules.ROLE, _has_role),
    WorkloadCheck(rules.TRUST, _has_trust_policy),
    WorkloadCheck(rules.POLICIES, _has_policies),
    WorkloadCheck(rules.SETTINGS, _has_settings),
    Check(rules.TAGS, _provider_has_tags),
    WorkloadCheck(rules.TAGS, _role_has_tags),
)
