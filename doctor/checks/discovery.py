"""The layer `discovery`: the two documents that AWS reads, read as AWS reads them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from apiserver.distributions import DISTRIBUTIONS
from doctor.checks import names, tls
from doctor.difference import compare_issuers
from doctor.examination import Check, Examination, Missing
from doctor.finding import Finding, Rule
from doctor.live.https import LARGEST, Answer, ServerAddress, TooSlowError, UnreadableError, get
from doctor.live.reach import unreachable
from federation.errors import UserError
from federation.strict_json import json_object
from formats.escaping import listed, quoted

_LAYER = "discovery"
_BINDING = (
    "Bind the ClusterRole 'system:service-account-issuer-discovery' to the group "
    "'system:unauthenticated': deploy the discovery stack."
)

READABLE = Rule(
    "discovery-readable",
    _LAYER,
    "Anyone can read the discovery document and the keys",
    "AWS reads both documents without credentials, over https and on port 443 (IAM user guide, "
    "'Create an OpenID Connect identity provider in IAM'). The doctor does the same.",
    "Something between the doctor and the API server answers differently.",
    "See the other findings of this layer: they name the answer.",
)
_OFF_BY_DEFAULT = ", ".join(each.title for each in DISTRIBUTIONS.values() if not each.anonymous)
UNAUTHORIZED = Rule(
    "discovery-unauthorized",
    _LAYER,
    "Requests without credentials do not get HTTP 401",
    "The API server answers 401 if it accepts no anonymous requests for the path. AWS sends no "
    "credentials, so it cannot read the keys.",
    f"Anonymous authentication is off (--anonymous-auth=false, the default of {_OFF_BY_DEFAULT}), "
    "or the path is not among the 'anonymous.conditions' of the AuthenticationConfiguration "
    "(KEP-4633).",
    "Allow anonymous requests to exactly '/.well-known/openid-configuration' and "
    "'/openid/v1/jwks' in the AuthenticationConfiguration (Kubernetes 1.31 or newer), or serve "
    "the two documents from somewhere else.",
)
FORBIDDEN = Rule(
    "discovery-forbidden",
    _LAYER,
    "Requests without credentials do not get HTTP 403",
    "The API server answers 403 if it accepts anonymous requests, but RBAC grants them nothing "
    "on the path.",
    "The ClusterRoleBinding for anonymous readers is missing: Kubernetes binds the role only to "
    "service accounts.",
    _BINDING,
)
NOT_FOUND = Rule(
    "discovery-not-found",
    _LAYER,
    "The documents exist at the issuer's address",
    "The documents are at ISSUER/.well-known/openid-configuration and at the address that it "
    "names as 'jwks_uri'. The API server serves them only at its root.",
    "The API server has no issuer, or one that is not an https URL (it logs that and answers "
    "404); or the issuer has a path, and no proxy or bucket serves it.",
    "Compare --service-account-issuer with the configured issuer. An issuer with a path needs a "
    "proxy or a bucket that serves the documents below it.",
)
STATUS = Rule(
    "discovery-status",
    _LAYER,
    "The documents are answered with HTTP 200",
    "AWS cannot read the keys from any other answer.",
    "The server at this address has an error, or is not the API server.",
    "Check the log of the server at this address.",
)
REDIRECT = Rule(
    "discovery-redirect",
    _LAYER,
    "The documents are served without a redirect",
    "The doctor does not follow redirects: a federation must not depend on another host or on "
    "plain http.",
    "A proxy or an ingress in front of the API server redirects clients.",
    "Serve the documents from the issuer's host.",
)
HTML = Rule(
    "discovery-html",
    _LAYER,
    "The documents are JSON, not a web page",
    "HTML comes from a web server, a proxy or a captive portal, not from an issuer.",
    "The issuer's name or discovery.endpoint points to something other than the API server.",
    "Serve the two documents from the issuer's host; compare the address with the API server's.",
)
CONTENT_TYPE = Rule(
    "discovery-content-type",
    _LAYER,
    "The documents have a JSON content type",
    "OpenID Connect Discovery 1.0 (4.2) requires 'application/json'; the API server sends "
    "'application/jwk-set+json' for the keys.",
    "A bucket or a web server guesses the type, because the file names have no extension.",
    "Set the Content-Type of both objects.",
)
ENCODING = Rule(
    "discovery-encoding",
    _LAYER,
    "The documents are not compressed",
    "The doctor asks for no compression and unpacks nothing: a compressed answer without a "
    "limit can fill the reader's memory.",
    "A proxy compresses every answer, or the server is hostile.",
    "Turn off compression for the two paths.",
)
SIZE = Rule(
    "discovery-size",
    _LAYER,
    "The documents are small",
    "Both documents together are a few kilobytes. The doctor reads at most one megabyte of each.",
    "The server at this address is not an issuer.",
    "Compare the address with the API server's.",
)
SLOW = Rule(
    "discovery-slow",
    _LAYER,
    "The documents arrive within seconds",
    "AWS waits a few seconds at most and then answers IDPCommunicationError.",
    "The server is overloaded, or keeps the connection open without a response.",
    "Check the load of the server. A bucket serves the documents at any load.",
)
UNREACHABLE = Rule(
    "discovery-unreachable",
    _LAYER,
    "The connection stays open until the documents are read",
    "TLS works, but there is no complete HTTP answer.",
    "The server does not speak HTTP, or drops the connection.",
    "Check the log of the server at this address.",
)
JSON = Rule(
    "discovery-json",
    _LAYER,
    "The documents are valid JSON objects",
    "Both documents are JSON objects without duplicate keys (RFC 8259).",
    "The documents were changed or truncated when they were copied.",
    "Publish them again as the API server serves them: 'kubectl get --raw "
    "/.well-known/openid-configuration' and 'kubectl get --raw /openid/v1/jwks'.",
)
ISSUER = Rule(
    "discovery-issuer",
    _LAYER,
    "The document names the configured issuer, byte for byte",
    "The 'iss' of tokens, the 'issuer' of the document and the URL of the OIDC provider must be "
    "equal byte for byte: one trailing slash breaks the federation.",
    "The first --service-account-issuer of the API server is not the configured issuer.",
    "Set the first --service-account-issuer of every API server to the configured issuer; keep "
    "the old one second until its tokens have expired.",
)
JWKS_URI = Rule(
    "discovery-jwks-uri",
    _LAYER,
    "The document points to the keys at a public address on port 443",
    "AWS reads the keys from the document's 'jwks_uri': over https, on port 443, from the "
    "internet.",
    "--service-account-jwks-uri is not set: the API server then uses its own address, which is "
    "often private or on port 6443.",
    "Set --service-account-jwks-uri to ISSUER/openid/v1/jwks on every API server.",
)
ALGORITHMS = Rule(
    "discovery-algorithms",
    _LAYER,
    "The document names algorithms that AWS accepts",
    "STS accepts tokens signed with RS256, RS384, RS512, ES256, ES384 or ES512 (STS API, "
    "AssumeRoleWithWebIdentity).",
    "The document was written by hand, or the issuer is not a Kubernetes API server.",
    "Publish the document as the API server serves it.",
)

SIGNING_ALGORITHMS = ("RS256", "RS384", "RS512", "ES256", "ES384", "ES512")
"""What STS takes (STS API, AssumeRoleWithWebIdentity)."""

_JSON_TYPES = ("application/json", "application/jwk-set+json")


@dataclass(frozen=True)
class ServedDocument:
    """One of the two documents, as it was served."""

    path: str
    content_type: str
    members: Mapping[str, Any]


async def openid_configuration(examination: Examination) -> ServedDocument:
    url = urlsplit(examination.config.openid_configuration_url)
    return await _document(examination, tls.issuer_address(examination), url.path)


async def keys(examination: Examination) -> ServedDocument:
    """The published keys, at the address that the discovery document names."""
    document = await examination.once(openid_configuration)
    uri = document.members.get("jwks_uri")
    flaw = _flaw_of_uri(uri)
    if flaw:
        raise Missing.because(
            JWKS_URI.failed(f"{quoted(uri)}: {flaw}", quoted(examination.config.jwks_uri))
        )
    parts = urlsplit(str(uri))
    host = parts.hostname or ""
    at_issuer = host == examination.config.issuer_host
    address = tls.issuer_address(examination) if at_issuer else ServerAddress(host, 443, host)
    return await _document(examination, address, parts.path + _query(parts.query))


async def _readable(examination: Examination) -> AsyncIterator[Finding]:
    document = await examination.once(openid_configuration)
    keys_document = await examination.once(keys)
    yield READABLE.passed(f"{document.path} and {keys_document.path} without credentials")
    for each in (document, keys_document):
        media_type = each.content_type.partition(";")[0].strip().lower()
        if media_type not in _JSON_TYPES:
            yield CONTENT_TYPE.warned(f"{quoted(media_type)} for {each.path}", "application/json")


async def _names_issuer(examination: Examination) -> AsyncIterator[Finding]:
    document = await examination.once(openid_configuration)
    yield compare_issuers(ISSUER, document.members.get("issuer"), examination.config.issuer)


async def _leads_to_keys(examination: Examination) -> AsyncIterator[Finding]:
    document = await examination.once(openid_configuration)
    uri = document.members.get("jwks_uri")
    configured = examination.config.jwks_uri
    flaw = _flaw_of_uri(uri)
    if flaw:
        yield JWKS_URI.failed(f"{quoted(uri)}: {flaw}", quoted(configured))
    elif uri == configured:
        yield JWKS_URI.passed(quoted(uri))
    else:
        yield JWKS_URI.warned(f"{quoted(uri)}{await _elsewhere(str(uri))}", quoted(configured))


async def _elsewhere(uri: str) -> str:
    """How a text goes on that names an address: with what keeps AWS from it, where that is so."""
    try:
        found = unreachable(await names.resolve(urlsplit(uri).hostname or ""))
    except OSError:
        # That nobody can read the keys there is told by another finding.
        return ""
    return f" at {', '.join(found)}" if found else ""


async def _names_algorithms(examination: Examination) -> AsyncIterator[Finding]:
    document = await examination.once(openid_configuration)
    named = document.members.get("id_token_signing_alg_values_supported")
    named = named if isinstance(named, list) else []
    if not any(each in SIGNING_ALGORITHMS for each in named):
        yield ALGORITHMS.failed(listed(named), f"one of {', '.join(SIGNING_ALGORITHMS)}")
    elif any(each not in SIGNING_ALGORITHMS for each in named):
        yield ALGORITHMS.warned(listed(named), f"only {', '.join(SIGNING_ALGORITHMS)}")
    else:
        yield ALGORITHMS.passed(listed(named))


def _flaw_of_uri(uri: object) -> str:
    if not isinstance(uri, str):
        return "not text"
    try:
        parts = urlsplit(uri)
        port = parts.port or 443
    except ValueError:
        return "not a URL"
    if parts.scheme != "https":
        return "not https"
    if not parts.hostname or parts.username is not None:
        return "not a plain host name"
    if not uri.isascii() or not uri.isprintable() or " " in uri:
        return "it has characters that a URL cannot have"
    return "" if port == 443 else f"on port {port}"


def _query(query: str) -> str:
    return f"?{query}" if query else ""


async def _document(examination: Examination, address: ServerAddress, path: str) -> ServedDocument:
    examination.allows("discovery")
    trust = await examination.once(tls.trust)
    seconds = examination.options.answer_timeout
    try:
        answer = await asyncio.to_thread(get, address, path, trust.context, seconds)
    except TooSlowError:
        raise _unread(SLOW, path, f"no complete answer within {seconds:g} s") from None
    except UnreadableError as error:
        raise _unread(UNREACHABLE, path, quoted(error)) from None
    return _read(
        answer, path, _known_cause(examination.config.discovery.hosting, answer.status, path)
    )


def _known_cause(hosting: str, status: int, path: str) -> Mapping[str, str]:
    """The cause and the fix of an answer, where more than the usual ones are known."""
    if status not in (403, 404):
        return {}
    if hosting == "s3":
        return _OF_A_BUCKET
    return {} if path in _ROOT_PATHS else _BELOW_A_PATH


def _read(answer: Answer, path: str, known: Mapping[str, str]) -> ServedDocument:
    """The document in an answer; `known` are the cause and the fix of a wrong one, if known."""
    flaw = _flaw_of_answer(answer)
    if flaw is not None:
        raise _unread(flaw[0], path, flaw[1], known)
    body = answer.body or b""
    try:
        members = json_object("The document", body.decode())
    except (UserError, UnicodeDecodeError) as error:
        raise _unread(JSON, path, str(error)) from None
    return ServedDocument(path, answer.content_type, members)


def _flaw_of_answer(answer: Answer) -> tuple[Rule, str] | None:
    rule = _RULE_OF_STATUS.get(answer.status)
    if rule is not None:
        return rule, f"HTTP {answer.status}"
    if 300 <= answer.status < 400:
        return REDIRECT, f"HTTP {answer.status} to {quoted(answer.location)}"
    if answer.status != 200:
        return STATUS, f"HTTP {answer.status}"
    if answer.content_encoding not in ("", "identity"):
        return ENCODING, f"Content-Encoding {quoted(answer.content_encoding)}"
    if answer.body is None:
        return SIZE, f"more than {LARGEST} bytes"
    if "html" in answer.content_type.lower() or answer.body.lstrip()[:1] == b"<":
        return HTML, f"Content-Type {quoted(answer.content_type)}"
    return None


_RULE_OF_STATUS = {401: UNAUTHORIZED, 403: FORBIDDEN, 404: NOT_FOUND}


_ROOT_PATHS = ("/.well-known/openid-configuration", "/openid/v1/jwks")
_BELOW_A_PATH = {
    "cause": "The issuer has a path, and an API server serves the documents only at its root.",
    "fix": "Serve the documents below the path with a proxy or a bucket, or configure an issuer "
    "without a path.",
}
_OF_A_BUCKET = {
    "cause": "The object is not in the bucket (S3 answers 403 for that, too); or the bucket's "
    "policy is missing, or the account blocks public access to S3.",
    "fix": "Deploy the discovery stack. If AWS rejects its policy, allow a public bucket, "
    "or set a certificate for CloudFront (discovery.s3.acm_certificate_arn).",
}


def _unread(rule: Rule, path: str, seen: str, known: Mapping[str, str] | None = None) -> Missing:
    expected = "the document, with HTTP 200"
    return Missing.because(rule.failed(f"{seen} for {path}", expected, about=path, **(known or {})))


CHECKS = (
    Check(READABLE, _readable),
    Check(ISSUER, _names_issuer),
    Check(JWKS_URI, _leads_to_keys),
    Check(ALGORITHMS, _names_algorithms),
)

ANSWERS = (
    UNAUTHORIZED,
    FORBIDDEN,
    NOT_FOUND,
    STATUS,
    REDIRECT,
    HTML,
    CONTENT_TYPE,
    ENCODING,
    SIZE,
    SLOW,
    UNREACHABLE,
    JSON,
)
