"""Keys and certificates of the sandbox's API server and etcd, new at each start.

The CA's own key is never written: nobody can issue another certificate.
"""

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
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from joserfc import jwt
from joserfc.jwk import RSAKey

_SERVER = ExtendedKeyUsageOID.SERVER_AUTH
_CLIENT = ExtendedKeyUsageOID.CLIENT_AUTH
_LIFE = datetime.timedelta(days=30)
_LONGEST_COMMON_NAME = 64


@dataclass(frozen=True)
class Certificates:
    """Files for the API server and etcd, in PEM.

    Attributes:
        ca: the private CA.
        chain: the server's certificate and then its CA's, so that the top of the chain is served.
        key: the server's key.
        service_account_key: signs service account tokens.
        etcd: what etcd presents to its clients and peers, and the API server to etcd. Nothing
            else has a certificate that etcd takes from a client.
        etcd_key: its key.
    """

    ca: Path
    chain: Path
    key: Path
    service_account_key: Path
    etcd: Path
    etcd_key: Path


def certificates(folder: Path) -> Certificates:
    """Where the files of a folder are."""
    names = ("ca.crt", "server.crt", "server.key", "sa.key", "etcd.crt", "etcd.key")
    return Certificates(*(folder / name for name in names))


def issue(folder: Path, hosts: Sequence[str]) -> Certificates:
    """Make a private CA, certificates for the API server and etcd, and a key that signs tokens.

    Args:
        folder: gets the files.
        hosts: the names that the API server has besides loopback.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = certificates(folder)
    ca_key, key, etcd_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
    ca = _authority(ca_key)
    leaf = _leaf(hosts, key, ca, ca_key, _SERVER)
    _write(made.ca, _pem(ca))
    _write(made.chain, _pem(leaf) + _pem(ca))
    _write(made.etcd, _pem(_leaf(["etcd"], etcd_key, ca, ca_key, _SERVER, _CLIENT)))
    _write_key(made.key, key)
    _write_key(made.etcd_key, etcd_key)
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


def _leaf(
    hosts: Sequence[str],
    key: ec.EllipticCurvePrivateKey,
    ca: x509.Certificate,
    ca_key: ec.EllipticCurvePrivateKey,
    *usages: x509.ObjectIdentifier,
) -> x509.Certificate:
    names: list[x509.GeneralName] = [x509.DNSName(host) for host in (*hosts, "localhost")]
    names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    return (
        _builder(_name(hosts[0][:_LONGEST_COMMON_NAME]), ca.subject, key.public_key())
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
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
    text = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    _write(path, text)


def _write(path: Path, text: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(text)
