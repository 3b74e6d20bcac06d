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
import time
from collections.abc import Iterator
from dataclasses import dataclass

import urllib3
from urllib3.connection import HTTPSConnection

LARGEST = 1024 * 1024
"""Bytes of an answer that are read."""

DEADLINE = 5.0
"""Seconds for one answer, from the first packet to the last byte."""

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
    """No whole answer within `DEADLINE`."""


def present(
    address: Address,
    trust: ssl.SSLContext | None = None,
    newest: ssl.TLSVersion = ssl.TLSVersion.MAXIMUM_SUPPORTED,
) -> Presented:
    """Connect, see what is presented, and leave without sending anything.

    Args:
        address: Where to connect.
        trust: What to verify with; with None nothing is, since what cannot be verified is to be
            looked at too.
        newest: The newest protocol to offer, where nothing is verified.

    Raises:
        ssl.SSLError: the certificate is not to be trusted, or there is no TLS.
        OSError: it cannot be connected to.
    """
    context = trust or _unverified(newest)
    with (
        socket.create_connection((address.host, address.port), timeout=DEADLINE) as plain,
        context.wrap_socket(plain, server_hostname=address.name) as connection,
    ):
        return Presented(connection.version() or "", _chain(connection))


def get(address: Address, path: str, trust: ssl.SSLContext) -> Answer:
    """GET a path, without following redirects and without decoding anything.

    Raises:
        ssl.SSLError: the certificate is not to be trusted, or there is no TLS.
        TooSlowError: the deadline passed.
        OSError: it cannot be connected to, or the connection broke.
        urllib3.exceptions.HTTPError: the answer is no HTTP.
    """
    headers = {
        "Host": address.name,
        "Accept": "application/json, application/jwk-set+json",
        "Accept-Encoding": "identity",
        "User-Agent": "oidc-iam-doctor",
    }
    deadline = time.monotonic() + DEADLINE
    with _connected(address, trust) as connection, _ending(connection, deadline) as late:
        try:
            connection.request("GET", path, headers=headers, preload_content=False)
            response = connection.getresponse()
            body = _body(response, deadline)
        except TimeoutError:
            raise TooSlowError from None
        except (OSError, urllib3.exceptions.HTTPError, ValueError):
            if late.is_set():
                raise TooSlowError from None
            raise
        return Answer(
            response.status,
            response.headers.get("Content-Type", ""),
            response.headers.get("Content-Encoding", ""),
            response.headers.get("Location", ""),
            body,
        )


@contextlib.contextmanager
def _connected(address: Address, trust: ssl.SSLContext) -> Iterator[HTTPSConnection]:
    connection = HTTPSConnection(
        address.host,
        address.port,
        timeout=DEADLINE,
        ssl_context=trust,
        server_hostname=address.name,
    )
    try:
        connection.connect()
        yield connection
    except urllib3.exceptions.ConnectTimeoutError:
        raise TooSlowError from None
    except urllib3.exceptions.NewConnectionError as error:
        raise OSError(str(error.__cause__ or "no connection")) from None
    finally:
        connection.close()


@contextlib.contextmanager
def _ending(connection: HTTPSConnection, deadline: float) -> Iterator[threading.Event]:
    """End the connection at the deadline: one byte a second would pass every read's own timeout."""
    late = threading.Event()

    def end() -> None:
        late.set()
        if connection.sock is not None:
            with contextlib.suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(max(0.0, deadline - time.monotonic()), end)
    timer.daemon = True
    timer.start()
    try:
        yield late
    finally:
        timer.cancel()


def _body(response: urllib3.HTTPResponse, deadline: float) -> bytes | None:
    pieces: list[bytes] = []
    size = 0
    while piece := response.read1(_CHUNK, decode_content=False):
        pieces.append(piece)
        size += len(piece)
        if size > LARGEST:
            return None
        if time.monotonic() > deadline:
            raise TooSlowError
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
