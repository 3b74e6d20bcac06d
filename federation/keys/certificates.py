"""The certificates that an issuer presents, as data: who signed what, until when, for which names.

Read from DER as `doctor.live.https` fetches it, or from PEM as files and plans have it. Nothing
here connects to anything or verifies a chain. The public authorities are certifi's.
"""

from __future__ import annotations

import datetime
import functools
import itertools
import re
import warnings
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import certifi
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.utils import CryptographyDeprecationWarning

from federation.errors import UserError
from formats.escaping import quoted


@dataclass(frozen=True)
class Certificate:
    """One certificate.

    Attributes:
        subject: Its distinguished name, RFC 4514; anybody can write anything in it.
        issuer: The subject of who signed it.
        names: The DNS names that it is for.
        begins: When it begins, in UTC.
        expires: When it ends, in UTC.
        thumbprint: The SHA-1 of its DER, 40 hexadecimal digits in lower case.
        is_authority: Whether it may sign others (basic constraints, RFC 5280).
    """

    subject: str
    issuer: str
    names: tuple[str, ...]
    begins: datetime.datetime
    expires: datetime.datetime
    thumbprint: str
    is_authority: bool
    parsed: x509.Certificate = field(repr=False, compare=False)

    @property
    def is_self_signed(self) -> bool:
        """Whether subject and issuer are the same."""
        return self.subject == self.issuer

    @functools.cached_property
    def is_public(self) -> bool:
        """Whether it is, or was issued by, an authority that Mozilla trusts.

        AWS has a list of its own, which it does not publish.
        """
        return any(_has_issued(root, self.parsed) for root in _public_authorities())

    @property
    def kind(self) -> str:
        """What it is in a chain: `root`, `intermediate` or `leaf`."""
        if not self.is_authority:
            return "leaf"
        return "root" if self.is_self_signed else "intermediate"

    @property
    def pin(self) -> str:
        """How long a pin on it is good, in words."""
        last = f"{self.expires:%Y-%m-%d}"
        called = f"the {self.kind} {quoted(self.subject)}"
        if self.is_authority:
            return f"{self.thumbprint} of {called}, valid until {last}"
        return (
            f"{self.thumbprint} of {called}, which breaks at its renewal, by {last} at the latest"
        )

    def is_for(self, host: str) -> bool:
        """Whether it names a host, by itself or by a wildcard for its first label (RFC 6125)."""
        wildcard = f"*.{host.partition('.')[2]}"
        return any(name.lower() in (host.lower(), wildcard.lower()) for name in self.names)


@dataclass(frozen=True)
class CertificateChain:
    """What a server presents, the leaf first."""

    certificates: tuple[Certificate, ...]

    @property
    def leaf(self) -> Certificate:
        """The server's own certificate."""
        return self.certificates[0]

    @property
    def top(self) -> Certificate:
        """The last one: the one whose thumbprint Terraform and IAM take."""
        return self.certificates[-1]

    @property
    def is_leaf_alone(self) -> bool:
        """Whether nothing but the server's own certificate is presented."""
        return len(self.certificates) == 1

    @property
    def is_in_order(self) -> bool:
        """Whether each certificate is signed by the next one (RFC 5246, 7.4.2)."""
        return all(
            each.issuer == following.subject
            for each, following in itertools.pairwise(self.certificates)
        )

    def pinned(self, thumbprints: Collection[str]) -> Certificate | None:
        """The certificate nearest to the top that has one of these thumbprints."""
        fitting = (each for each in self.certificates[::-1] if each.thumbprint in thumbprints)
        return next(fitting, None)

    @property
    def first_to_expire(self) -> Certificate:
        """The certificate whose end comes first."""
        return min(self.certificates, key=lambda each: each.expires)


def parse_der(chain: Iterable[bytes]) -> CertificateChain:
    """The chain of DER certificates.

    Raises:
        ValueError: one of them is not a certificate, or there is none.
    """
    certificates = tuple(_certificate(x509.load_der_x509_certificate(each)) for each in chain)
    if not certificates:
        raise ValueError("no certificate is presented")
    return CertificateChain(certificates)


def parse_pem(what: str, text: str) -> tuple[Certificate, ...]:
    """The certificates in a text, in its order.

    Args:
        what: What the text is, to begin a message with.
        text: Certificates in PEM, one after the other; other lines are skipped.

    Raises:
        UserError: there is no certificate in it.
    """
    try:
        return tuple(map(_certificate, x509.load_pem_x509_certificates(text.encode())))
    except ValueError:
        raise UserError(f"{what} holds no certificate in PEM ('-----BEGIN CERTIFICATE').") from None


def _certificate(parsed: x509.Certificate) -> Certificate:
    return Certificate(
        subject=parsed.subject.rfc4514_string(),
        issuer=parsed.issuer.rfc4514_string(),
        names=_names(parsed),
        begins=parsed.not_valid_before_utc,
        expires=parsed.not_valid_after_utc,
        # AWS and Terraform identify certificates by SHA-1; nothing is verified with it here.
        thumbprint=parsed.fingerprint(hashes.SHA1()).hex(),  # noqa: S303
        is_authority=_is_authority(parsed),
        parsed=parsed,
    )


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (x509.ExtensionNotFound, ValueError):
        return ()
    return tuple(extension.value.get_values_for_type(x509.DNSName))


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    except (x509.ExtensionNotFound, ValueError):
        return False
    return extension.value.ca


def _has_issued(root: x509.Certificate, certificate: x509.Certificate) -> bool:
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
    return tuple(filter(None, map(_public_authority, _PEM.findall(bundle))))


def _public_authority(pem: bytes) -> x509.Certificate | None:
    """One of certifi's certificates; a few are older than RFC 5280's rule for serial numbers."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        try:
            return x509.load_pem_x509_certificate(pem)
        except ValueError:
            return None


_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
