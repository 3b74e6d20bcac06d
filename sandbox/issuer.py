"""The issuer as AWS sees it: the presented certificates, and the published keys.

AWS connects to the issuer's own address; here the issuer is a name on no public network, so that
the sandbox is told where to connect instead and still asks for the issuer's name.
"""

from __future__ import annotations

import hashlib
import json
import ssl
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import urllib3

from doctor.live.https import ServerAddress, present

_LARGEST = 1024 * 1024
_TIMEOUT = 5.0
_MOST_KEYS = 100


class IssuerError(Exception):
    """The issuer answers, and not with what AWS needs; the text is for the log."""


class UnreachableError(IssuerError):
    """The issuer does not answer."""


class ThumbprintError(IssuerError):
    """No presented certificate has one of the thumbprints."""


@dataclass(frozen=True)
class Network:
    """The way to issuers.

    Attributes:
        addresses: where to connect for a host; any other is connected to itself.
    """

    addresses: Mapping[str, tuple[str, int]]

    def top_thumbprint(self, issuer: str) -> str:
        """The thumbprint that IAM takes by itself if it is given none: of the top certificate.

        Source: "Obtain the thumbprint for an OpenID Connect identity provider", IAM User Guide.

        Raises:
            UnreachableError: nothing answers with TLS.
        """
        return thumbprint(self._presented(issuer)[-1])

    def published_keys(self, issuer: str, thumbprints: Sequence[str]) -> dict[str, Any]:
        """The JWKS that an issuer's discovery document leads to.

        At most 100 RSA keys and 100 EC keys ("AssumeRoleWithWebIdentity", STS API Reference).

        Args:
            issuer: the issuer, `https://HOST[/PATH]`.
            thumbprints: SHA-1 of certificates; one of the presented chain must be among them.

        Raises:
            IssuerError: there are no such documents.
            ThumbprintError: the certificate is not to be trusted.
            UnreachableError: nothing answers.
        """
        document = self._get(f"{issuer}/.well-known/openid-configuration", thumbprints)
        if document.get("issuer") != issuer:
            raise IssuerError(f"the document's issuer is {document.get('issuer')!r}")
        keys = self._get(str(document.get("jwks_uri")), thumbprints)
        if max(_kinds(keys).values(), default=0) > _MOST_KEYS:
            raise IssuerError(f"more than {_MOST_KEYS} keys of a kind")
        return keys

    def _get(self, url: str, thumbprints: Sequence[str]) -> dict[str, Any]:
        parts = urlsplit(url)
        if parts.scheme != "https" or not parts.hostname:
            raise IssuerError(f"{url!r} is not an https address")
        trusted = [der for der in self._presented(url) if thumbprint(der) in thumbprints]
        if not trusted:
            raise ThumbprintError(f"{parts.netloc} presents no certificate with a known thumbprint")
        host, port = self._address(url)
        with urllib3.HTTPSConnectionPool(
            host,
            port,
            timeout=_TIMEOUT,
            retries=False,
            ssl_context=_trust(trusted),
            server_hostname=parts.hostname,
            assert_hostname=parts.hostname,
        ) as pool:
            return _json(pool, parts.path, parts.netloc)

    def _presented(self, url: str) -> tuple[bytes, ...]:
        """The presented certificates in DER, the server's own first."""
        host, port = self._address(url)
        address = ServerAddress(host, port, urlsplit(url).hostname or "")
        try:
            # Nothing is verified: which of them to trust is decided when they are known.
            return present(address, _TIMEOUT).chain
        except OSError as error:
            raise UnreachableError(f"{urlsplit(url).netloc}: {error}") from error

    def _address(self, url: str) -> tuple[str, int]:
        parts = urlsplit(url)
        host = parts.hostname or ""
        return self.addresses.get(host, (host, parts.port or 443))


def thumbprint(certificate: bytes) -> str:
    """SHA-1 of a certificate in DER, as 40 lower case hex digits."""
    return hashlib.sha1(certificate, usedforsecurity=False).hexdigest()


def _trust(certificates: Sequence[bytes]) -> ssl.SSLContext:
    """Trust in certificates of any place in a chain, and in nothing else."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    for certificate in certificates:
        context.load_verify_locations(cadata=certificate)
    return context


def _json(pool: urllib3.HTTPSConnectionPool, path: str, host: str) -> dict[str, Any]:
    try:
        response = pool.request("GET", path, headers={"Host": host}, preload_content=False)
        body = response.read(_LARGEST)
    except urllib3.exceptions.SSLError as error:
        raise IssuerError(f"{host}: {error}") from error
    except urllib3.exceptions.HTTPError as error:
        raise UnreachableError(f"{host}: {error}") from error
    if response.status != 200:
        raise IssuerError(f"{path} answers {response.status}")
    try:
        document = json.loads(body)
    except ValueError as error:
        raise IssuerError(f"{path} is not JSON") from error
    if not isinstance(document, dict):
        raise IssuerError(f"{path} is not a JSON object")
    return document


def _kinds(keys: Mapping[str, Any]) -> Counter[str]:
    """How many keys of each type a JWKS has."""
    listed = keys.get("keys")
    members = listed if isinstance(listed, list) else []
    return Counter(str(key.get("kty")) for key in members if isinstance(key, dict))
