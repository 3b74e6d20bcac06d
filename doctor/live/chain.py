"""The certificates that a server presents, as data: who signed what, until when, for which names.

Computes on what `doctor.live.https` fetched; connects to nothing and verifies nothing.
"""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Collection
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from formats.escaping import quoted


@dataclass(frozen=True)
class Certificate:
    """One certificate.

    Attributes:
        subject: Its subject, quoted.
        issuer: The subject of who signed it, quoted.
        names: The DNS names that it is for.
        expires: When it ends, in UTC.
        begins: When it begins, in UTC.
        thumbprint: The SHA-1 of its DER, 40 hexadecimal digits in lower case.
        is_self_signed: Whether subject and issuer are the same.
        is_authority: Whether it may sign others.
    """

    subject: str
    issuer: str
    names: tuple[str, ...]
    begins: datetime.datetime
    expires: datetime.datetime
    thumbprint: str
    is_self_signed: bool
    is_authority: bool

    @property
    def kind(self) -> str:
        """What it is in a chain: `root`, `intermediate` or `leaf`."""
        if not self.is_authority:
            return "leaf"
        return "root" if self.is_self_signed else "intermediate"

    @property
    def pin(self) -> str:
        """What becomes of a pin on it, as a text."""
        lasting = f"until {self.expires:%Y-%m-%d}"
        if self.is_authority:
            return f"{self.thumbprint} of the {self.kind} {self.subject} holds {lasting}"
        return (
            f"{self.thumbprint} of the leaf {self.subject} breaks at its next renewal, and holds "
            f"{lasting} at most"
        )

    def is_for(self, host: str) -> bool:
        """Whether it names a host, by itself or by a wildcard for its first label (RFC 6125)."""
        wildcard = f"*.{host.partition('.')[2]}"
        return any(name.lower() in (host.lower(), wildcard.lower()) for name in self.names)


@dataclass(frozen=True)
class Chain:
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


def parse(chain: tuple[bytes, ...]) -> Chain:
    """The chain of DER certificates.

    Raises:
        ValueError: one of them is no certificate, or there is none.
    """
    if not chain:
        raise ValueError("no certificate is presented")
    return Chain(tuple(_certificate(x509.load_der_x509_certificate(each)) for each in chain))


def _certificate(certificate: x509.Certificate) -> Certificate:
    return Certificate(
        subject=quoted(certificate.subject.rfc4514_string()),
        issuer=quoted(certificate.issuer.rfc4514_string()),
        names=_names(certificate),
        begins=certificate.not_valid_before_utc,
        expires=certificate.not_valid_after_utc,
        # AWS and Terraform identify certificates by SHA-1; nothing is verified with it here.
        thumbprint=certificate.fingerprint(hashes.SHA1()).hex(),  # noqa: S303
        is_self_signed=certificate.subject == certificate.issuer,
        is_authority=_is_authority(certificate),
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
