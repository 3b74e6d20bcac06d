"""What the look at the endpoint's certificates says, on real TLS servers on loopback."""

from __future__ import annotations

import hashlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator

import pytest
import trustme

from deployment.endpoint import endpoint_thumbprint
from federation.model.config import ClusterConfig
from federation.rules.configuration import Observation

HOST = "c.example.com"

Serve = Callable[[trustme.CA, trustme.CA], int]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Presents a certificate of one authority, and for the issuer's name one of another.

    Gives the port. Two connections are taken, which is what a comparison needs.
    """
    listener = socket.create_server(("127.0.0.1", 0))

    def start(own: trustme.CA, issuer: trustme.CA) -> int:
        presented = _context(own, "127.0.0.1")
        of_issuer = _context(issuer, HOST)

        def choose(connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
            if name == HOST:
                connection.context = of_issuer

        presented.sni_callback = choose
        threading.Thread(target=_present, args=(listener, presented), daemon=True).start()
        return int(listener.getsockname()[1])

    yield start
    listener.close()


def _context(authority: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


def _present(listener: socket.socket, context: ssl.SSLContext) -> None:
    for _ in range(2):
        connection, _address = listener.accept()
        with context.wrap_socket(connection, server_side=True) as stream:
            stream.recv(1)


def configured(host: str, port: int, **discovery: object) -> ClusterConfig:
    return ClusterConfig.model_validate(
        {
            "cluster": "prod",
            "issuer": f"https://{HOST}",
            "discovery": {"endpoint": f"https://{host}:{port}", **discovery},
            "aws": {"region": "eu-west-1"},
            "kubernetes": {"context": "prod"},
            "workloads": [{"namespace": "default", "service_account": "app"}],
        }
    )


def authority() -> trustme.CA:
    """One that servers present behind their own certificate."""
    return trustme.CA().create_child_ca()


def thumbprint(of: trustme.CA) -> str:
    der = ssl.PEM_cert_to_DER_cert(of.cert_pem.bytes().decode())
    return hashlib.sha1(der, usedforsecurity=False).hexdigest()


def test_two_certificates_of_one_authority_pin_the_same(serve: Serve) -> None:
    both = authority()
    assert endpoint_thumbprint(configured("127.0.0.1", serve(both, both))) == ()


def test_another_authority_for_the_issuers_name_wants_its_thumbprint_pinned(serve: Serve) -> None:
    own, issuer = authority(), authority()
    port = serve(own, issuer)
    assert endpoint_thumbprint(configured("127.0.0.1", port)) == (
        Observation(
            ("discovery", "thumbprint"),
            f"Terraform would pin {thumbprint(own)}, which 127.0.0.1:{port} presents for its own "
            f"name; for 'c.example.com' it presents {thumbprint(issuer)}.",
        ),
    )


def test_an_endpoint_that_cannot_be_reached_is_a_warning() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert endpoint_thumbprint(configured("127.0.0.1", port)) == (
        Observation(
            ("discovery", "thumbprint"),
            f"the certificates that 127.0.0.1:{port} presents for its own name and for "
            "'c.example.com' could not be compared ('Connection refused').",
        ),
    )


@pytest.mark.parametrize(
    ("host", "discovery"),
    [("127.0.0.1", {"thumbprint": "omit"}), ("127.0.0.1", {"thumbprint": ["a" * 40]}), (HOST, {})],
)
def test_nothing_is_asked_where_terraform_pins_nothing_else(
    host: str, discovery: dict[str, object]
) -> None:
    """Port 1 refuses: asking it would be a warning."""
    assert endpoint_thumbprint(configured(host, 1, **discovery)) == ()
