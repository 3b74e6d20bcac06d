"""Which certificates AWS would trust, against the API server that presents them."""

from __future__ import annotations

import hashlib
import ssl

import pytest
from sandbox_federation import ISSUER, ca_thumbprint

from sandbox.issuer import IssuerError, Network, ThumbprintError, UnreachableError
from sandbox.sandbox import Sandbox

pytest_plugins = ["sandbox_fixtures"]
pytestmark = pytest.mark.usefixtures("discovery")

OTHER = "https://other.sandbox.internal"


@pytest.fixture
def network(sandbox: Sandbox) -> Network:
    here = ("127.0.0.1", sandbox.ports.api_server)
    return Network({"oidc.sandbox.internal": here, "other.sandbox.internal": here})


def leaf_thumbprint(sandbox: Sandbox) -> str:
    pem = ssl.get_server_certificate(("127.0.0.1", sandbox.ports.api_server))
    return hashlib.sha1(ssl.PEM_cert_to_DER_cert(pem), usedforsecurity=False).hexdigest()


def test_the_top_of_the_chain_is_the_ca(sandbox: Sandbox, network: Network) -> None:
    assert network.top_thumbprint(ISSUER) == ca_thumbprint(sandbox)


def test_any_certificate_of_the_chain_may_be_pinned(sandbox: Sandbox, network: Network) -> None:
    by_ca = network.published_keys(ISSUER, [ca_thumbprint(sandbox)])
    by_leaf = network.published_keys(ISSUER, ["0" * 40, leaf_thumbprint(sandbox)])
    assert by_ca == by_leaf
    assert [key["alg"] for key in by_ca["keys"]] == ["RS256"]


@pytest.mark.parametrize("thumbprints", [[], ["0" * 40]])
def test_no_other_certificate_is_trusted(network: Network, thumbprints: list[str]) -> None:
    with pytest.raises(ThumbprintError) as caught:
        network.published_keys(ISSUER, thumbprints)
    assert str(caught.value) == (
        "oidc.sandbox.internal presents no certificate with a known thumbprint"
    )


def test_a_pinned_certificate_must_be_for_the_issuers_name(
    sandbox: Sandbox, network: Network
) -> None:
    with pytest.raises(IssuerError) as caught:
        network.published_keys(OTHER, [ca_thumbprint(sandbox)])
    assert str(caught.value) == (
        "other.sandbox.internal: hostname 'other.sandbox.internal' doesn't match either of "
        "'oidc.sandbox.internal', 'localhost', '127.0.0.1'"
    )


def test_a_document_must_name_the_issuer_itself(sandbox: Sandbox, network: Network) -> None:
    with pytest.raises(IssuerError) as caught:
        # The host is written in another way: not equal byte for byte.
        network.published_keys("https://OIDC.sandbox.internal", [ca_thumbprint(sandbox)])
    assert str(caught.value) == "the document's issuer is 'https://oidc.sandbox.internal'"


def test_a_document_that_is_not_there_is_no_lost_connection(
    sandbox: Sandbox, network: Network
) -> None:
    with pytest.raises(IssuerError) as caught:
        network.published_keys(f"{ISSUER}/path", [ca_thumbprint(sandbox)])
    # The API server serves its root only, and anonymous requests elsewhere are forbidden.
    assert (type(caught.value), str(caught.value)) == (
        IssuerError,
        "/path/.well-known/openid-configuration answers 403",
    )


def test_nobody_at_the_address_is_a_lost_connection(free_port: int) -> None:
    network = Network({"oidc.sandbox.internal": ("127.0.0.1", free_port)})
    with pytest.raises(UnreachableError) as caught:
        network.top_thumbprint(ISSUER)
    assert str(caught.value) == "oidc.sandbox.internal: [Errno 111] Connection refused"
