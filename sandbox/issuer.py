"""The issuer as AWS sees it: the presented certificates, and the published keys.

AWS connects to the issuer's own address; here the issuer is a name on no public network, so that
the sandbox is told where to connect instead and still asks for the issuer's name.
"""

from __future__ import annotations

import hashlib
import json
import ssl
from collections.abc import Sequence
from typing import Any

import urllib3
from urllib3.connection import HTTPSConnection

_LARGEST = 1024 * 1024
_TIMEOUT = 5.0


class IssuerError(Exception):
    """The documents could not be had; `reached` says whether there was an answer."""

    def __init__(self, message: str, *, reached: bool) -> None:
        super().__init__(message)
        self.reached = reached


class ThumbprintError(Exception):
    """No presented certificate has one of the thumbprints."""


def published_keys(
    host: str, address: tuple[str, int], path: str, thumbprints: Sequence[str]
) -> dict[str, Any]:
    """The JWKS that an issuer's discovery document leads to.

    Args:
        host: the host of the issuer.
        address: where to connect.
        path: the path of the issuer, empty where it has none.
        thumbprints: SHA-1 of certificates, of which one must be presented; none accepts any, as
            IAM would then have fetched one itself.

    Raises:
        IssuerError: there is no answer, or not the documents.
        ThumbprintError: none of the presented certificates has one of the thumbprints.
    """
    document = _get(host, address, f"{path}/.well-known/openid-configuration", thumbprints)
    uri = str(document.get("jwks_uri", ""))
    prefix = f"https://{host}/"
    if not uri.startswith(prefix):
        raise IssuerError(f"jwks_uri {uri!r} is not at {prefix}", reached=True)
    return _get(host, address, "/" + uri.removeprefix(prefix), thumbprints)


def _get(
    host: str, address: tuple[str, int], path: str, thumbprints: Sequence[str]
) -> dict[str, Any]:
    context = ssl.create_default_context()
    # The thumbprint takes the place of a CA here, as AWS has it for private ones.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    connection = HTTPSConnection(
        *address, timeout=_TIMEOUT, ssl_context=context, server_hostname=host, assert_hostname=False
    )
    try:
        connection.connect()
        _require_thumbprint(connection.sock, thumbprints)
        connection.request("GET", path, headers={"Host": host}, preload_content=False)
        response = connection.getresponse()
        body = response.read(_LARGEST)
        if response.status != 200:
            raise IssuerError(f"{path} answers {response.status}", reached=True)
        document = json.loads(body)
    except (OSError, urllib3.exceptions.HTTPError) as error:
        raise IssuerError(str(error), reached=False) from error
    except ValueError as error:
        raise IssuerError(f"{path} is not JSON", reached=True) from error
    finally:
        connection.close()
    if not isinstance(document, dict):
        raise IssuerError(f"{path} is not a JSON object", reached=True)
    return document


def _require_thumbprint(sock: Any, thumbprints: Sequence[str]) -> None:
    presented = {hashlib.sha1(der, usedforsecurity=False).hexdigest() for der in _chain(sock)}
    if thumbprints and not presented & {thumbprint.lower() for thumbprint in thumbprints}:
        raise ThumbprintError


def _chain(sock: Any) -> list[bytes]:
    """The presented certificates as DER; public in Python 3.13, under another name before."""
    if hasattr(sock, "get_unverified_chain"):
        return list(sock.get_unverified_chain())
    certificates = sock._sslobj.get_unverified_chain()  # noqa: SLF001
    return [ssl.PEM_cert_to_DER_cert(each.public_bytes()) for each in certificates]
