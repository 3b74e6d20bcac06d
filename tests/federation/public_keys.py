"""Keys that the tests of this room read, recreated for each run."""

from __future__ import annotations

import datetime
import functools
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID


@functools.cache
def rsa_key() -> rsa.RSAPrivateKey:
    """A key of the length that signs with RS256."""
    return rsa.generate_private_key(65537, 2048)


def pem(key: Any) -> str:
    """A public key as `openssl pkey -pubout` writes it."""
    text: bytes = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return text.decode()


def certificate_of(key: rsa.RSAPrivateKey) -> str:
    """A certificate that a key signed for itself."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "service-accounts")])
    begin = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begin)
        .not_valid_after(begin + datetime.timedelta(days=1))
        .sign(key, SHA256())
    )
    return certificate.public_bytes(Encoding.PEM).decode()
