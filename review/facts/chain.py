"""The certificates that an issuer presents, as far as a thumbprint depends on them.

Comes from a PEM file or from a plan's `tls_certificate`; the public authorities are certifi's.
"""

from __future__ import annotations

import functools
import re
import warnings
from dataclasses import dataclass
from pathlib import Path

import certifi
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.utils import CryptographyDeprecationWarning

from federation.errors import UserError


@dataclass(frozen=True)
class Certificate:
    """One certificate.

    Attributes:
        sha1: Its thumbprint, 40 hexadecimal digits.
        subject: The distinguished name, RFC 4514.
        authority: Whether it may sign others (basic constraints, RFC 5280).
        public: Whether it is of, or was issued by, an authority that Mozilla trusts. AWS has a list
            of its own, which nobody publishes.
    """

    sha1: str
    subject: str
    authority: bool
    public: bool


def read_chain(what: str, pem: str) -> tuple[Certificate, ...]:
    """The certificates in a text, in its order.

    Args:
        what: What the text is, to begin a message with.
        pem: Certificates in PEM, one after the other; other lines are skipped.

    Raises:
        UserError: there is no certificate in it.
    """
    try:
        return tuple(map(_certificate, x509.load_pem_x509_certificates(pem.encode())))
    except ValueError:
        raise UserError(f"{what} holds no certificate in PEM ('-----BEGIN CERTIFICATE').") from None


def _certificate(certificate: x509.Certificate) -> Certificate:
    return Certificate(
        certificate.fingerprint(hashes.SHA1()).hex(),  # noqa: S303  (what a thumbprint is)
        certificate.subject.rfc4514_string(),
        _is_authority(certificate),
        any(_issued(root, certificate) for root in _public_authorities()),
    )


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        found = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    except (x509.ExtensionNotFound, ValueError):
        return False
    return found.value.ca


def _issued(root: x509.Certificate, certificate: x509.Certificate) -> bool:
    if root.subject != certificate.issuer:
        return False
    try:
        certificate.verify_directly_issued_by(root)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


@functools.cache
def _public_authorities() -> tuple[x509.Certificate, ...]:
    bundle = Path(certifi.where()).read_bytes()
    return tuple(filter(None, map(_authority, _PEM.findall(bundle))))


def _authority(pem: bytes) -> x509.Certificate | None:
    """One of certifi's certificates; a few are older than RFC 5280's rule for serial numbers."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        try:
            return x509.load_pem_x509_certificate(pem)
        except ValueError:
            return None


_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
