"""The cluster of a sandbox: what is enforced, what controllers do, and who may read what."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from kubernetes import client, watch
from kubernetes.client.exceptions import ApiException
from sandbox_federation import ISSUER, Mint, claims

from federation.keys.token import Token
from sandbox.sandbox import Sandbox

pytest_plugins = ["sandbox_fixtures"]


def wait_for_end(core: client.CoreV1Api, name: str) -> None:
    events = watch.Watch().stream(
        core.list_namespace, field_selector=f"metadata.name={name}", timeout_seconds=60
    )
    for event in events:
        if event["type"] == "DELETED":
            return
    pytest.fail(f"the namespace {name} is still there")


def test_a_token_of_the_api_server_names_the_issuer(mint: Mint) -> None:
    assert Token.parse(mint()).issuer == ISSUER


def test_a_token_that_the_sandbox_signs_is_one_of_the_api_servers(
    sandbox: Sandbox, mint: Mint
) -> None:
    ours, theirs = Token.parse(sandbox.sign(claims())), Token.parse(mint())
    assert (ours.key_id, ours.algorithm) == (theirs.key_id, theirs.algorithm)


def test_a_namespace_goes_when_it_is_deleted(cluster: client.ApiClient) -> None:
    core = client.CoreV1Api(cluster)
    core.create_namespace(client.V1Namespace(metadata=client.V1ObjectMeta(name="passing")))
    core.delete_namespace("passing")
    wait_for_end(core, "passing")
    with pytest.raises(ApiException) as caught:
        core.read_namespace("passing")
    assert caught.value.status == 404


def test_pod_security_standards_are_enforced(cluster: client.ApiClient) -> None:
    core = client.CoreV1Api(cluster)
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    namespace = client.V1Namespace(metadata=client.V1ObjectMeta(name="strict", labels=labels))
    core.create_namespace(namespace)
    account = client.V1ServiceAccount(metadata=client.V1ObjectMeta(name="app"))
    core.create_namespaced_service_account("strict", account)
    pod = client.V1Pod(
        metadata=client.V1ObjectMeta(name="root"),
        spec=client.V1PodSpec(
            service_account_name="app",
            containers=[client.V1Container(name="root", image="root")],
        ),
    )
    with pytest.raises(ApiException) as caught:
        core.create_namespaced_pod("strict", pod)
    assert caught.value.status == 403
    assert json.loads(str(caught.value.body))["message"] == (
        'pods "root" is forbidden: violates PodSecurity "restricted:latest": '
        'allowPrivilegeEscalation != false (container "root" must set '
        "securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "
        '"root" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or '
        'container "root" must set securityContext.runAsNonRoot=true), seccompProfile (pod or '
        'container "root" must set securityContext.seccompProfile.type to "RuntimeDefault" or '
        '"Localhost")'
    )


@pytest.mark.parametrize(
    ("name", "mode"),
    [(".", 0o700), ("kubeconfig", 0o600), ("pki/sa.key", 0o600), ("pki/tokens.csv", 0o600)],
)
def test_secrets_are_the_users_alone(sandbox: Sandbox, name: str, mode: int) -> None:
    path: Path = sandbox.folder / name
    assert stat.S_IMODE(path.stat().st_mode) == mode
