"""Keys and certificates of the sandbox's API server, made anew at each start."""

from __future__ import annotations

import base64
import datetime
import hashlib
import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from joserfc import jwt
from joserfc.jwk import RSAKey

_LIFE = datetime.timedelta(days=30)
_LONGEST_COMMON_NAME = 64


@dataclass(frozen=True)
class Certificates:
    """Files for the API server, in PEM.

    Attributes:
        ca: the private CA.
        chain: the server's certificate and then its CA's, so that the top of the chain is served.
        key: the server's key.
        service_account_key: signs service account tokens.
    """

    ca: Path
    chain: Path
    key: Path
    service_account_key: Path


def certificates(folder: Path) -> Certificates:
    """Where the files of a folder are."""
    return Certificates(
        folder / "ca.crt", folder / "server.crt", folder / "server.key", folder / "sa.key"
    )


def issue(folder: Path, hosts: Sequence[str]) -> Certificates:
    """Make a private CA, a certificate for hosts and for loopback, and a key that signs tokens."""
    folder.mkdir(parents=True, exist_ok=True)
    made = certificates(folder)
    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    ca = _authority(ca_key)
    leaf = _server(hosts, key, ca, ca_key)
    made.ca.write_bytes(_pem(ca))
    made.chain.write_bytes(_pem(leaf) + _pem(ca))
    _write_key(made.key, key)
    _write_key(made.service_account_key, rsa.generate_private_key(65537, 2048))
    return made


def sign(key_file: Path, claims: Mapping[str, Any]) -> str:
    """A token with these claims, as the API server that has the key would sign it.

    The `kid` is the unpadded base64url of SHA-256 over the key's DER SubjectPublicKeyInfo, as in
    Kubernetes (`pkg/serviceaccount/jwt.go`).
    """
    key = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
    public = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    key_id = base64.urlsafe_b64encode(hashlib.sha256(public).digest()).rstrip(b"=").decode()
    header = {"alg": "RS256", "kid": key_id}
    return jwt.encode(header, dict(claims), RSAKey.import_key(key_file.read_text()))


def _authority(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = _name("oidc-iam sandbox CA")
    return (
        _builder(name, name, key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_CA_USAGE, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _server(
    hosts: Sequence[str],
    key: ec.EllipticCurvePrivateKey,
    ca: x509.Certificate,
    ca_key: ec.EllipticCurvePrivateKey,
) -> x509.Certificate:
    names: list[x509.GeneralName] = [x509.DNSName(host) for host in (*hosts, "localhost")]
    names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    return (
        _builder(_name(hosts[0][:_LONGEST_COMMON_NAME]), ca.subject, key.public_key())
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(
            x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.SERVER_AUTH]), critical=False
        )
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False
        )
        .sign(ca_key, hashes.SHA256())
    )


_CA_USAGE = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


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
