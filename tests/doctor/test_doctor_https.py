"""What a server may do to anyone who reads it: nothing lasts, fills the memory or escapes as an
exception; and the ways to a server, by IPv6 and through a proxy."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from stand_in_issuer import (
    AUTHORITY,
    DISCOVERY,
    DOCUMENT,
    HOST,
    Issuer,
    Page,
    Respond,
    document,
    look,
    page,
    server_context,
    serving,
)

from doctor.live.https import ServerAddress, TooSlowError, UnreadableError, get, present, proxy_for

_ENDED = threading.Event()
_SECONDS = 0.4


@pytest.fixture(autouse=True)
def _no_answer_outlasts_its_test() -> Iterator[None]:
    _ENDED.clear()
    yield
    _ENDED.set()


@pytest.fixture
def trust(tmp_path: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(AUTHORITY.file(tmp_path)))


def raw(*pieces: bytes) -> Respond:
    """Answer with exactly these bytes."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        for piece in pieces:
            handler.wfile.write(piece)

    return answer


def endless(start: bytes, piece: bytes) -> Respond:
    """Answer without an end, slowly."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(start)
        while not _ENDED.wait(0.01):
            handler.wfile.write(piece)

    return answer


def flood(start: bytes, piece: bytes) -> Respond:
    """Answer without an end, as fast as it is read."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(start)
        while not _ENDED.is_set():
            handler.wfile.write(piece)

    return answer


OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
READABLE: dict[str, Respond] = {
    "HTTP/1.0": raw(b"HTTP/1.0 200 OK\r\n\r\n", b"{}"),
    "HTTP/1.1 to the end of the connection": raw(OK + b"\r\n", b"{}"),
    "a length": raw(OK + b"Content-Length: 2\r\n\r\n{}, and what nobody asked for"),
    "chunks": raw(CHUNKED, b"1\r\n{\r\n", b"1\r\n}\r\n", b"0\r\n\r\n"),
    "a 100 before": raw(b"HTTP/1.1 100 Continue\r\n\r\n", OK + b"\r\n", b"{}"),
    "ninety headers": raw(
        OK + b"".join(b"X-%d: 1\r\n" % number for number in range(90)) + b"\r\n{}"
    ),
}
SLOW: dict[str, Respond] = {
    "chunks": endless(CHUNKED, b"1\r\n \r\n"),
    "headers": endless(OK, b"X: y"),
    "trailers": endless(CHUNKED + b"0\r\n", b"X: y\r\n"),
    "100 Continue": flood(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "white space": endless(OK + b"\r\n", b" "),
}
UNREADABLE: dict[str, tuple[Respond, str]] = {
    "a thousand headers": (
        raw(OK, b"".join(b"X-%d: y\r\n" % number for number in range(1000)), b"\r\n{}"),
        "got more than 100 headers",
    ),
    "a header of a megabyte": (
        raw(OK + b"X: ", b"y" * 1_000_000, b"\r\n\r\n{}"),
        "got more than 65536 bytes when reading header line",
    ),
    "half of a chunk": (raw(CHUNKED, b"ff\r\n{"), "IncompleteRead(0 bytes read)"),
    "a chunk of no size": (raw(CHUNKED, b"much\r\n{"), "IncompleteRead(0 bytes read)"),
    "half of a body": (
        raw(OK + b"Content-Length: 100\r\n\r\n{"),
        "the answer ends 99 bytes before its Content-Length",
    ),
    "a status that is none": (raw(b"HTTP/1.1 OK\r\n\r\n"), "HTTP/1.1 OK\r\n"),
    "nothing": (raw(), "Remote end closed connection without response"),
}


@pytest.mark.parametrize("answer", READABLE.values(), ids=READABLE)
def test_every_way_to_send_an_answer_is_read(
    answer: Respond, trust: ssl.SSLContext, tmp_path: Path
) -> None:
    assert asked(answer, trust, tmp_path) == b"{}"


@pytest.mark.parametrize("answer", SLOW.values(), ids=SLOW)
def test_an_answer_without_an_end_is_given_up(
    answer: Respond, trust: ssl.SSLContext, tmp_path: Path
) -> None:
    with pytest.raises(TooSlowError):
        asked(answer, trust, tmp_path, _SECONDS)


@pytest.mark.parametrize(("answer", "reason"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_no_answer_is_told(
    answer: Respond, reason: str, trust: ssl.SSLContext, tmp_path: Path
) -> None:
    with pytest.raises(UnreadableError) as refusal:
        asked(answer, trust, tmp_path)

    assert str(refusal.value) == reason


def test_a_flood_is_read_to_its_limit_alone(trust: ssl.SSLContext, tmp_path: Path) -> None:
    assert asked(flood(CHUNKED, b"10000\r\n" + b" " * 65536 + b"\r\n"), trust, tmp_path) is None


def asked(
    answer: Respond, trust: ssl.SSLContext, folder: Path, seconds: float = 30.0
) -> bytes | None:
    with serving({"/": answer}, server_context("good", folder)) as port:
        return get(ServerAddress("127.0.0.1", port, HOST), "/", trust, seconds).body


@contextlib.contextmanager
def listening(
    work: Callable[[socket.socket], None], family: socket.AddressFamily = socket.AF_INET
) -> Iterator[int]:
    """Give each connection to a function while the block lasts; the port, on loopback."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError):
                work(self.request)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        address_family = family

    host = "::1" if family == socket.AF_INET6 else "127.0.0.1"
    with Server((host, 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()


def silent(_stream: socket.socket) -> None:
    _ENDED.wait()


def drip_handshake(stream: socket.socket) -> None:
    """Begin a TLS record of 16 kB that never ends."""
    stream.sendall(b"\x16\x03\x03\x40\x00")
    while not _ENDED.wait(0.01):
        stream.sendall(b"\x00")


@pytest.mark.parametrize("work", [silent, drip_handshake])
def test_a_server_that_never_finishes_the_handshake_is_given_up(
    work: Callable[[socket.socket], None],
) -> None:
    with listening(work) as port, pytest.raises(TimeoutError) as refusal:
        present(ServerAddress("127.0.0.1", port, HOST), _SECONDS)

    assert str(refusal.value) == f"no answer within {_SECONDS:g} s"


def test_a_server_that_ends_tls_after_the_handshake_gives_no_answer(
    trust: ssl.SSLContext, tmp_path: Path
) -> None:
    context = server_context("good", tmp_path)
    assert context

    def hang_up(stream: socket.socket) -> None:
        with context.wrap_socket(stream, server_side=True) as secured:
            secured.recv(10_000)
            secured.unwrap()

    with listening(hang_up) as port, pytest.raises(UnreadableError) as refusal:
        get(ServerAddress("127.0.0.1", port, HOST), "/", trust, 30.0)

    assert str(refusal.value) == "Remote end closed connection without response"


def test_a_name_that_is_none_is_told_and_not_connected_to() -> None:
    for host in ("a" * 64 + ".example.com", ".example.com", "a..example.com"):
        with pytest.raises(OSError, match=r"^the host is not a DNS name$"):
            present(ServerAddress(host, 443, host), _SECONDS)


def test_an_address_of_ipv6_is_connected_to_and_shown_in_brackets(
    trust: ssl.SSLContext, tmp_path: Path
) -> None:
    context = server_context("good", tmp_path)
    assert context
    asked = []

    def answer(stream: socket.socket) -> None:
        with context.wrap_socket(stream, server_side=True) as secured:
            asked.append(secured.recv(10_000).splitlines()[1])
            secured.sendall(OK + b"\r\n{}")

    try:
        with listening(answer, socket.AF_INET6) as port:
            address = ServerAddress("::1", port, HOST)
            body = get(address, "/", trust, 30.0).body
    except OSError as error:
        pytest.skip(f"this machine has no IPv6: {error}")

    assert body == b"{}"
    assert asked == [b"Host: oidc.example.com"]
    assert str(address) == f"oidc.example.com at [::1]:{port}"


ODD_ADDRESSES = {
    "https://.example.com/jwks": "the host is not a DNS name",
    "https://a..example.com/jwks": "the host is not a DNS name",
    f"https://{'a' * 64}.example.com/jwks": "the host is not a DNS name",
}


@pytest.mark.parametrize(("uri", "reason"), ODD_ADDRESSES.items())
async def test_an_odd_address_of_the_keys_is_a_finding(
    uri: str, reason: str, tmp_path: Path
) -> None:
    findings = await look(Issuer(page(document(jwks_uri=uri))), tmp_path)

    assert [(each.code, each.seen) for each in findings if each.verdict == "fail"] == [
        ("discovery-unreachable", f"'{reason}' for /jwks")
    ]


@contextlib.contextmanager
def proxying(port: int, seen: list[bytes], refuses: bool = False) -> Iterator[int]:
    """A proxy that connects to a port, whatever it is asked for."""

    def work(stream: socket.socket) -> None:
        request = stream.recv(10_000)
        seen.append(request)
        if refuses:
            stream.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
            return
        with socket.create_connection(("127.0.0.1", port)) as further:
            stream.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            back = threading.Thread(target=pump, args=(further, stream), daemon=True)
            back.start()
            pump(stream, further)
            back.join()

    def pump(source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(65_536):
                sink.sendall(piece)
            sink.shutdown(socket.SHUT_WR)

    with listening(work) as own:
        yield own


def test_a_proxy_is_used_where_the_environment_names_one(
    trust: ssl.SSLContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bytes] = []
    pages: dict[str, Page | Respond] = {DISCOVERY: DOCUMENT}
    with (
        serving(pages, server_context("good", tmp_path)) as port,
        proxying(port, seen) as proxy,
    ):
        monkeypatch.setenv("HTTPS_PROXY", f"http://me:s%20cret@127.0.0.1:{proxy}")
        answer = get(ServerAddress(HOST, 443, HOST), DISCOVERY, trust, 30.0)

    assert answer.body == DOCUMENT.body
    assert [request.splitlines()[0] for request in seen] == [
        b"CONNECT oidc.example.com:443 HTTP/1.0"
    ]
    assert [line for line in seen[0].splitlines() if line.lower().startswith(b"proxy-auth")] == [
        b"proxy-authorization: Basic bWU6cyBjcmV0"
    ]


def test_a_proxy_that_refuses_is_named_without_its_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with proxying(0, [], refuses=True) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://me:secret@127.0.0.1:{proxy}")
        with pytest.raises(OSError, match="proxy") as refusal:
            present(ServerAddress(HOST, 443, HOST), 30.0)

    assert str(refusal.value) == (
        f"through the proxy 127.0.0.1:{proxy}: "
        "Tunnel connection failed: 407 Proxy Authentication Required"
    )


def test_a_proxy_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with listening(silent) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy}")
        with pytest.raises(TimeoutError) as refusal:
            present(ServerAddress(HOST, 443, HOST), _SECONDS)

    assert str(refusal.value) == f"no answer within {_SECONDS:g} s"


@pytest.mark.parametrize("url", ["https://proxy:3128", "socks5://proxy", "http://", "http://p:x"])
def test_a_proxy_of_another_kind_is_an_error(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", url)

    with pytest.raises(OSError, match=r"^HTTPS_PROXY is not like http://proxy.example.com:3128$"):
        proxy_for(ServerAddress(HOST, 443, HOST))


@pytest.mark.parametrize(
    ("host", "proxied"),
    [
        (HOST, True),
        ("internal.example.org", False),
        ("127.0.0.1", False),
        ("::1", False),
        ("localhost", False),
        ("10.0.0.1", True),
    ],
)
def test_neither_loopback_nor_what_no_proxy_names_is_proxied(
    host: str, proxied: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "proxy.example.com:3128")
    monkeypatch.setenv("NO_PROXY", "example.org")

    assert (proxy_for(ServerAddress(host, 443, host)) is not None) is proxied
