"""The bucket with the two discovery documents, and the distribution that serves it."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Iterator
from typing import Any

from doctor import evidence
from doctor.drift.account import own, tags
from doctor.drift.places import BACK, DriftPlace, LiveDifference
from doctor.examination import Examination, Missing
from doctor.live.bucket import LiveBucket, LiveDistribution
from doctor.policies import differences
from federation import discovery_bucket
from federation.errors import UserError
from federation.keys import key_files
from federation.keys.jwks import JWKS_PATH
from federation.model.config import Bucket, ClusterConfig
from federation.strict_json import json_object
from formats.escaping import listed, quoted

_LAYERS = ("aws",)
_SETTINGS = {
    "block_public_acls": "BlockPublicAcls",
    "ignore_public_acls": "IgnorePublicAcls",
    "block_public_policy": "BlockPublicPolicy",
    "restrict_public_buckets": "RestrictPublicBuckets",
}
"""What the S3 API calls the settings of the AWS provider."""
_KEYS = f"{BACK} To publish other keys, change 'discovery.s3.keys'."


def places(config: ClusterConfig) -> Iterator[DriftPlace]:
    """The bucket, each of its documents, and the distribution, where there are.

    Raises:
        UserError: a file of keys cannot be read, or holds what may not be published.
    """
    settings = config.discovery.s3
    if settings is None:
        return
    yield DriftPlace(f"bucket {settings.bucket}", _LAYERS, functools.partial(_bucket, settings))
    for path, text in key_files.documents(config).items():
        look = functools.partial(_document, path, text)
        yield DriftPlace(f"document {discovery_bucket.key(config, path)}", _LAYERS, look)
    if settings.acm_certificate_arn:
        look = functools.partial(_distribution, settings.acm_certificate_arn)
        yield DriftPlace(f"CloudFront distribution of {config.issuer_host}", _LAYERS, look)


async def _live(examination: Examination) -> LiveBucket:
    account, config = await examination.once(own), examination.config
    name = config.discovery.s3.bucket if config.discovery.s3 else ""
    seconds = examination.options.answer_timeout
    return await evidence.ask(LiveBucket, config.aws, account.number, name, seconds)


async def _found_distribution(examination: Examination) -> LiveDistribution | None:
    live = await examination.once(_live)
    return await evidence.ask(live.distribution, examination.config.issuer_host)


async def _bucket(settings: Bucket, examination: Examination) -> AsyncIterator[LiveDifference]:
    live, config = await examination.once(_live), examination.config
    versioned = await evidence.ask(live.is_versioned)
    if versioned is None:
        yield LiveDifference.of("", "missing", "exists")
        return
    if not versioned:
        yield LiveDifference.of("versioning", "off", "on")
    ownership = await evidence.ask(live.ownership)
    if ownership != discovery_bucket.OWNERSHIP:
        yield LiveDifference.of("ownership", quoted(ownership), f"'{discovery_bucket.OWNERSHIP}'")
    blocked = await evidence.ask(live.public_access)
    for setting, configured in discovery_bucket.public_access(settings).items():
        seen = blocked.get(_SETTINGS[setting], False)
        if seen != configured:
            yield LiveDifference.of(setting, _switch(seen), _switch(configured))
    for difference in tags(await evidence.ask(live.tags), config.aws.tags):
        yield difference
    policy = await evidence.ask(live.policy)
    distribution = None
    if settings.acm_certificate_arn:
        distribution = await examination.once(_found_distribution)
        if distribution is None:
            raise Missing("the policy names a CloudFront distribution that does not exist")
    wanted = discovery_bucket.policy(config, settings, distribution.arn if distribution else "")
    for place, seen_part, expected in differences(policy or {}, wanted):
        yield LiveDifference.of(f"policy: {place}", seen_part, expected)


async def _document(
    path: str, text: str, examination: Examination
) -> AsyncIterator[LiveDifference]:
    live = await examination.once(_live)
    key = discovery_bucket.key(examination.config, path)
    found = await evidence.ask(live.document, key)
    if found is None:
        yield LiveDifference.of("", "missing", "exists")
        return
    if found.text != text:
        yield _text_apart(path, found.text, text)
    headers = {
        "Content-Type": (found.content_type, discovery_bucket.CONTENT_TYPE),
        "Cache-Control": (found.cache_control, discovery_bucket.CACHE_CONTROL),
    }
    for header, (seen, configured) in headers.items():
        if seen != configured:
            yield LiveDifference.of(header, quoted(seen), quoted(configured))


async def _distribution(
    certificate_arn: str, examination: Examination
) -> AsyncIterator[LiveDifference]:
    found = await examination.once(_found_distribution)
    if found is None:
        yield LiveDifference.of("", "missing", "exists")
        return
    if not found.is_enabled:
        yield LiveDifference.of("", "disabled", "enabled")
    if found.certificate_arn != certificate_arn:
        remedy = f"{BACK} To keep it, change 'discovery.s3.acm_certificate_arn'."
        yield LiveDifference.of(
            "certificate", quoted(found.certificate_arn), quoted(certificate_arn), remedy
        )


def _text_apart(path: str, live: str, text: str) -> LiveDifference:
    """How a document differs: a key set by the ids of its keys, where they are others."""
    if path == JWKS_PATH:
        seen, configured = _key_ids(live), _key_ids(text)
        if seen != configured:
            return LiveDifference.of("keys", listed(seen), listed(configured), _KEYS)
    return LiveDifference.of("text", quoted(live), quoted(text), _KEYS)


def _key_ids(text: str) -> list[str]:
    try:
        return [str(each["kid"]) for each in json_object("The key set", text)["keys"]]
    except (UserError, KeyError, TypeError):
        return ["not a key set"]


def _switch(value: Any) -> str:
    return "on" if value else "off"
