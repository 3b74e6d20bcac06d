"""A real API server with the flags that are rendered: who may read what, and which tokens count."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from api_server import ApiServer
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from apiserver.distribution import Goal
from apiserver.distributions.plain import PLAIN
from apiserver.migration import Migration, advance, begin, phase_plan
from apiserver.plan import plan
from apiserver.rendering import Existing, render_plan
from apiserver.stages import PHASES
from federation.keys.token import Token
from federation.model.config import ClusterConfig
from sandbox.binaries import API_SERVER, UnavailableError, find

OLD = "https://old.sandbox.internal"
ISSUER = "https://oidc.sandbox.internal"
HOSTS = ("old.sandbox.internal", "oidc.sandbox.internal")
DOCUMENTS = ("/.well-known/openid-configuration", "/openid/v1/jwks")
START = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ApiServer]:
    """An API server with an issuer of its own, which is started with its first change."""
    try:
        find(API_SERVER, print)
    except UnavailableError as error:
        pytest.skip(str(error))
    made = ApiServer(tmp_path, OLD, HOSTS)
    try:
        yield made
    finally:
        made.end()


@pytest.fixture
def running(server: ApiServer) -> ApiServer:
    """The same, with a service account in it."""
    server.restart()
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "web"}}
    server.create("/api/v1/namespaces/default/serviceaccounts", account)
    return server


def goal(exposure: str) -> Goal:
    document: dict[str, Any] = {
        "cluster": "sandbox",
        "issuer": ISSUER,
        "discovery": {"exposure": exposure},
        "aws": {"region": "eu-west-1"},
        "kubernetes": {"context": "sandbox", "version": "1.34", "distribution": "plain"},
        "workloads": [{"namespace": "default", "service_account": "web"}],
    }
    return Goal(ClusterConfig.model_validate(document), PLAIN, PLAIN.schemas[0])


def bind(server: ApiServer) -> None:
    """What the discovery stack does."""
    group = "rbac.authorization.k8s.io"
    role = "system:service-account-issuer-discovery"
    binding = {
        "apiVersion": f"{group}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "oidc-reviewer"},
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": role},
        "subjects": [{"apiGroup": group, "kind": "Group", "name": "system:unauthenticated"}],
    }
    server.create(f"/apis/{group}/v1/clusterrolebindings", binding)


def answers(server: ApiServer) -> dict[str, int]:
    """What a stranger is answered."""
    slashes = tuple(f"{path}/" for path in DOCUMENTS)
    queries = tuple(f"{path}?a=b" for path in DOCUMENTS)
    others = ("/livez", "/version", "/api", "/api/v1/namespaces")
    return {path: server.status(path) for path in (*DOCUMENTS, *slashes, *queries, *others)}


def test_with_the_binding_strangers_read_the_documents_and_what_rbac_grants_besides(
    server: ApiServer,
) -> None:
    server.change(plan(goal("binding"), server.reading().settings))
    assert [server.status(path) for path in DOCUMENTS] == [403, 403]
    bind(server)
    document = server.read(DOCUMENTS[0])
    assert (document["issuer"], document["jwks_uri"]) == (ISSUER, f"{ISSUER}/openid/v1/jwks")
    assert answers(server) == {
        "/.well-known/openid-configuration": 200,
        "/openid/v1/jwks": 200,
        "/.well-known/openid-configuration/": 200,
        "/openid/v1/jwks/": 200,
        "/.well-known/openid-configuration?a=b": 200,
        "/openid/v1/jwks?a=b": 200,
        "/livez": 200,
        "/version": 200,
        "/api": 403,
        "/api/v1/namespaces": 403,
    }


def test_with_the_allowlist_strangers_read_the_documents_and_nothing_else(
    server: ApiServer, tmp_path: Path
) -> None:
    file = tmp_path / "authentication-config.yaml"
    before = replace(
        server.reading().settings, authentication_config=str(file), anonymous_auth="true"
    )
    made = plan(goal("authentication-config"), before)
    in_use = {"apiVersion": "apiserver.config.k8s.io/v1", "kind": "AuthenticationConfiguration"}
    result = render_plan(made, Existing(authentication=in_use))
    file.write_text(result.files["authentication-config.yaml"].text)
    server.flags += ["--anonymous-auth=true", f"--authentication-config={file}"]
    server.change(made, in_use)
    assert server.reading().settings.anonymous_auth is None
    assert [server.status(path) for path in DOCUMENTS] == [403, 403]
    bind(server)
    assert answers(server) == {
        "/.well-known/openid-configuration": 200,
        "/openid/v1/jwks": 200,
        "/.well-known/openid-configuration/": 401,
        "/openid/v1/jwks/": 401,
        "/.well-known/openid-configuration?a=b": 200,
        "/openid/v1/jwks?a=b": 200,
        "/livez": 200,
        "/version": 401,
        "/api": 401,
        "/api/v1/namespaces": 401,
    }
    assert server.refuses_to_start_with("--anonymous-auth=true")
    assert server.refuses_to_start_with("--oidc-issuer-url=https://x", "--oidc-client-id=x")


def test_a_token_from_before_a_migration_counts_in_each_phase_but_the_last(
    running: ApiServer,
) -> None:
    wanted, before = goal("binding"), running.token()
    state = begin(wanted, running.reading().settings, START)
    seen = {}
    while state.phase != "done":
        running.change(phase_plan(state, wanted))
        issued, asked = running.token(), running.token(OLD)
        seen[state.phase] = (
            Token.parse(issued).issuer,
            [running.status("/version", token) for token in (before, issued, asked)],
        )
        state = advance(state, START)
    assert seen == {
        "accept": (OLD, [200, 200, 200]),
        "sign": (ISSUER, [200, 200, 200]),
        "wait": (ISSUER, [200, 200, 200]),
        "drop": (ISSUER, [401, 200, 200]),
    }
    for_aws = running.token("sts.amazonaws.com")
    assert running.status("/version", for_aws) == 401


def new_keys(folder: Path) -> tuple[str, str]:
    """A further key pair; the first of the cluster is RSA as well."""
    key = rsa.generate_private_key(65537, 2048)
    private = folder / "sa-2.key"
    private.touch(mode=0o600)
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
    )
    public = folder / "sa-2.pub"
    public.write_bytes(
        key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    return str(public), str(private)


def key_ids(server: ApiServer) -> list[str]:
    return sorted(key["kid"] for key in server.read(DOCUMENTS[1])["keys"])


@pytest.mark.breadth
def test_a_new_signing_key_is_published_before_it_signs_and_the_old_one_goes_last(
    running: ApiServer, tmp_path: Path
) -> None:
    wanted, before = goal("binding"), running.token()
    (old,) = key_ids(running)
    settings = running.reading().settings
    state: Migration = begin(wanted, settings, START, new_keys=new_keys(tmp_path))
    seen = {}
    while state.phase != "done":
        running.change(phase_plan(state, wanted))
        issued = running.token()
        seen[state.phase] = (
            len(key_ids(running)),
            Token.parse(issued).key_id == old,
            [running.status("/version", token) for token in (before, issued)],
        )
        state = advance(state, START)
    assert tuple(seen) == PHASES["signing-key"][:-1]
    assert seen == {
        "publish": (2, True, [200, 200]),
        "sign": (2, False, [200, 200]),
        "wait": (2, False, [200, 200]),
        "drop": (1, False, [401, 200]),
    }


def test_the_api_server_ends_with_what_is_refused_here(server: ApiServer, tmp_path: Path) -> None:
    key = tmp_path / "p224.key"
    key.write_bytes(
        ec.generate_private_key(ec.SECP224R1()).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
    )
    assert server.refuses_to_start_with(f"--service-account-issuer={OLD}")
    assert server.refuses_to_start_with(f"--service-account-jwks-uri=http://{HOSTS[0]}/jwks")
    assert server.refuses_to_start_with("--feature-gates=ServiceAccountIssuerDiscovery=true")
    assert server.refuses_to_start_with(f"--service-account-signing-key-file={key}")
