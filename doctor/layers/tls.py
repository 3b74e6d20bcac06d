"""The layer `tls`: how the issuer's address proves who it is, here and to AWS."""

from __future__ import annotations

import asyncio
import datetime
import ssl
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import certifi

from doctor import evidence
from doctor.examination import Check, Examination, Missing
from doctor.finding import Finding, Rule
from doctor.live import chain
from doctor.live.chain import Chain
from doctor.live.https import Address, Presented, present, proxy_for
from doctor.rules import tls as rules
from federation import named_files
from federation.errors import UserError
from formats.escaping import listed, quoted

SOON = datetime.timedelta(days=30)
"""A certificate that ends within this time is worth a warning; within a fifth of its life, where
that is shorter, since short-lived ones are renewed late."""


@dataclass(frozen=True)
class Trust:
    """What the issuer's certificate is verified with.

    Attributes:
        context: For connections.
        is_public: Whether a public authority is enough (those of Mozilla, as in certifi).
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
        finding = rules.CHAIN.failed(quoted(error), "certificates that can be read")
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


async def takes_older(examination: Examination) -> bool:
    """Whether TLS 1.2 is taken too."""
    await examination.once(presented)
    address, seconds = issuer_address(examination), examination.options.answer_timeout
    try:
        await asyncio.to_thread(present, address, seconds, newest=ssl.TLSVersion.TLSv1_2)
    except OSError:
        return False
    return True


async def pinning(examination: Examination) -> str:
    """Why AWS goes by the thumbprint of the OIDC provider; empty where it does not.

    Source: IAM user guide, "Obtain the thumbprint for an OpenID Connect identity provider".
    """
    verified = await examination.once(trust)
    if not verified.is_public:
        return "the authority is private"
    return "" if await examination.once(takes_older) else "TLS 1.3 is required"


async def _connects(examination: Examination) -> AsyncIterator[Finding]:
    found = await examination.once(presented)
    address = issuer_address(examination)
    proxy = proxy_for(address)
    way = f" through the proxy {proxy}" if proxy else ""
    yield rules.CONNECT.passed(f"{address} speaks {found.version}{way}")


async def _takes_older(examination: Examination) -> AsyncIterator[Finding]:
    if await examination.once(takes_older):
        yield rules.VERSION.passed("TLS 1.2 is taken")
    elif examination.config.discovery.thumbprint == "omit":
        yield rules.VERSION.failed("TLS 1.3 alone", "TLS 1.2 too, or a pinned thumbprint")
    else:
        yield rules.VERSION.warned("TLS 1.3 alone", "TLS 1.2 too")


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


async def _is_in_order(examination: Examination) -> AsyncIterator[Finding]:
    found = await examination.once(presented_chain)
    seen = ", ".join(f"the {each.kind} {each.subject}" for each in found.certificates)
    if found.is_in_order:
        yield rules.ORDER.passed(seen)
    else:
        yield rules.ORDER.warned(seen, "each certificate followed by the one that signed it")


async def _fits_thumbprint(examination: Examination) -> AsyncIterator[Finding]:
    found = await examination.once(presented_chain)
    reason = await examination.once(pinning)
    configured = examination.config.discovery.thumbprint
    if isinstance(configured, str):
        use = f"AWS goes by it: {reason}" if reason else UNUSED
        yield rules.THUMBPRINT.passed(f"{found.top.pin}; {use}")
    else:
        yield fitting(rules.THUMBPRINT, configured, found, reason)


def fitting(rule: Rule, thumbprints: Sequence[str], found: Chain, reason: str) -> Finding:
    """Whether one of the thumbprints fits what is presented, and will do so after a renewal.

    Args:
        rule: Whose thumbprints they are.
        thumbprints: The pinned ones.
        found: What is presented.
        reason: Why AWS goes by them; empty where it does not.
    """
    if not reason:
        return rule.passed(f"{listed(thumbprints)}; {UNUSED}")
    pinned = found.pinned(thumbprints)
    if pinned is None:
        return rule.failed(f"{listed(thumbprints)}; {reason}", found.top.pin)
    if pinned.is_authority:
        return rule.passed(f"{pinned.pin}; AWS goes by it: {reason}")
    return rule.warned(pinned.pin, "the thumbprint of an authority", cause=_LEAF_PINNED)


UNUSED = "AWS does not use it: the authority is public"
_LEAF_PINNED = "The leaf was pinned by hand, or was all that was presented when it was read."


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
        return Trust(_of_file(path), False, source) if path else None
    except UserError as error:
        seen = str(error)
    except ssl.SSLError:
        seen = f"{path}: there is no certificate in it"
    except OSError as error:
        seen = f"{path}: {error.strerror}"
    raise Missing.because(rules.CHAIN.failed(seen, "certificates in PEM"))


async def _refusal(examination: Examination, trust: Trust) -> ssl.SSLError | None:
    address, seconds = issuer_address(examination), examination.options.answer_timeout
    try:
        await asyncio.to_thread(present, address, seconds, trust.context)
    except ssl.SSLError as error:
        return error
    except OSError as error:
        raise Missing.because(_unconnected(address, error)) from None
    return None


def _of_file(path: Path) -> ssl.SSLContext:
    # Only the blocks count; what stands around them may be in any language.
    pem = named_files.text(path).encode("ascii", "ignore").decode()
    if not pem.strip():
        raise ssl.SSLError("there is no certificate")  # without any, the system's own would count
    return ssl.create_default_context(cadata=pem)


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
    return quoted(text or "no answer in time")


CHECKS = (
    Check(rules.CONNECT, _connects),
    Check(rules.VERSION, _takes_older),
    Check(rules.CHAIN, _is_verified),
    Check(rules.NAME, _is_for_host),
    Check(rules.EXPIRY, _is_current),
    Check(rules.LEAF_ONLY, _is_whole),
    Check(rules.ORDER, _is_in_order),
    Check(rules.THUMBPRINT, _fits_thumbprint),
)
