"""The layer `names`: does the issuer's name resolve, to addresses that AWS could reach."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator

from doctor.examination import Check, Examination, Missing
from doctor.finding import Finding
from doctor.quoting import shown
from doctor.rules import names as rules


async def addresses(examination: Examination) -> tuple[str, ...]:
    """The addresses of the issuer's host, as this machine sees them."""
    examination.allows("names")
    _needs_name(examination)
    host = examination.config.issuer_host
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, 443, type=socket.SOCK_STREAM)
    except OSError as error:
        raise Missing.because(_unresolved(examination, error)) from None
    return tuple(dict.fromkeys(str(each[4][0]) for each in found))


async def _resolves(examination: Examination) -> AsyncIterator[Finding]:
    found = await examination.once(addresses)
    yield rules.RESOLVES.passed(f"{examination.config.issuer_host}: {', '.join(found)}")


async def _is_public(examination: Examination) -> AsyncIterator[Finding]:
    found = await examination.once(addresses)
    private = [each for each in found if not ipaddress.ip_address(each.split("%")[0]).is_global]
    if private:
        yield rules.PUBLIC.warned(", ".join(private), "addresses of the internet alone")
    else:
        yield rules.PUBLIC.passed(", ".join(found))


def _needs_name(examination: Examination) -> None:
    """Whether anybody connects to the issuer by its name."""
    config = examination.config
    if config.aws.endpoint_url and config.discovery.endpoint:
        raise Missing("nobody needs the name: discovery.endpoint and aws.endpoint_url are set")


def _unresolved(examination: Examination, error: OSError) -> Finding:
    host = examination.config.issuer_host
    seen = f"{host} does not resolve here: {shown(error.strerror or error)}"
    if examination.config.discovery.endpoint:
        # Whoever connects elsewhere need not resolve the name; whether AWS can is not known here.
        return rules.RESOLVES.warned(seen, "a name that AWS can resolve")
    return rules.RESOLVES.failed(seen, "a name that AWS can resolve")


CHECKS = (Check(rules.RESOLVES, _resolves), Check(rules.PUBLIC, _is_public))
