"""Reading one address over TLS as a stranger would: no credentials, no redirects, and limits.

Gives the answer with the presented certificates to the layers `tls` and `discovery`. Where to
connect and which name to ask for are separate, since a discovery endpoint may stand for the issuer.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPException

import urllib3
from urllib3.connection import HTTPSConnection

LARGEST = 1024 * 1024
"""Bytes of an answer that are read."""

_CHUNK = 65_536


@dataclass(frozen=True)
class Address:
    """Where to connect, and which name to ask for there (SNI, `Host`, the certificate's name)."""

    host: str
    port: int
    name: str

    def __str__(self) -> str:
        where = f"{self.host}:{self.port}"
        return where if self.host == self.name else f"{self.name} at {where}"


@dataclass(frozen=True)
class Answer:
    """What came back; `body` is as it was sent, and None where it was longer than `LARGEST`."""

    status: int
    content_type: str
    content_encoding: str
    location: str
    body: bytes | None


@dataclass(frozen=True)
class Presented:
    """What a server presented: the protocol, and its chain in DER as it was sent, leaf first."""

    version: str
    chain: tuple[bytes, ...]


class TooSlowError(Exception):
    """No whole answer in time."""


class UnreadableError(Exception):
    """No connection, or no answer in HTTP; the text is not safe to print."""


def present(
    address: Address,
    seconds: float,
    trust: ssl.SSLContext | None = None,
    newest: ssl.TLSVersion = ssl.TLSVersion.MAXIMUM_SUPPORTED,
) -> Presented:
    """Connect, see what is presented, and leave without sending anything.

    Args:
        address: Where to connect.
        seconds: How long to wait for an answer.
        trust: What to verify with; with None nothing is, since what cannot be verified is to be
            looked at too.
        newest: The newest protocol to offer, where nothing is verified.

    Raises:
        ssl.SSLError: the certificate is not to be trusted, or there is no TLS.
        OSError: it cannot be connected to.
    """
    context = trust or _unverified(newest)
    with (
        socket.create_connection((address.host, address.port), timeout=seconds) as plain,
        context.wrap_socket(plain, server_hostname=address.name) as connection,
    ):
        return Presented(connection.version() or "", _chain(connection))


def get(address: Address, path: str, trust: ssl.SSLContext, seconds: float) -> Answer:
    """GET a path, without following redirects and without decoding anything.

    Args:
        address: Where to connect, and which name to ask for.
        path: The path, and a query if there is one.
        trust: What to verify the certificate with.
        seconds: For the connection, and again for the whole answer to its last byte.

    Raises:
        TooSlowError: the time passed.
        UnreadableError: it cannot be connected to, its certificate is not to be trusted, or what
            it answers is no HTTP.
    """
    headers = {
        "Host": address.name,
        "Accept": "application/json, application/jwk-set+json",
        "Accept-Encoding": "identity",
        "User-Agent": "oidc-iam-doctor",
    }
    with _connected(address, trust, seconds) as connection, _ending(connection, seconds) as late:
        try:
            connection.request("GET", path, headers=headers, preload_content=False)
            response = connection.getresponse()
            body = _body(response)
        except TimeoutError:
            raise TooSlowError from None
        except (OSError, HTTPException, urllib3.exceptions.HTTPError, ValueError) as error:
            if late.is_set():
                raise TooSlowError from None
            raise UnreadableError(str(error)) from None
        if late.is_set():
            # What was cut off looks like an end.
            raise TooSlowError
        return Answer(
            response.status,
            response.headers.get("Content-Type", ""),
            response.headers.get("Content-Encoding", ""),
            response.headers.get("Location", ""),
            body,
        )


@contextlib.contextmanager
def _connected(
    address: Address, trust: ssl.SSLContext, seconds: float
) -> Iterator[HTTPSConnection]:
    connection = HTTPSConnection(
        address.host,
        address.port,
        timeout=seconds,
        ssl_context=trust,
        server_hostname=address.name,
    )
    try:
        connection.connect()
    except urllib3.exceptions.ConnectTimeoutError:
        raise TooSlowError from None
    except (OSError, urllib3.exceptions.HTTPError) as error:
        raise UnreadableError(str(error)) from None
    try:
        yield connection
    finally:
        connection.close()


@contextlib.contextmanager
def _ending(connection: HTTPSConnection, seconds: float) -> Iterator[threading.Event]:
    """End the connection in time: one byte a second would pass every read's own timeout."""
    late = threading.Event()
    # The connection forgets it while an answer that ends with the connection is still read.
    stream = connection.sock

    def end() -> None:
        late.set()
        with contextlib.suppress(OSError):
            stream.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield late
    finally:
        timer.cancel()


def _body(response: urllib3.HTTPResponse) -> bytes | None:
    pieces: list[bytes] = []
    size = 0
    while piece := response.read1(_CHUNK, decode_content=False):
        pieces.append(piece)
        size += len(piece)
        if size > LARGEST:
            return None
    return b"".join(pieces)


def _unverified(newest: ssl.TLSVersion) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.maximum_version = newest
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _chain(connection: ssl.SSLSocket) -> tuple[bytes, ...]:
    if sys.version_info >= (3, 13):
        return tuple(connection.get_unverified_chain())
    # Public from Python 3.13 on; the same function stands behind it before.
    chain = connection._sslobj.get_unverified_chain()  # type: ignore[attr-defined]  # noqa: SLF001
    return tuple(ssl.PEM_cert_to_DER_cert(each.public_bytes()) for each in chain)
