"""The layer `tls`: how the issuer's address proves who it is, here and to AWS."""

from __future__ import annotations

import asyncio
import datetime
import ssl
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import certifi

from doctor import chain, evidence
from doctor.chain import Chain
from doctor.examination import Check, Examination, Missing
from doctor.finding import Finding
from doctor.https import Address, Presented, present
from doctor.quoting import listed, shown
from doctor.rules import tls as rules

SOON = datetime.timedelta(days=30)
"""A certificate that ends within this time is worth a warning; within a fifth of its life, where
that is shorter, since short-lived ones are renewed late."""


@dataclass(frozen=True)
class Trust:
    """What the issuer's certificate is verified with.

    Attributes:
        context: For connections.
        is_public: Whether a public authority is enough, so that AWS needs no thumbprint.
        source: Where the authority comes from, in words.
    """

    context: ssl.SSLContext
    is_public: bool
    source: str


def issuer_address(examination: Examination) -> Address:
    """Where the issuer's documents are read, under the issuer's own name."""
    host, port = examination.config.discovery_address
    return Address(host, port, examination.config.issuer_host)


async def presented(examination: Examination) -> Presented:
    """What is presented, whoever signed it."""
    examination.allows("tls")
    address = issuer_address(examination)
    try:
        return await asyncio.to_thread(present, address, examination.options.answer_timeout)
    except OSError as error:
        raise Missing.because(_unconnected(address, error)) from None


async def presented_chain(examination: Examination) -> Chain:
    """The presented certificates."""
    found = await examination.once(presented)
    try:
        return chain.parse(found.chain)
    except ValueError as error:
        finding = rules.CHAIN.failed(shown(error), "certificates that can be read")
        raise Missing.because(finding) from None


async def trust(examination: Examination) -> Trust:
    """What verifies the issuer's certificate: public authorities, or else the given ones."""
    found = await examination.once(presented_chain)
    public = Trust(_context(Path(certifi.where())), True, "a public authority")
    refusal = await _refusal(examination, public)
    if refusal is None:
        return public
    private = await _private(examination)
    if private is not None:
        refusal = await _refusal(examination, private)
        if refusal is None:
            return private
    raise Missing.because(_unverified(examination, found, refusal, private))


async def _connects(examination: Examination) -> AsyncIterator[Finding]:
    found = await examination.once(presented)
    yield rules.CONNECT.passed(f"{issuer_address(examination)} speaks {found.version}")


async def _takes_older(examination: Examination) -> AsyncIterator[Finding]:
    await examination.once(presented)
    address, seconds = issuer_address(examination), examination.options.answer_timeout
    try:
        await asyncio.to_thread(present, address, seconds, newest=ssl.TLSVersion.TLSv1_2)
    except OSError:
        seen, expected = "TLS 1.3 alone", "TLS 1.2 too"
        if examination.config.discovery.thumbprint == "omit":
            yield rules.VERSION.failed(seen, f"{expected}, or a pinned thumbprint")
        else:
            yield rules.VERSION.warned(seen, expected)
    else:
        yield rules.VERSION.passed("TLS 1.2 is taken")


async def _is_verified(examination: Examination) -> AsyncIterator[Finding]:
    found = await examination.once(trust)
    yield rules.CHAIN.passed(f"verified with {found.source}")


async def _is_for_host(examination: Examination) -> AsyncIterator[Finding]:
    yield _name(examination, await examination.once(presented_chain))


async def _is_current(examination: Examination) -> AsyncIterator[Finding]:
    yield _expiry(await examination.once(presented_chain))


async def _is_whole(examination: Examination) -> AsyncIterator[Finding]:
    found = await examination.once(presented_chain)
    verified = await examination.once(trust)
    if not found.is_leaf_alone:
        kinds = ", ".join(each.kind for each in found.certificates)
        yield rules.LEAF_ONLY.passed(f"presented: {kinds}")
    elif verified.is_public:
        yield rules.LEAF_ONLY.passed("a leaf that a public root has signed itself")
    else:
        yield rules.LEAF_ONLY.warned(
            f"the leaf alone, which ends on {found.leaf.expires:%Y-%m-%d}",
            "the leaf and the authority that signed it",
        )


async def _fits_thumbprint(examination: Examination) -> AsyncIterator[Finding]:
    found = await examination.once(presented_chain)
    verified = await examination.once(trust)
    configured = examination.config.discovery.thumbprint
    seen = thumbprint_seen(found)
    if verified.is_public:
        yield rules.THUMBPRINT.passed(f"{seen}; AWS does not use it: the authority is public")
    elif isinstance(configured, str):
        yield rules.THUMBPRINT.passed(f"{seen}; AWS uses it: the authority is private")
    elif not fits(found, configured):
        yield rules.THUMBPRINT.failed(seen, f"one of {listed(configured)}")
    else:
        yield rules.THUMBPRINT.passed(f"{seen}; one of the pinned ones is presented")


def thumbprint_seen(found: Chain) -> str:
    """What Terraform and IAM would pin now, and until when it holds."""
    top = found.top
    return f"{top.thumbprint} of the {top.kind} {top.subject} until {top.expires:%Y-%m-%d}"


def fits(found: Chain, thumbprints: Sequence[str]) -> bool:
    """Whether a presented certificate has one of these thumbprints."""
    return bool({each.thumbprint for each in found.certificates} & set(thumbprints))


async def _private(examination: Examination) -> Trust | None:
    """The given authorities, or else the cluster's own, which signs the API server's certificate
    in most self-managed clusters."""
    path = examination.options.ca_file
    source = "the authority of --ca-file"
    if path is None:
        source = "the authority of the kubeconfig"
        try:
            path = (await examination.once(evidence.cluster)).certificate_authority
        except Missing:
            return None
    try:
        return Trust(_context(path), False, source) if path else None
    except OSError as error:
        finding = rules.CHAIN.failed(f"{path}: {shown(error)}", "certificates in PEM")
        raise Missing.because(finding) from None


async def _refusal(examination: Examination, trust: Trust) -> ssl.SSLError | None:
    address, seconds = issuer_address(examination), examination.options.answer_timeout
    try:
        await asyncio.to_thread(present, address, seconds, trust.context)
    except ssl.SSLError as error:
        return error
    except OSError as error:
        raise Missing.because(_unconnected(address, error)) from None
    return None


def _context(authorities: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(authorities))


def _unconnected(address: Address, error: OSError) -> Finding:
    return rules.CONNECT.failed(f"{address}: {_reason(error)}", "a TLS server")


def _unverified(
    examination: Examination, found: Chain, refusal: ssl.SSLError | None, tried: Trust | None
) -> Finding:
    """The reason why nothing verifies the certificate, as exact as the chain itself tells."""
    for finding in (_expiry(found), _name(examination, found)):
        if finding.verdict == "fail":
            return finding
    authority = tried.source if tried else "the public authorities"
    seen = f"not verified with {authority}: {_reason(refusal or OSError())}"
    if tried and found.is_leaf_alone and not found.leaf.is_self_signed:
        return rules.LEAF_ONLY.failed(seen, "the leaf and the authorities that signed it")
    return rules.CHAIN.failed(seen, "a certificate of a known authority")


def _name(examination: Examination, found: Chain) -> Finding:
    host = examination.config.issuer_host
    seen = listed(found.leaf.names)
    return rules.NAME.passed(seen) if found.leaf.is_for(host) else rules.NAME.failed(seen, host)


def _expiry(found: Chain) -> Finding:
    now = datetime.datetime.now(datetime.UTC)
    first = found.first_to_expire
    seen = f"the {first.kind} {first.subject} ends on {first.expires:%Y-%m-%d}"
    late = [each for each in found.certificates if each.begins > now]
    if late:
        begins = f"the {late[0].kind} {late[0].subject} begins on {late[0].begins:%Y-%m-%d}"
        return rules.EXPIRY.failed(begins, f"certificates that are valid on {now:%Y-%m-%d}")
    if first.expires <= now:
        return rules.EXPIRY.failed(seen, f"certificates that are valid on {now:%Y-%m-%d}")
    enough = min(SOON, (first.expires - first.begins) / 5)
    if first.expires <= now + enough:
        return rules.EXPIRY.warned(seen, f"more than {enough.days} days left")
    return rules.EXPIRY.passed(seen)


def _reason(error: OSError) -> str:
    text = getattr(error, "verify_message", "") or error.strerror or str(error)
    return shown(text or "no answer in time")


CHECKS = (
    Check(rules.CONNECT, _connects),
    Check(rules.VERSION, _takes_older),
    Check(rules.CHAIN, _is_verified),
    Check(rules.NAME, _is_for_host),
    Check(rules.EXPIRY, _is_current),
    Check(rules.LEAF_ONLY, _is_whole),
    Check(rules.THUMBPRINT, _fits_thumbprint),
)
