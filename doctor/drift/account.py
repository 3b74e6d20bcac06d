"""The account's side: the OIDC provider with its thumbprint, and the role of each workload."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Iterator, Mapping

from doctor import evidence, iam
from doctor.checks import aws, tls
from doctor.drift.places import BACK, DriftPlace, LiveDifference
from doctor.examination import Examination, Missing
from doctor.finding import Rule
from doctor.live.account import Account, Provider
from federation.model.config import ClusterConfig, Workload
from formats.escaping import listed, quoted


def places(config: ClusterConfig) -> Iterator[DriftPlace]:
    provider = f"OIDC provider {config.issuer_key}"
    yield DriftPlace(provider, ("aws",), _provider)
    if config.aws.oidc_provider == "create" and config.discovery.thumbprint != "omit":
        presented = ("tls",) if config.discovery.thumbprint == "endpoint" else ()
        yield DriftPlace(f"thumbprint of the {provider}", ("aws", *presented), _thumbprint)
    for workload in config.workloads:
        look = functools.partial(_role, workload)
        yield DriftPlace(f"role {config.role_name(workload)}", ("aws",), look)


async def own(examination: Examination) -> Account:
    """The account that the configuration is for; another one says nothing about it."""
    found = await examination.once(aws.account)
    configured = examination.config.aws.account_id
    if configured not in (None, found.number):
        raise Missing(f"the credentials belong to the account {found.number}, not to {configured}")
    return found


def tags(found: Mapping[str, str], configured: Mapping[str, str]) -> Iterator[LiveDifference]:
    """The differences in tags; the values of further ones are not ours to print."""
    apart = iam.tags(found, configured)
    for key in sorted((*apart.missing, *apart.further)):
        if key in configured:
            remedy = f"{BACK} To keep it, change 'aws.tags'."
            live = quoted(found[key]) if key in found else "no such tag"
            yield LiveDifference.of(f"tag {quoted(key)}", live, quoted(configured[key]), remedy)
        else:
            remedy = "A deploy removes it. To keep it, add it to 'aws.tags'."
            yield LiveDifference.of(f"tag {quoted(key)}", "exists", "no such tag", remedy)


async def _provider(examination: Examination) -> AsyncIterator[LiveDifference]:
    await examination.once(own)
    config = examination.config
    is_ours = config.aws.oidc_provider == "create"
    try:
        found = await examination.once(aws.provider)
    except Missing as missing:
        remedy = BACK if is_ours else "Create it where it is managed, or set 'create'."
        yield _absent(missing, aws.PROVIDER, remedy)
        return
    for difference in _audiences(found, config):
        yield difference
    if is_ours:
        for difference in tags(found.tags, config.aws.tags):
            yield difference


def _audiences(found: Provider, config: ClusterConfig) -> Iterator[LiveDifference]:
    """An adopted provider may have audiences of others."""
    apart = iam.audiences(found, config)
    if config.aws.oidc_provider == "create":
        is_same = not (apart.missing or apart.further)
        remedy = f"{BACK} To keep it, change 'audience'."
    else:
        is_same = not apart.missing
        remedy = "Add the missing ones where the provider is managed, or change 'audience'."
    if not is_same:
        texts = listed(sorted(found.audiences)), listed(sorted(config.audience))
        yield LiveDifference.of("audiences", *texts, remedy)


async def _thumbprint(examination: Examination) -> AsyncIterator[LiveDifference]:
    await examination.once(own)
    found = await examination.once(aws.provider)
    configured = examination.config.discovery.thumbprint
    if isinstance(configured, str):
        top = (await examination.once(tls.presented_chain)).top
        expected, text = {top.thumbprint}, f"'{top.thumbprint}', as the endpoint presents it"
    else:
        expected, text = set(configured), listed(sorted(configured))
    if set(found.thumbprints) != expected:
        remedy = f"{BACK} To keep it, pin it in 'discovery.thumbprint'."
        yield LiveDifference.of("", listed(sorted(found.thumbprints)), text, remedy)


async def _role(workload: Workload, examination: Examination) -> AsyncIterator[LiveDifference]:
    config = examination.config
    account = await examination.once(own)
    try:
        found = await examination.once(aws.role, workload)
    except Missing as missing:
        yield _absent(missing, aws.ROLE, BACK)
        return
    for field, live, configured in iam.role_settings(found, config, workload):
        if live != configured:
            remedy = f"{BACK} To keep it, change '{field}'."
            yield LiveDifference.of(field.partition(".")[2], _text(live), _text(configured), remedy)
    provider_arn = _provider_arn(config, account)
    for place, seen, expected in iam.trust(found, config, workload, provider_arn):
        yield LiveDifference.of(f"trust policy: {place}", seen, expected, _TRUST)
    for difference in tags(found.tags, config.aws.tags):
        yield difference
    attached = await evidence.ask(account.attached_policies, config.role_name(workload))
    inline = await evidence.ask(account.inline_policies, config.role_name(workload))
    for difference in _policies(config, workload, attached, inline):
        yield difference


_TRUST = (
    "A deploy restores the configured policy. To keep another subject or audience, change "
    "'workloads' or 'audience'."
)


def _policies(
    config: ClusterConfig, workload: Workload, attached: tuple[str, ...], inline: tuple[str, ...]
) -> Iterator[LiveDifference]:
    """Terraform knows of its own attachments alone, so a deploy leaves the others."""
    apart = iam.policies(attached, config, workload)
    for arn in apart.missing:
        remedy = f"{BACK} To keep it, remove it from 'role.managed_policy_arns'."
        yield LiveDifference.of(f"policy {quoted(arn)}", "not attached", "attached", remedy)
    for arn in apart.further:
        remedy = "A deploy keeps it: detach it by hand, or add it to 'role.managed_policy_arns'."
        yield LiveDifference.of(f"policy {quoted(arn)}", "attached", "not attached", remedy)
    for name in sorted(inline):
        remedy = (
            "A deploy keeps it: delete it by hand, or make it a managed policy and add that to "
            "'role.managed_policy_arns'."
        )
        yield LiveDifference.of(f"inline policy {quoted(name)}", "exists", "none", remedy)


def _provider_arn(config: ClusterConfig, account: Account) -> str:
    resource = f"oidc-provider/{config.issuer_key}"
    return f"arn:{config.partition}:iam::{account.number}:{resource}"


def _absent(missing: Missing, rule: Rule, remedy: str) -> LiveDifference:
    """The difference that something is not there at all.

    Raises:
        Missing: it could not be looked at.
    """
    if missing.finding is None or missing.finding.code != rule.code:
        raise missing
    return LiveDifference.of("", missing.finding.seen, "exists", remedy)


def _text(value: str | int | None) -> str:
    return "none" if value is None else quoted(value) if isinstance(value, str) else str(value)
