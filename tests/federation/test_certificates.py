"""Certificates as a thumbprint, a host name and an authority depend on them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import certifi
import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from federation.errors import UserError
from federation.keys.certificates import Certificate, parse_der, parse_pem


def of(*names: str) -> Certificate:
    """A certificate for these names."""
    pem = trustme.CA().issue_cert(*names).cert_chain_pems[0].bytes().decode()
    return parse_pem("the file", pem)[0]


def test_a_certificate_has_the_thumbprint_that_iam_computes() -> None:
    root = trustme.CA()
    pems = [root.issue_cert("a.example.com").cert_chain_pems[0].bytes(), root.cert_pem.bytes()]
    der = [x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER) for pem in pems]

    certificates = parse_pem("the file", b"".join(pems).decode())

    assert [each.thumbprint for each in certificates] == [
        hashlib.sha1(each, usedforsecurity=False).hexdigest() for each in der
    ]
    assert [(each.is_authority, each.is_public, each.kind) for each in certificates] == [
        (False, False, "leaf"),
        (True, False, "root"),
    ]
    assert parse_der(der).certificates == certificates


def test_what_a_public_authority_issued_is_public() -> None:
    bundle = Path(certifi.where()).read_text()
    first = bundle[: bundle.index("-----END CERTIFICATE-----")] + "-----END CERTIFICATE-----\n"

    root = parse_pem("the bundle", first)[0]

    assert (root.is_authority, root.is_public) == (True, True)


@pytest.mark.parametrize(
    ("host", "is_for"),
    [
        ("a.example.com", True),
        ("A.Example.COM", True),
        ("example.com", False),
        ("b.a.example.com", False),
        ("a.example.org", False),
        ("aexample.com", False),
    ],
)
def test_a_wildcard_certificate_is_for_hosts_one_label_below_its_name(
    host: str, is_for: bool
) -> None:
    assert of("*.example.com").is_for(host) == is_for


@pytest.mark.parametrize(
    ("host", "is_for"),
    [("a.example.com", True), ("b.example.com", False), ("x.a.example.com", False)],
)
def test_a_certificate_without_a_wildcard_is_for_its_own_names(host: str, is_for: bool) -> None:
    assert of("a.example.com", "c.example.com").is_for(host) == is_for


def test_a_text_without_a_certificate_is_refused() -> None:
    with pytest.raises(UserError) as refused:
        parse_pem("chain.pem", "nothing")

    assert str(refused.value) == (
        "chain.pem holds no certificate in PEM ('-----BEGIN CERTIFICATE')."
    )


def test_no_certificate_is_not_a_chain() -> None:
    with pytest.raises(ValueError, match="no certificate is presented"):
        parse_der([])
