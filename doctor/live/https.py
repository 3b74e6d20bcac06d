"""Reading one address over TLS as a stranger would: no credentials, no redirects, and limits.

Gives the answer with the presented certificates to the layers `tls` and `discovery`. Where to
connect and which name to ask for are separate, since a discovery endpoint may stand for the issuer.
Where HTTPS_PROXY is set, connections go through the proxy, as those of curl do.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from urllib3.util import make_headers

from federation.model.endpoints import is_loopback

LARGEST = 1024 * 1024
"""Bytes of an answer that are read."""

_CHUNK = 65_536
_HTTP_PORT = 80


@dataclass(frozen=True)
class ServerAddress:
    """Where to connect, and which name to ask for there (SNI, `Host`, the certificate's name)."""

    host: str
    port: int
    name: str

    def __str__(self) -> str:
        where = f"{_bracket(self.host)}:{self.port}"
        return where if self.host == self.name else f"{self.name} at {where}"


@dataclass(frozen=True)
class Proxy:
    """An HTTP proxy that connects for us (CONNECT, RFC 9110, 9.3.6).

    Attributes:
        headers: Its credentials, where HTTPS_PROXY has some; in no printed form.
    """

    host: str
    port: int
    headers: Mapping[str, str] = field(repr=False)

    def __str__(self) -> str:
        return f"{_bracket(self.host)}:{self.port}"


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
    address: ServerAddress,
    seconds: float,
    trust: ssl.SSLContext | None = None,
    newest: ssl.TLSVersion = ssl.TLSVersion.MAXIMUM_SUPPORTED,
) -> Presented:
    """Connect, see what is presented, and leave without sending anything.

    Args:
        address: Where to connect.
        seconds: How long to wait, for all of it.
        trust: What to verify with; with None nothing is, since what cannot be verified is to be
            looked at too.
        newest: The newest protocol to offer, where nothing is verified.

    Raises:
        TimeoutError: the time passed.
        ssl.SSLError: the certificate is not to be trusted, or there is no TLS.
        OSError: it cannot be connected to.
    """
    context = trust or _unverified(newest)
    with _ending(seconds) as deadline, _connect(address, context, deadline) as stream:
        return Presented(stream.version() or "", _chain(stream))


def get(address: ServerAddress, path: str, trust: ssl.SSLContext, seconds: float) -> Answer:
    """GET a path, without following redirects and without decoding anything.

    Args:
        address: Where to connect, and which name to ask for.
        path: The path, and a query if there is one.
        trust: What to verify the certificate with.
        seconds: How long to wait, for all of it to the answer's last byte.

    Raises:
        TooSlowError: the time passed.
        UnreadableError: it cannot be connected to, its certificate is not to be trusted, or what
            it answers is not HTTP.
    """
    try:
        with _ending(seconds) as deadline, _connect(address, trust, deadline) as stream:
            return _ask(stream, address, path)
    except TimeoutError:
        raise TooSlowError from None
    except (OSError, HTTPException, ValueError) as error:
        raise UnreadableError(str(error)) from None


def proxy_for(address: ServerAddress) -> Proxy | None:
    """The proxy that connects to an address: HTTPS_PROXY, but for NO_PROXY and for loopback.

    Raises:
        OSError: HTTPS_PROXY is not an address of an HTTP proxy.
    """
    url = getproxies().get("https")
    if not url or is_loopback(address.host) or proxy_bypass(address.host):
        return None
    # The value itself may hold a password.
    fault = "HTTPS_PROXY is not like http://proxy.example.com:3128"
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        port = parts.port or _HTTP_PORT
    except ValueError:
        raise OSError(fault) from None
    if parts.scheme != "http" or not parts.hostname:
        raise OSError(fault)
    user = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    headers = make_headers(proxy_basic_auth=user) if parts.username else {}
    return Proxy(parts.hostname, port, headers)


class _Deadline:
    """Ends a connection in time: one byte a second would pass every read's own timeout."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._end = time.monotonic() + seconds
        self._is_over = False
        self._watched: Callable[[], socket.socket | None] = lambda: None

    def watch(self, stream: Callable[[], socket.socket | None]) -> None:
        """End this one; the one before became part of it."""
        self._watched = stream
        self.check()

    def left(self) -> float:
        """The seconds that are left.

        Raises:
            TimeoutError: none are.
        """
        self.check()
        return max(self._end - time.monotonic(), 0.001)

    def check(self) -> None:
        """Stop where the time is over: what was cut off may look like an end.

        Raises:
            TimeoutError: it is.
        """
        if self._is_over:
            raise self.late()

    def late(self) -> TimeoutError:
        """What to raise where the time is over."""
        return TimeoutError(f"no answer within {self._seconds:g} s")

    def end(self) -> None:
        """End the connection, from another thread."""
        self._is_over = True
        with contextlib.suppress(OSError):
            if stream := self._watched():
                # That of an SSLSocket takes the TLS object from under a reader.
                socket.socket.shutdown(stream, socket.SHUT_RDWR)


@contextlib.contextmanager
def _ending(seconds: float) -> Iterator[_Deadline]:
    deadline = _Deadline(seconds)
    timer = threading.Timer(seconds, deadline.end)
    timer.daemon = True
    timer.start()
    try:
        yield deadline
        deadline.check()
    except TimeoutError:
        raise deadline.late() from None
    except (OSError, HTTPException, ValueError):
        deadline.check()
        raise
    finally:
        timer.cancel()


@contextlib.contextmanager
def _connect(
    address: ServerAddress, trust: ssl.SSLContext, deadline: _Deadline
) -> Iterator[ssl.SSLSocket]:
    proxy = proxy_for(address)
    with _dial(address, deadline) if proxy is None else _tunnel(proxy, address, deadline) as raw:
        try:
            stream = trust.wrap_socket(
                raw, server_hostname=address.name, do_handshake_on_connect=False
            )
        except ValueError as error:
            raise OSError(str(error)) from None
        with stream:
            deadline.watch(lambda: stream)
            stream.do_handshake()
            yield stream


def _dial(address: ServerAddress, deadline: _Deadline) -> socket.socket:
    """A connection to the first address that takes one; each may use its share of the time."""
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except UnicodeError:
        raise OSError("the host is not a DNS name") from None
    refusal = OSError("the host has no address")
    for number, (family, kind, protocol, _, place) in enumerate(found):
        stream = socket.socket(family, kind, protocol)
        try:
            stream.settimeout(deadline.left() / (len(found) - number))
            stream.connect(place)
            stream.settimeout(deadline.left())
        except OSError as error:
            stream.close()
            refusal = error
        else:
            return stream
    raise refusal


def _tunnel(proxy: Proxy, address: ServerAddress, deadline: _Deadline) -> socket.socket:
    connection = HTTPConnection(proxy.host, proxy.port, timeout=deadline.left())
    connection.set_tunnel(address.host, address.port, dict(proxy.headers))
    deadline.watch(lambda: connection.sock)
    try:
        connection.connect()
    except (OSError, HTTPException, ValueError) as error:
        connection.close()
        deadline.check()
        if isinstance(error, TimeoutError):
            raise
        raise OSError(f"through the proxy {proxy}: {error}") from None
    return connection.sock


def _ask(stream: ssl.SSLSocket, address: ServerAddress, path: str) -> Answer:
    headers = {
        "Host": _bracket(address.name),
        "Accept": "application/json, application/jwk-set+json",
        "Accept-Encoding": "identity",
        "User-Agent": "oidc-iam-doctor",
    }
    connection = HTTPConnection(address.host)
    connection.sock = stream
    connection.request("GET", path, headers=headers)
    with connection.getresponse() as response:
        return Answer(
            response.status,
            response.headers.get("Content-Type", ""),
            response.headers.get("Content-Encoding", ""),
            response.headers.get("Location", ""),
            _body(response),
        )


def _body(response: HTTPResponse) -> bytes | None:
    pieces: list[bytes] = []
    size = 0
    while piece := response.read1(_CHUNK):
        pieces.append(piece)
        size += len(piece)
        if size > LARGEST:
            return None
    if response.length:
        raise HTTPException(f"the answer ends {response.length} bytes before its Content-Length")
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


def _bracket(host: str) -> str:
    """A host as URLs have it: an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host else host
