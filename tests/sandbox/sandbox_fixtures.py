"""One real sandbox for all tests of this room, with a federation made by hand in it.

Test modules name this one in `pytest_plugins`.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
from kubernetes import client, config
from sandbox_federation import (
    AUDIENCE,
    ISSUER,
    Mint,
    bind_discovery,
    ca_thumbprint,
    settings,
    trust_policy,
)

from sandbox import binaries
from sandbox.sandbox import CONTEXT, Sandbox

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_sts import STSClient


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(tmp_path_factory.mktemp("project") / ".sandbox", ISSUER) as running:
        if running.missing:
            pytest.skip("\n".join(running.missing))
        yield running


@pytest.fixture(scope="session")
def components(sandbox: Sandbox) -> dict[str, Path]:
    """The programs of the shared sandbox, for further ones."""
    wanted = (binaries.ETCD, binaries.API_SERVER, binaries.CONTROLLER_MANAGER)
    return {each.name: binaries.find(each, print) for each in wanted}


@pytest.fixture(scope="session")
def cluster(sandbox: Sandbox) -> client.ApiClient:
    made: client.ApiClient = config.new_client_from_config(  # type: ignore[no-untyped-call]
        str(sandbox.kubeconfig), CONTEXT
    )
    return made


@pytest.fixture(scope="session")
def iam(sandbox: Sandbox) -> IAMClient:
    return boto3.client("iam", **settings(sandbox))


@pytest.fixture(scope="session")
def sts(sandbox: Sandbox) -> STSClient:
    return boto3.client("sts", **settings(sandbox))


@pytest.fixture(scope="session")
def discovery(cluster: client.ApiClient) -> str:
    """The documents can be read by anyone; the name of the binding that allows it."""
    return bind_discovery(cluster)


@pytest.fixture(scope="session")
def provider(sandbox: Sandbox, iam: IAMClient, discovery: str) -> str:
    """The account's OIDC provider for the cluster."""
    return iam.create_open_id_connect_provider(
        Url=ISSUER, ClientIDList=[AUDIENCE], ThumbprintList=[ca_thumbprint(sandbox)]
    )["OpenIDConnectProviderArn"]


@pytest.fixture(scope="session")
def role(iam: IAMClient, provider: str) -> str:
    """A role for the service account `default/default`."""
    made = iam.create_role(
        RoleName="reader", AssumeRolePolicyDocument=json.dumps(trust_policy(provider))
    )
    return made["Role"]["Arn"]


@pytest.fixture(scope="session")
def mint(cluster: client.ApiClient) -> Mint:
    """Makes tokens as pods get them, through TokenRequest."""

    def minted(
        audience: str = AUDIENCE, account: str = "default", namespace: str = "default"
    ) -> str:
        spec = client.V1TokenRequestSpec(audiences=[audience], expiration_seconds=600)
        answer = client.CoreV1Api(cluster).create_namespaced_service_account_token(
            account, namespace, client.AuthenticationV1TokenRequest(spec=spec)
        )
        assert answer.status
        return str(answer.status.token)

    return minted


@pytest.fixture
def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])
