"""An issuer on loopback that serves what it is told to, defects included."""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal

import trustme
from joserfc.jwk import RSAKey

from doctor.examination import Options
from doctor.finding import Finding
from doctor.runner import examined
from federation.model.config import ClusterConfig

HOST = "oidc.example.com"
ISSUER = f"https://{HOST}"
DISCOVERY = "/.well-known/openid-configuration"
JWKS = "/openid/v1/jwks"
KEY = RSAKey.generate_key(2048, {"kid": "first", "alg": "RS256", "use": "sig"})

Respond = Callable[[BaseHTTPRequestHandler], None]
"""Answers a request in a way of its own."""


@dataclass(frozen=True)
class Page:
    """What is served at a path."""

    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})


def page(document: object, **changes: Any) -> Page:
    """A page with a document as JSON."""
    return replace(Page(json.dumps(document).encode()), **changes)


def document(**changes: object) -> dict[str, object]:
    """The discovery document of a good issuer, with changes."""
    return {
        "issuer": ISSUER,
        "jwks_uri": ISSUER + JWKS,
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        **changes,
    }


def key_set(*keys: object) -> dict[str, object]:
    """A key set; without keys the one of a good issuer."""
    return {"keys": list(keys) or [KEY.as_dict(private=False)]}


@dataclass(frozen=True)
class Authority:
    """A private authority with an intermediate one."""

    root: trustme.CA
    intermediate: trustme.CA

    @classmethod
    def new(cls) -> Authority:
        root = trustme.CA()
        return cls(root, root.create_child_ca())

    def chain(self, host: str = HOST, life: datetime.timedelta | None = None) -> trustme.LeafCert:
        """A certificate for a host, with the intermediate's behind it."""
        end = None if life is None else datetime.datetime.now(datetime.UTC) + life
        return self.intermediate.issue_cert(host, not_after=end)

    def file(self, folder: Path) -> Path:
        """The root's certificate."""
        path = folder / "root.pem"
        self.root.cert_pem.write_to_path(str(path))
        return path


AUTHORITY = Authority.new()
"""The one that the doctor is given by --ca-file."""

CERTIFICATE = AUTHORITY.chain()
"""A good one; its thumbprint can be pinned."""

Tls = Literal[
    "good",
    "none",
    "unknown",
    "wrong name",
    "expired",
    "expires soon",
    "leaf only",
    "no intermediate",
    "out of order",
    "1.3 only",
]


def thumbprint(pem: trustme.Blob) -> str:
    """The SHA-1 of a certificate."""
    der = ssl.PEM_cert_to_DER_cert(pem.bytes().decode())
    return hashlib.sha1(der, usedforsecurity=False).hexdigest()


def server_context(kind: Tls, folder: Path) -> ssl.SSLContext | None:
    """What a server needs to present a certificate with what is wrong with it."""
    if kind == "none":
        return None
    certificate = _certificate(kind)
    pems = certificate.cert_chain_pems
    if kind == "no intermediate":
        pems = pems[:1]
    if kind == "out of order":
        pems = [pems[0], AUTHORITY.root.cert_pem, pems[1]]
    made = _context(folder, [certificate.private_key_pem, *pems])
    if kind == "1.3 only":
        made.minimum_version = ssl.TLSVersion.TLSv1_3
    return made


def _certificate(kind: Tls) -> trustme.LeafCert:
    if kind == "unknown":
        return Authority.new().chain()
    if kind == "wrong name":
        return AUTHORITY.chain("other.example.com")
    if kind == "leaf only":
        return AUTHORITY.root.issue_cert(HOST)
    return AUTHORITY.chain(life=_LIVES[kind]) if kind in _LIVES else CERTIFICATE


_LIVES: dict[Tls, datetime.timedelta] = {
    "expired": datetime.timedelta(days=-1),
    "expires soon": datetime.timedelta(days=7),
}


def _context(folder: Path, parts: list[trustme.Blob]) -> ssl.SSLContext:
    file = folder / "server.pem"
    file.write_bytes(b"".join(part.bytes() for part in parts))
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(file)
    return made


@contextlib.contextmanager
def serving(pages: dict[str, Page | Respond], tls: ssl.SSLContext | None) -> Iterator[int]:
    """Serve pages while the block lasts; the port, on loopback. Without TLS it is plain http."""

    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            with contextlib.suppress(ConnectionError, ssl.SSLError):
                _answer(self, pages)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def finish_request(self, request: Any, client_address: Any) -> None:
            # Here, and not while accepting: a failed handshake must not end the server.
            with contextlib.suppress(OSError):
                stream = tls.wrap_socket(request, server_side=True) if tls else request
                super().finish_request(stream, client_address)
                stream.close()

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()


DOCUMENT = page(document())
KEYS = page(key_set())


@dataclass(frozen=True)
class Issuer:
    """What an issuer serves, and how.

    Attributes:
        tls: Its certificate, or what is wrong with it.
        settings: What the configuration says under `discovery`.
        seconds: How long the doctor waits for an answer.
    """

    discovery: Page | Respond = DOCUMENT
    jwks: Page | Respond = KEYS
    tls: Tls = "good"
    settings: dict[str, object] = field(default_factory=dict)
    seconds: float = 5.0


async def look(issuer: Issuer, folder: Path) -> list[Finding]:
    """Let the doctor look at an issuer."""
    pages: dict[str, Page | Respond] = {DISCOVERY: issuer.discovery, JWKS: issuer.jwks}
    options = Options(
        ca_file=AUTHORITY.file(folder),
        only=frozenset({"names", "tls", "discovery", "keys"}),
        skip=frozenset({"control-plane"}),
        answer_timeout=issuer.seconds,
    )
    with serving(pages, server_context(issuer.tls, folder)) as port:
        return await examined(config_for(port, **issuer.settings), options)


def config_for(port: int, **discovery: object) -> ClusterConfig:
    """A configuration whose discovery endpoint is on loopback."""
    return ClusterConfig.model_validate(
        {
            "cluster": "stand-in",
            "issuer": ISSUER,
            "discovery": {"endpoint": f"https://127.0.0.1:{port}", **discovery},
            "aws": {"region": "eu-west-1", "endpoint_url": "http://127.0.0.1:9"},
            "kubernetes": {"apply": "manifests"},
            "workloads": [{"namespace": "default", "service_account": "app"}],
        }
    )


def _answer(handler: BaseHTTPRequestHandler, pages: dict[str, Page | Respond]) -> None:
    answer = pages.get(handler.path.partition("?")[0], Page(b"{}", 404))
    if not isinstance(answer, Page):
        answer(handler)
        return
    handler.send_response(answer.status)
    for name, value in {**answer.headers, "Content-Length": str(len(answer.body))}.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(answer.body)
