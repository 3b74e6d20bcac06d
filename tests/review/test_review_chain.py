"""Certificates as a thumbprint depends on them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import certifi
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from review_examples import presented

from review.facts.chain import read_chain


def test_a_certificate_has_the_thumbprint_that_iam_computes() -> None:
    estate, pems = presented(authority=True)
    expected = [
        hashlib.sha1(x509.load_pem_x509_certificate(pem.encode()).public_bytes(Encoding.DER))
        for pem in pems
    ]
    certificates = estate.chains[0].certificates
    assert [each.sha1 for each in certificates] == [digest.hexdigest() for digest in expected]
    assert [(each.authority, each.public) for each in certificates] == [
        (False, False),
        (True, False),
    ]


def test_what_a_public_authority_issued_is_public() -> None:
    bundle = Path(certifi.where()).read_text()
    first = bundle[: bundle.index("-----END CERTIFICATE-----")] + "-----END CERTIFICATE-----\n"
    root = read_chain("the bundle", first)[0]
    assert (root.authority, root.public) == (True, True)
