"""The issuer's name: whether it resolves, and whether AWS could reach what it resolves to."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from doctor.examination import Options
from doctor.finding import Finding
from doctor.live.reach import kind_of
from doctor.runner import examined
from federation.model.config import ClusterConfig

KINDS = {
    "8.8.8.8": "",
    "52.94.0.1": "",
    "2600:1f18::1": "",
    "10.0.0.1": "private",
    "10.255.255.255": "private",
    "172.16.0.1": "private",
    "172.31.255.255": "private",
    "172.32.0.1": "",
    "192.168.1.1": "private",
    "fd12:3456:789a::1": "private",
    "fc00::1": "private",
    "127.0.0.1": "loopback",
    "127.1.2.3": "loopback",
    "::1": "loopback",
    "169.254.169.254": "link-local",
    "fe80::1": "link-local",
    "fe80::1%eth0": "link-local",
    "100.64.0.1": "carrier-grade NAT",
    "100.127.255.255": "carrier-grade NAT",
    "100.128.0.1": "",
    "0.0.0.0": "reserved",
    "::": "reserved",
    "192.0.2.1": "reserved",
    "198.18.0.1": "reserved",
    "203.0.113.1": "reserved",
    "224.0.0.1": "reserved",
    "255.255.255.255": "reserved",
    "2001:db8::1": "reserved",
    "ff02::1": "reserved",
    "::ffff:10.0.0.1": "private",
    "::ffff:8.8.8.8": "",
    "64:ff9b::a00:1": "private",
    "64:ff9b::808:808": "",
}


@pytest.mark.parametrize(("address", "kind"), KINDS.items())
def test_each_address_has_its_kind(address: str, kind: str) -> None:
    assert kind_of(address) == kind


class Resolver:
    """Stands in for the DNS."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses

    def __call__(self, host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        if not self.addresses:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [
            (socket.AF_INET6 if ":" in each else socket.AF_INET, 1, 6, "", (each, port))
            for each in self.addresses
        ]


async def look(
    monkeypatch: pytest.MonkeyPatch, *addresses: str, **discovery: object
) -> list[tuple[str, str, str]]:
    monkeypatch.setattr(socket, "getaddrinfo", Resolver(*addresses))
    config = ClusterConfig.model_validate(
        {
            "cluster": "prod",
            "issuer": "https://oidc.example.com",
            "discovery": discovery,
            "aws": {"region": "eu-west-1"},
            "kubernetes": {"apply": "manifests"},
            "workloads": [{"namespace": "default", "service_account": "app"}],
        }
    )
    findings: list[Finding] = await examined(config, Options(only=frozenset({"names"})))
    return [(each.verdict, each.code, each.seen) for each in findings]


async def test_addresses_of_the_internet_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await look(monkeypatch, "52.94.0.1", "2600:1f18::1") == [
        ("pass", "names-resolves", "oidc.example.com: 52.94.0.1, 2600:1f18::1"),
        ("pass", "names-public", "52.94.0.1, 2600:1f18::1"),
    ]


async def test_each_address_that_aws_cannot_reach_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    found = await look(monkeypatch, "52.94.0.1", "10.0.0.7", "100.64.1.1", "fd00::7")

    assert found[1] == (
        "warn",
        "names-public",
        "10.0.0.7 (private), 100.64.1.1 (carrier-grade NAT), fd00::7 (private)",
    )


async def test_an_address_that_is_listed_twice_is_told_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = await look(monkeypatch, "10.0.0.7", "10.0.0.7")

    assert found[1] == ("warn", "names-public", "10.0.0.7 (private)")


async def test_a_name_without_addresses_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    unresolved = "oidc.example.com does not resolve here: 'Name or service not known'"

    assert await look(monkeypatch) == [
        ("fail", "names-resolves", unresolved),
        ("skip", "names-public", "see names-resolves"),
    ]


async def test_a_name_that_another_endpoint_stands_for_may_be_unknown_here(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = await look(monkeypatch, endpoint="https://10.0.0.7:6443")

    assert [each[:2] for each in found] == [("warn", "names-resolves"), ("skip", "names-public")]


async def test_a_name_that_the_proxy_resolves_may_be_unknown_here(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.com:3128")

    found = await look(monkeypatch)

    assert [each[:2] for each in found] == [("warn", "names-resolves"), ("skip", "names-public")]
