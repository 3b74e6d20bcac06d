"""The layer `aws`: the OIDC provider and the roles, compared with the configuration."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterable, Mapping

from doctor import evidence, iam
from doctor.checks import tls
from doctor.difference import detail_apart
from doctor.examination import Check, Examination, Missing, WorkloadCheck
from doctor.finding import Finding, Rule
from doctor.live.account import Account, AwsError, LiveRole, NoCredentialsError, Provider
from federation.model.config import Workload
from formats.escaping import listed, printable, quoted

_LAYER = "aws"

ACCESS = Rule(
    "aws-access",
    _LAYER,
    "IAM can be read",
    "The doctor reads the OIDC provider and the roles with your credentials (the usual search "
    "of the AWS SDKs).",
    "There are no credentials, they have expired, or they may not read IAM.",
    "Use credentials that may call iam:ListOpenIDConnectProviders, "
    "iam:GetOpenIDConnectProvider, iam:GetRole, iam:ListAttachedRolePolicies and "
    "iam:ListRolePolicies, such as SecurityAudit; or skip the layer with --skip aws.",
)
ACCOUNT = Rule(
    "aws-account",
    _LAYER,
    "The credentials belong to the configured account",
    "'aws.account_id' names the account that trusts the cluster. What the doctor reads in "
    "another account says nothing about it.",
    "The credentials, or the profile, belong to another account.",
    "Use credentials of the configured account (AWS_PROFILE).",
)
PROVIDER = Rule(
    "aws-provider",
    _LAYER,
    "The account has an OIDC provider for the issuer",
    "STS looks for a provider whose URL is the token's 'iss' without 'https://', byte for byte. "
    "If there is none, it answers InvalidIdentityToken.",
    "The identity stack was not deployed to this account, or the provider was deleted.",
    "Deploy the identity stack.",
)
ROLE = Rule(
    "aws-role",
    _LAYER,
    "The workload's role exists",
    "STS answers AccessDenied for a role that does not exist, as it does for a role that "
    "rejects the token.",
    "The identity stack was not deployed to this account, or the role was deleted or renamed.",
    "Deploy the identity stack.",
)

AUDIENCE = Rule(
    "aws-audience",
    _LAYER,
    "The OIDC provider has the configured audiences",
    "The provider's client IDs are the audiences that STS accepts from this issuer.",
    "The provider was created with another audience, or edited.",
    "Deploy the identity stack.",
)
THUMBPRINT = Rule(
    "aws-thumbprint",
    _LAYER,
    "The OIDC provider has a thumbprint of the presented chain",
    "If no public authority issued the issuer's certificate, or if TLS 1.3 is required, AWS "
    "compares the presented certificates with the provider's thumbprints. Setting and later "
    "removing the list does not clear it.",
    "The certificate was renewed under another authority, or with 'thumbprint: endpoint' while "
    "only the leaf was presented.",
    "Deploy the identity stack, which reads the thumbprint again.",
)
TRUST = Rule(
    "aws-trust",
    _LAYER,
    "The role has the configured trust policy",
    "The policy in IAM is compared with the configured one. The order does not matter, nor "
    "whether a single value is in a list.",
    "The policy was edited by hand, or the configuration changed since the last deployment.",
    "Deploy the identity stack, or add the change to the configuration.",
)
POLICIES = Rule(
    "aws-policies",
    _LAYER,
    "The role has the configured policies",
    "They decide what the pods may do with the role.",
    "Policies were attached, detached or added inline by hand, or the configuration changed "
    "since the last deployment.",
    "Deploy the identity stack, or add the change to the configuration.",
)
SETTINGS = Rule(
    "aws-role-settings",
    _LAYER,
    "The role has the configured path, session duration and permissions boundary",
    "STS rejects a session longer than 'max_session_duration'; the boundary limits what the "
    "policies allow.",
    "The role was edited by hand, or the configuration changed since the last deployment.",
    "Deploy the identity stack.",
)
TAGS = Rule(
    "aws-tags",
    _LAYER,
    "The provider and the roles have the configured tags",
    "Costs, inventories and attribute-based policies depend on tags. Additional tags do not "
    "matter.",
    "A tag was edited by hand, or the configuration changed since the last deployment.",
    "Deploy the identity stack.",
)


_NUMBER = re.compile(r"[0-9]{12}")


async def account(examination: Examination) -> Account:
    """The account, whose IAM answers."""
    examination.allows("aws")
    try:
        seconds = examination.options.answer_timeout
        return await asyncio.to_thread(Account.connect, examination.config.aws, seconds)
    except NoCredentialsError:
        raise Missing("there are no AWS credentials") from None
    except AwsError as error:
        finding = ACCESS.failed(str(error), "credentials that AWS accepts")
        raise Missing.because(finding) from None


async def provider(examination: Examination) -> Provider:
    """The OIDC provider of the issuer."""
    found = await examination.once(account)
    try:
        arns = await evidence.patiently(found.providers)
        arn = _of_issuer(arns, examination.config.issuer_key)
        return await evidence.patiently(found.provider, arn)
    except AwsError as error:
        raise Missing.because(ACCESS.failed(str(error), "to read OIDC providers")) from None


def _of_issuer(arns: Iterable[str], issuer_key: str) -> str:
    by_key = {arn.partition(":oidc-provider/")[2]: arn for arn in arns}
    if issuer_key in by_key:
        return by_key[issuer_key]
    near = [
        f"{quoted(key)}: {detail}" for key in by_key if (detail := detail_apart(key, issuer_key))
    ]
    seen = f"no such provider, but {'; '.join(near)}" if near else "no such provider"
    raise Missing.because(PROVIDER.failed(seen, issuer_key))


async def role(examination: Examination, workload: Workload) -> LiveRole:
    config = examination.config
    found = await examination.once(account)
    role_name = config.role_name(workload)
    try:
        live = await evidence.patiently(found.role, role_name)
    except AwsError as error:
        finding = ACCESS.failed(str(error), f"to read the role {role_name}")
        raise Missing.because(finding) from None
    if live is None:
        raise Missing.because(ROLE.failed("no such role", role_name, evidence.name(workload)))
    return live


async def role_arn(examination: Examination, workload: Workload) -> str:
    """The ARN of the workload's role: IAM's, or the configured one where IAM cannot be read."""
    try:
        return (await examination.once(role, workload)).arn
    except Missing:
        configured = examination.config.role_arn(workload)
        if configured is None:
            raise
        return configured


async def configured_role_arn(examination: Examination, workload: Workload) -> str:
    """The ARN that the configuration gives the workload's role.

    Only the number of the account may come from AWS, if the configuration does not name it.
    """
    config = examination.config
    if (configured := config.role_arn(workload)) is not None:
        return configured
    number = (await examination.once(account)).number
    if not _NUMBER.fullmatch(number):
        raise Missing(f"AWS returns {quoted(number)} as the account number")
    return str(config.role_arn(workload, number))


async def _is_readable(examination: Examination) -> AsyncIterator[Finding]:
    found = await examination.once(account)
    yield ACCESS.passed(f"with credentials of the account {found.number}")


async def _is_account(examination: Examination) -> AsyncIterator[Finding]:
    found = await examination.once(account)
    configured = examination.config.aws.account_id
    if configured is None:
        raise Missing("the configuration has no account (aws.account_id)")
    if found.number == configured:
        yield ACCOUNT.passed(found.number)
    else:
        yield ACCOUNT.failed(quoted(found.number), configured)


async def _has_provider(examination: Examination) -> AsyncIterator[Finding]:
    found = await examination.once(provider)
    yield PROVIDER.passed(quoted(found.arn))


async def _has_audiences(examination: Examination) -> AsyncIterator[Finding]:
    found = await examination.once(provider)
    apart = iam.audiences(found, examination.config)
    seen, expected = listed(found.audiences), listed(examination.config.audience)
    if apart.missing:
        yield AUDIENCE.failed(seen, expected)
    elif apart.further:
        yield AUDIENCE.warned(seen, f"only {expected}")
    else:
        yield AUDIENCE.passed(seen)


async def _has_thumbprint(examination: Examination) -> AsyncIterator[Finding]:
    found = await examination.once(provider)
    presented = await examination.once(tls.presented_chain)
    reason = await examination.once(tls.pinning)
    finding = tls.fitting(THUMBPRINT, found.thumbprints, presented, reason)
    configured = examination.config.discovery.thumbprint
    if (
        finding.verdict == "pass"
        and not isinstance(configured, str)
        and set(found.thumbprints) != set(configured)
    ):
        seen, expected = listed(found.thumbprints), listed(configured)
        yield THUMBPRINT.warned(seen, expected, cause=_DRIFT)
    else:
        yield finding


_DRIFT = "The provider was edited, or the configuration changed since the last deployment."


async def _has_role(examination: Examination, workload: Workload) -> AsyncIterator[Finding]:
    found = await examination.once(role, workload)
    yield ROLE.passed(quoted(found.arn), evidence.name(workload))


async def _has_trust_policy(examination: Examination, workload: Workload) -> AsyncIterator[Finding]:
    found = await examination.once(role, workload)
    trusted = await examination.once(provider)
    about = evidence.name(workload)
    apart = list(iam.trust(found, examination.config, workload, trusted.arn))
    if apart:
        seen = "; ".join(f"{each.place}: {each.seen}" for each in apart)
        expected = "; ".join(f"{each.place}: {each.expected}" for each in apart)
        yield TRUST.warned(printable(seen), printable(expected), about)
    else:
        yield TRUST.passed("as configured", about)


async def _has_policies(examination: Examination, workload: Workload) -> AsyncIterator[Finding]:
    config = examination.config
    live = await examination.once(account)
    await examination.once(role, workload)
    role_name, about = config.role_name(workload), evidence.name(workload)
    attached = await evidence.ask(live.attached_policies, role_name)
    inline = await evidence.ask(live.inline_policies, role_name)
    apart = iam.policies(attached, config, workload)
    seen = listed([*sorted(attached), *(f"inline policy {each}" for each in inline)])
    expected = listed(apart.configured)
    if apart.missing:
        yield POLICIES.failed(seen, expected, about)
    elif inline or apart.further:
        yield POLICIES.warned(seen, f"only {expected}", about)
    else:
        yield POLICIES.passed(seen, about)


async def _has_settings(examination: Examination, workload: Workload) -> AsyncIterator[Finding]:
    found = await examination.once(role, workload)
    about = evidence.name(workload)
    settings = iam.role_settings(found, examination.config, workload)
    seen = _settings({each.field: each.live for each in settings})
    if all(each.live == each.configured for each in settings):
        yield SETTINGS.passed(seen, about)
    else:
        expected = _settings({each.field: each.configured for each in settings})
        yield SETTINGS.warned(seen, expected, about)


def _settings(values: Mapping[str, str | int | None]) -> str:
    return ", ".join(f"{field} {_setting(value)}" for field, value in values.items())


def _setting(value: str | int | None) -> str:
    return "none" if value is None else quoted(value) if isinstance(value, str) else str(value)


async def _provider_has_tags(examination: Examination) -> AsyncIterator[Finding]:
    configured = _configured_tags(examination)
    if examination.config.aws.oidc_provider != "create":
        raise Missing("the OIDC provider is managed elsewhere (aws.oidc_provider)")
    found = await examination.once(provider)
    yield _compare_tags(found.tags, configured, found.url)


async def _role_has_tags(examination: Examination, workload: Workload) -> AsyncIterator[Finding]:
    configured = _configured_tags(examination)
    found = await examination.once(role, workload)
    yield _compare_tags(found.tags, configured, evidence.name(workload))


def _configured_tags(examination: Examination) -> Mapping[str, str]:
    configured = examination.config.aws.tags
    if not configured:
        raise Missing("the configuration has no tags (aws.tags)")
    return configured


def _compare_tags(found: Mapping[str, str], configured: Mapping[str, str], about: str) -> Finding:
    """Whether the configured tags are there; others may be too, which an organization adds."""
    seen = {key: value for key, value in found.items() if key in configured}
    if not iam.tags(found, configured).missing:
        return TAGS.passed(_pairs(seen), about)
    return TAGS.warned(_pairs(seen), _pairs(configured), about)


def _pairs(tags: Mapping[str, str]) -> str:
    return listed([f"{key}={value}" for key, value in sorted(tags.items())])


CHECKS = (
    Check(ACCESS, _is_readable),
    Check(ACCOUNT, _is_account),
    Check(PROVIDER, _has_provider),
    Check(AUDIENCE, _has_audiences),
    Check(THUMBPRINT, _has_thumbprint),
    WorkloadCheck(ROLE, _has_role),
    WorkloadCheck(TRUST, _has_trust_policy),
    WorkloadCheck(POLICIES, _has_policies),
    WorkloadCheck(SETTINGS, _has_settings),
    Check(TAGS, _provider_has_tags),
    WorkloadCheck(TAGS, _role_has_tags),
)
