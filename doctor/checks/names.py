"""The layer `names`: does the issuer's name resolve, to addresses that AWS could reach."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

from doctor.examination import Check, Examination, Missing
from doctor.finding import Finding, Rule
from doctor.live.https import ServerAddress, proxy_for
from doctor.live.reach import unreachable
from formats.escaping import quoted

_LAYER = "names"

RESOLVES = Rule(
    "names-resolves",
    _LAYER,
    "The issuer's name resolves",
    "AWS connects to the issuer's host on port 443, so its name must be in public DNS.",
    "The record is missing, or is in a private zone that this machine does not query.",
    "Add an A or AAAA record for the issuer's host to its public zone.",
)
PUBLIC = Rule(
    "names-public",
    _LAYER,
    "The internet can reach the issuer's addresses",
    "'Reachable from here' does not mean 'reachable by AWS', which connects from the internet. "
    "It cannot reach private addresses (RFC 1918, RFC 4193), carrier-grade NAT (RFC 6598), "
    "loopback or link-local addresses.",
    "The name resolves to an internal load balancer or to the control plane's own address; or "
    "this machine gets another DNS answer than the internet (split DNS).",
    "Serve the two documents at a public address: a public load balancer for the two paths, or "
    "a bucket.",
)


async def addresses(examination: Examination) -> tuple[str, ...]:
    """The addresses of the issuer's host, as this machine sees them."""
    examination.allows("names")
    _needs_name(examination)
    try:
        return await resolve(examination.config.issuer_host)
    except OSError as error:
        raise Missing.because(_resolution_failure(examination, error)) from None


async def resolve(host: str) -> tuple[str, ...]:
    """The addresses of a host, as this machine sees them.

    Raises:
        OSError: it has none.
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, 443, type=socket.SOCK_STREAM)
    except UnicodeError:
        raise OSError("not a DNS name") from None
    return tuple(dict.fromkeys(str(each[4][0]) for each in found))


async def _resolves(examination: Examination) -> AsyncIterator[Finding]:
    found = await examination.once(addresses)
    yield RESOLVES.passed(f"{examination.config.issuer_host}: {', '.join(found)}")


async def _is_public(examination: Examination) -> AsyncIterator[Finding]:
    found = await examination.once(addresses)
    elsewhere = unreachable(found)
    if elsewhere:
        yield PUBLIC.warned(", ".join(elsewhere), "only public addresses")
    else:
        yield PUBLIC.passed(", ".join(found))


def _needs_name(examination: Examination) -> None:
    """Whether anybody connects to the issuer by its name."""
    config = examination.config
    if config.aws.endpoint_url and config.discovery.endpoint:
        raise Missing("the name is not used: discovery.endpoint and aws.endpoint_url are set")


def _resolution_failure(examination: Examination, error: OSError) -> Finding:
    host = examination.config.issuer_host
    seen = f"{host} does not resolve here: {quoted(error.strerror or error)}"
    if _is_resolved_elsewhere(examination):
        return RESOLVES.warned(seen, "a name that AWS can resolve")
    return RESOLVES.failed(seen, "a name that AWS can resolve")


def _is_resolved_elsewhere(examination: Examination) -> bool:
    """Whether this machine need not resolve the name; whether AWS can is not known then."""
    host = examination.config.issuer_host
    try:
        proxy = proxy_for(ServerAddress(host, 443, host))
    except OSError:
        return False
    return examination.config.discovery.endpoint is not None or proxy is not None


CHECKS = (Check(RESOLVES, _resolves), Check(PUBLIC, _is_public))
