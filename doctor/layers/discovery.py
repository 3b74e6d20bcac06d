"""The layer `discovery`: the two documents that AWS reads, read as AWS reads them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from doctor.difference import compared
from doctor.examination import Check, Examination, Missing
from doctor.finding import Finding, Rule
from doctor.layers import names, tls
from doctor.live.https import LARGEST, Address, Answer, TooSlowError, UnreadableError, get
from doctor.live.reach import unreachable
from doctor.rules import discovery as rules
from federation.errors import UserError
from federation.strict_json import json_object
from formats.escaping import listed, quoted

ALGORITHMS = ("RS256", "RS384", "RS512", "ES256", "ES384", "ES512")
"""What STS takes (STS API, AssumeRoleWithWebIdentity)."""

_JSON_TYPES = ("application/json", "application/jwk-set+json")


@dataclass(frozen=True)
class Document:
    """One of the two documents, as it was served."""

    path: str
    content_type: str
    members: Mapping[str, Any]


async def openid_configuration(examination: Examination) -> Document:
    """The discovery document."""
    url = urlsplit(examination.config.openid_configuration_url)
    return await _document(examination, tls.issuer_address(examination), url.path)


async def keys(examination: Examination) -> Document:
    """The published keys, at the address that the discovery document names."""
    document = await examination.once(openid_configuration)
    uri = document.members.get("jwks_uri")
    flaw = _flaw_of_uri(uri)
    if flaw:
        raise Missing.because(
            rules.JWKS_URI.failed(f"{quoted(uri)}: {flaw}", quoted(examination.config.jwks_uri))
        )
    parts = urlsplit(str(uri))
    host = parts.hostname or ""
    at_issuer = host == examination.config.issuer_host
    address = tls.issuer_address(examination) if at_issuer else Address(host, 443, host)
    return await _document(examination, address, parts.path + _query(parts.query))


async def _readable(examination: Examination) -> AsyncIterator[Finding]:
    document = await examination.once(openid_configuration)
    keys_document = await examination.once(keys)
    yield rules.READABLE.passed(f"{document.path} and {keys_document.path} without credentials")
    for each in (document, keys_document):
        media_type = each.content_type.partition(";")[0].strip().lower()
        if media_type not in _JSON_TYPES:
            yield rules.CONTENT_TYPE.warned(
                f"{quoted(media_type)} for {each.path}", "application/json"
            )


async def _names_issuer(examination: Examination) -> AsyncIterator[Finding]:
    document = await examination.once(openid_configuration)
    yield compared(rules.ISSUER, document.members.get("issuer"), examination.config.issuer)


async def _leads_to_keys(examination: Examination) -> AsyncIterator[Finding]:
    document = await examination.once(openid_configuration)
    uri = document.members.get("jwks_uri")
    configured = examination.config.jwks_uri
    flaw = _flaw_of_uri(uri)
    if flaw:
        yield rules.JWKS_URI.failed(f"{quoted(uri)}: {flaw}", quoted(configured))
    elif uri == configured:
        yield rules.JWKS_URI.passed(quoted(uri))
    else:
        yield rules.JWKS_URI.warned(
            f"{quoted(uri)}{await _elsewhere(str(uri))}", quoted(configured)
        )


async def _elsewhere(uri: str) -> str:
    """How a text goes on that names an address: with what keeps AWS from it, where that is so."""
    try:
        found = unreachable(await names.resolved(urlsplit(uri).hostname or ""))
    except OSError:
        # That nobody can read the keys there is told by another finding.
        return ""
    return f" at {', '.join(found)}" if found else ""


async def _names_algorithms(examination: Examination) -> AsyncIterator[Finding]:
    document = await examination.once(openid_configuration)
    named = document.members.get("id_token_signing_alg_values_supported")
    named = named if isinstance(named, list) else []
    if not any(each in ALGORITHMS for each in named):
        yield rules.ALGORITHMS.failed(listed(named), f"one of {', '.join(ALGORITHMS)}")
    elif any(each not in ALGORITHMS for each in named):
        yield rules.ALGORITHMS.warned(listed(named), f"none but {', '.join(ALGORITHMS)}")
    else:
        yield rules.ALGORITHMS.passed(listed(named))


def _flaw_of_uri(uri: object) -> str:
    if not isinstance(uri, str):
        return "it is no text"
    try:
        parts = urlsplit(uri)
        port = parts.port or 443
    except ValueError:
        return "it is no URL"
    if parts.scheme != "https":
        return "it is not https"
    if not parts.hostname or parts.username is not None:
        return "it names no host alone"
    if not uri.isascii() or not uri.isprintable() or " " in uri:
        return "it has characters that a URL has not"
    return "" if port == 443 else f"it is on port {port}"


def _query(query: str) -> str:
    return f"?{query}" if query else ""


async def _document(examination: Examination, address: Address, path: str) -> Document:
    examination.allows("discovery")
    trust = await examination.once(tls.trust)
    seconds = examination.options.answer_timeout
    try:
        answer = await asyncio.to_thread(get, address, path, trust.context, seconds)
    except TooSlowError:
        raise _unread(rules.SLOW, path, f"nothing whole within {seconds:g} s") from None
    except UnreadableError as error:
        raise _unread(rules.UNREACHABLE, path, quoted(error)) from None
    return _read(answer, path, _known(examination.config.discovery.hosting, answer.status, path))


def _known(hosting: str, status: int, path: str) -> Mapping[str, str]:
    """The cause and the fix of an answer, where more than the usual ones are known."""
    if status not in (403, 404):
        return {}
    if hosting == "s3":
        return _OF_A_BUCKET
    return {} if path in _ROOT_PATHS else _BELOW_A_PATH


def _read(answer: Answer, path: str, known: Mapping[str, str]) -> Document:
    """The document in an answer; `known` are the cause and the fix of a wrong one, if known."""
    flaw = _flaw_of_answer(answer)
    if flaw is not None:
        raise _unread(flaw[0], path, flaw[1], known)
    body = answer.body or b""
    try:
        members = json_object("The document", body.decode())
    except (UserError, UnicodeDecodeError) as error:
        raise _unread(rules.JSON, path, str(error)) from None
    return Document(path, answer.content_type, members)


def _flaw_of_answer(answer: Answer) -> tuple[Rule, str] | None:
    rule = _RULE_OF_STATUS.get(answer.status)
    if rule is not None:
        return rule, f"HTTP {answer.status}"
    if 300 <= answer.status < 400:
        return rules.REDIRECT, f"HTTP {answer.status} to {quoted(answer.location)}"
    if answer.status != 200:
        return rules.STATUS, f"HTTP {answer.status}"
    if answer.content_encoding not in ("", "identity"):
        return rules.ENCODING, f"Content-Encoding {quoted(answer.content_encoding)}"
    if answer.body is None:
        return rules.SIZE, f"more than {LARGEST} bytes"
    if "html" in answer.content_type.lower() or answer.body.lstrip()[:1] == b"<":
        return rules.HTML, f"Content-Type {quoted(answer.content_type)}"
    return None


_RULE_OF_STATUS = {401: rules.UNAUTHORIZED, 403: rules.FORBIDDEN, 404: rules.NOT_FOUND}


_ROOT_PATHS = ("/.well-known/openid-configuration", "/openid/v1/jwks")
_BELOW_A_PATH = {
    "cause": "The issuer has a path, and an API server serves the documents at its root alone.",
    "fix": "Let a proxy or a bucket serve the documents below the path, or configure an issuer "
    "without one.",
}
_OF_A_BUCKET = {
    "cause": "The object is not in the bucket, which S3 answers with 403 as well; or the bucket's "
    "policy is missing, or the account blocks public access to S3.",
    "fix": "Deploy the discovery stack. Where AWS refuses its policy, let this bucket be public, "
    "or name a certificate for CloudFront (discovery.s3.acm_certificate_arn).",
}


def _unread(rule: Rule, path: str, seen: str, known: Mapping[str, str] | None = None) -> Missing:
    expected = "the document, with HTTP 200"
    return Missing.because(rule.failed(f"{seen} for {path}", expected, about=path, **(known or {})))


CHECKS = (
    Check(rules.READABLE, _readable),
    Check(rules.ISSUER, _names_issuer),
    Check(rules.JWKS_URI, _leads_to_keys),
    Check(rules.ALGORITHMS, _names_algorithms),
)
