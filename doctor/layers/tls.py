"""The layer `tls`: how the issuer's address proves who it is, here and to AWS."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import certifi

from doctor import evidence
from doctor.examination import Check, Examination, Missing
from doctor.finding import Finding
from doctor.https import Address, Presented, present
from doctor.quoting import shown
from doctor.rules import tls as rules


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
    """The chain as it is presented, whoever signed it."""
    examination.allows("tls")
    address = issuer_address(examination)
    try:
        return await asyncio.to_thread(present, address)
    except OSError as error:
        finding = rules.CONNECT.failed(f"{address}: {_reason(error)}", "a TLS server")
        raise Missing.because(finding) from None


async def trust(examination: Examination) -> Trust:
    """What verifies the issuer's certificate: public authorities, or else the given ones."""
    await examination.once(presented)
    public = Trust(_context(Path(certifi.where())), True, "a public authority")
    refusal = await _refusal(examination, public)
    if refusal is None:
        return public
    private = await _private(examination)
    if private is not None:
        refusal = await _refusal(examination, private)
    if private is None or refusal is not None:
        raise Missing.because(_unverified(refusal, private))
    return private


async def _connects(examination: Examination) -> AsyncIterator[Finding]:
    found = await examination.once(presented)
    yield rules.CONNECT.passed(f"{issuer_address(examination)} speaks {found.version}")


async def _verifies(examination: Examination) -> AsyncIterator[Finding]:
    found = await examination.once(trust)
    yield rules.CHAIN.passed(f"verified with {found.source}")


async def _private(examination: Examination) -> Trust | None:
    """The given authorities, or else the cluster's own, which signs the API server's certificate
    in most self-managed clusters."""
    path = examination.options.ca_file
    if path is not None:
        return Trust(_context(path), False, "the authority of --ca-file")
    try:
        path = (await examination.once(evidence.cluster)).certificate_authority
    except Missing:
        return None
    return Trust(_context(path), False, "the authority of the kubeconfig") if path else None


async def _refusal(examination: Examination, trust: Trust) -> ssl.SSLError | None:
    try:
        await asyncio.to_thread(present, issuer_address(examination), trust.context)
    except ssl.SSLError as error:
        return error
    except OSError as error:
        finding = rules.CONNECT.failed(_reason(error), "a TLS server")
        raise Missing.because(finding) from None
    return None


def _context(path: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(path))


def _unverified(error: ssl.SSLError | None, tried: Trust | None) -> Finding:
    authority = tried.source if tried else "the public authorities"
    return rules.CHAIN.failed(
        f"not verified with {authority}: {_reason(error or OSError())}",
        "a certificate of a known authority",
    )


def _reason(error: OSError) -> str:
    text = getattr(error, "verify_message", "") or error.strerror or str(error)
    return shown(text or "no answer in time")


CHECKS = (Check(rules.CONNECT, _connects), Check(rules.CHAIN, _verifies))
