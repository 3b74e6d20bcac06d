"""Whether others can read what is sent to an address."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def is_unencrypted(url: str) -> bool:
    """Whether requests to a URL leave this machine over plain http: tokens can be read on the way.

    Args:
        url: With its scheme; a malformed one counts as unencrypted unless it begins with `https:`.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return not url.lower().startswith("https:")
    return parts.scheme.lower() != "https" and not is_loopback(host)


def is_loopback(host: str) -> bool:
    """Whether a host is this machine: 127.0.0.0/8, ::1 or `localhost` (RFC 6761, section 6.3)."""
    name = host.removesuffix(".").lower()
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return name == "localhost"
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)
