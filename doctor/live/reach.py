"""Which addresses AWS can reach: it connects from the internet.

Pure: the layers `names` and `discovery` ask it about what they looked up.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

ServerAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


def unreachable(addresses: Iterable[str]) -> list[str]:
    """Those that the internet does not lead to, each with why, such as `10.0.0.1 (private)`."""
    kinds = [(each, kind_of(each)) for each in addresses]
    return [f"{address} ({kind})" for address, kind in kinds if kind]


def kind_of(address: str) -> str:
    """Why the internet does not lead to an address; empty where it does.

    Source: the IANA registries of special-purpose addresses (RFC 6890) as Python has them. An IPv4
    address within an IPv6 one (RFC 4291, 2.5.5.2; RFC 6052, 2.1) counts as itself.
    """
    found = _plain(ipaddress.ip_address(address.partition("%")[0]))
    for network, kind in _KINDS:
        if found in network:
            return kind
    return "reserved" if found.is_multicast or not found.is_global else ""


_KINDS = tuple(
    (ipaddress.ip_network(network), kind)
    for network, kind in (
        ("10.0.0.0/8", "private"),
        ("172.16.0.0/12", "private"),
        ("192.168.0.0/16", "private"),
        ("fc00::/7", "private"),
        ("127.0.0.0/8", "loopback"),
        ("::1/128", "loopback"),
        ("169.254.0.0/16", "link-local"),
        ("fe80::/10", "link-local"),
        ("100.64.0.0/10", "carrier-grade NAT"),
    )
)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def _plain(address: ServerAddress) -> ServerAddress:
    if address.version == 4:
        return address
    if address.ipv4_mapped:
        return address.ipv4_mapped
    return ipaddress.IPv4Address(address.packed[-4:]) if address in _NAT64 else address
