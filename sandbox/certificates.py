"""Keys and certificates of the sandbox's API server, made anew at each start."""

from __future__ import annotations

import datetime
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

_LIFE = datetime.timedelta(days=7)


@dataclass(frozen=True)
class Certificates:
    """Files for the API server."""

    ca: Path
    chain: Path
    """The server's certificate followed by its CA's, so that the top of the chain is served."""
    key: Path
    service_account_key: Path


def issue(folder: Path, host: str) -> Certificates:
    """Make a private CA, a certificate for a host and for loopback, and a signing key for tokens."""
    folder.mkdir(parents=True, exist_ok=True)
    ca_key = ec.generate_private_key(ec.SECP256R1())
    key = ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "oidc-iam sandbox CA")])
    ca = (
        _builder(ca_name, ca_name, ca_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(ca_key, hashes.SHA256())
    )
    names = [x509.DNSName(host), x509.DNSName("localhost")]
    loopback = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    leaf = (
        _builder(
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host[:64])]),
            ca_name,
            key.public_key(),
        )
        .add_extension(x509.SubjectAlternativeName([*names, loopback]), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    made = Certificates(
        folder / "ca.crt", folder / "server.crt", folder / "server.key", folder / "sa.key"
    )
    made.ca.write_bytes(_pem(ca))
    made.chain.write_bytes(_pem(leaf) + _pem(ca))
    _write_key(made.key, key)
    _write_key(made.service_account_key, rsa.generate_private_key(65537, 2048))
    return made


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + _LIFE)
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> None:
    path.touch(mode=0o600)
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
    )
