"""Manifests in files, and on a real API server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client, config

from deployment.manifests import apply_manifests, delete_manifests, refuse_others
from federation.errors import UserError, WorldError
from federation.manifests import manifests
from federation.model.config import ClusterConfig
from federation.yaml import files
from sandbox.sandbox import CONTEXT, Sandbox

ARNS = {"default/app": "arn:aws:iam::123456789012:role/app", "team/web": "arn:aws:iam::1:role/web"}
APPLIED = [
    "  applied ClusterRoleBinding oidc-reviewer",
    "  applied Namespace team",
    "  applied ConfigMap default/app-role",
    "  applied ServiceAccount default/app",
    "  applied Pod default/awscli",
    "  applied ConfigMap team/web-role",
    "  applied ServiceAccount team/web",
]


def configured(
    kubeconfig: Path | None, seconds: int = 3600, exposure: str = "binding"
) -> ClusterConfig:
    context = {"kubeconfig": str(kubeconfig), "context": CONTEXT} if kubeconfig else {}
    app = {"namespace": "default", "service_account": "app", "test_pod": True}
    web = {"namespace": "team", "create_namespace": True, "service_account": "web"}
    return ClusterConfig.model_validate(
        {
            "cluster": "prod",
            "issuer": "https://c.example.com",
            "discovery": {"exposure": exposure},
            "aws": {"region": "eu-west-1"},
            "kubernetes": {"apply": "manifests", **context},
            "workloads": [{**app, "token_expiration_seconds": seconds}, web],
        }
    )


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(tmp_path_factory.mktemp("manifests") / ".sandbox", "https://c.example.com") as box:
        if box.missing:
            pytest.skip("\n".join(box.missing))
        yield box


@pytest.fixture(autouse=True)
def _no_kubelet(monkeypatch: pytest.MonkeyPatch) -> None:
    """As `Sandbox.environment` has it: a pod stays Pending, and counts as made."""
    monkeypatch.setenv("TF_VAR_test_pod_target_state", '["Pending", "Running"]')


@pytest.fixture(scope="module")
def core(sandbox: Sandbox) -> client.CoreV1Api:
    return client.CoreV1Api(
        config.new_client_from_config(str(sandbox.kubeconfig), CONTEXT)  # type: ignore[no-untyped-call]
    )


def applied(federation: ClusterConfig) -> list[str]:
    """What applying says."""
    said: list[str] = []
    apply_manifests(federation, ARNS, said.append)
    return said


def identities(core: client.CoreV1Api) -> dict[str, str]:
    """The uid of what was made in the namespace `default`: it stays as long as the object."""
    made: dict[str, Any] = {
        "pod": core.read_namespaced_pod("awscli", "default"),
        "account": core.read_namespaced_service_account("app", "default"),
        "environment": core.read_namespaced_config_map("app-role", "default"),
    }
    return {kind: str(each.metadata.uid) for kind, each in made.items()}


def life(core: client.CoreV1Api) -> int:
    """The seconds that the test pod's token lives."""
    volumes: Any = core.read_namespaced_pod("awscli", "default").spec
    token = volumes.volumes[0].projected.sources[0].service_account_token
    return int(token.expiration_seconds)


def test_a_changed_test_pod_is_deleted_and_made_again_and_nothing_else_is(
    sandbox: Sandbox, core: client.CoreV1Api
) -> None:
    assert applied(configured(sandbox.kubeconfig)) == APPLIED
    first = identities(core)
    assert applied(configured(sandbox.kubeconfig)) == APPLIED
    assert identities(core) == first
    assert life(core) == 3600
    assert applied(configured(sandbox.kubeconfig, seconds=600)) == APPLIED
    assert life(core) == 600
    again = identities(core)
    assert {kind for kind in first if first[kind] != again[kind]} == {"pod"}


def test_a_binding_that_is_not_wanted_any_more_is_deleted_unless_it_is_of_others(
    sandbox: Sandbox, core: client.CoreV1Api
) -> None:
    rbac = client.RbacAuthorizationV1Api(core.api_client)
    assert applied(configured(sandbox.kubeconfig)) == APPLIED
    hidden = configured(sandbox.kubeconfig, exposure="none")
    assert applied(hidden) == [*APPLIED[1:], "  deleted ClusterRoleBinding oidc-reviewer"]
    assert applied(hidden) == APPLIED[1:]
    role = client.V1RoleRef(api_group="rbac.authorization.k8s.io", kind="ClusterRole", name="view")
    metadata = client.V1ObjectMeta(name="oidc-reviewer")
    rbac.create_cluster_role_binding(client.V1ClusterRoleBinding(metadata=metadata, role_ref=role))
    assert applied(hidden) == APPLIED[1:]
    rbac.delete_cluster_role_binding("oidc-reviewer")


def test_what_is_of_others_in_our_namespace_is_named(
    sandbox: Sandbox, core: client.CoreV1Api
) -> None:
    federation = configured(sandbox.kubeconfig)
    applied(federation)
    refuse_others(federation)
    theirs = client.V1ConfigMap(metadata=client.V1ObjectMeta(name="theirs"))
    core.create_namespaced_config_map("team", theirs)
    with pytest.raises(UserError) as caught:
        refuse_others(federation)
    assert str(caught.value) == (
        "Destroying would remove other people's objects: ConfigMap team/theirs. Move them, or set "
        "create_namespace: false and run 'terraform state rm' for the namespace."
    )


def test_what_was_applied_is_deleted_last_first_and_a_second_time_is_no_error(
    sandbox: Sandbox, core: client.CoreV1Api
) -> None:
    federation = configured(sandbox.kubeconfig)
    applied(federation)
    expected = [line.replace("applied", "deleted") for line in reversed(APPLIED)]
    for _ in range(2):
        said: list[str] = []
        delete_manifests(federation, said.append)
        assert said == expected
    left = [each.metadata.name for each in core.list_namespace().items if each.metadata]
    assert "team" not in left


def test_an_object_that_something_holds_is_not_called_deleted(
    sandbox: Sandbox, core: client.CoreV1Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = configured(sandbox.kubeconfig)
    # Without the namespace, which takes its controller a while.
    federation = whole.model_copy(update={"workloads": whole.workloads[:1]})
    applied(federation)
    held: dict[str, Any] = {"metadata": {"finalizers": ["example.com/held"]}}
    core.patch_namespaced_service_account("app", "default", held)
    monkeypatch.setattr("deployment.manifests.time.sleep", lambda _: None)
    said: list[str] = []
    with pytest.raises(WorldError) as caught:
        delete_manifests(federation, said.append)
    held["metadata"]["finalizers"] = None
    core.patch_namespaced_service_account("app", "default", held)
    assert str(caught.value) == (
        "ServiceAccount default/app is still terminating after a minute. "
        "'kubectl describe serviceaccount app -n default' shows what holds it."
    )
    assert "  deleted ServiceAccount default/app" not in said
    delete_manifests(federation, said.append)


def test_a_deploy_waits_for_the_test_pod_and_says_what_keeps_it(
    sandbox: Sandbox, core: client.CoreV1Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TF_VAR_test_pod_target_state")
    whole = configured(sandbox.kubeconfig)
    # Without the namespace, which a later test does without.
    federation = whole.model_copy(update={"workloads": whole.workloads[:1]})

    def kubelet(*told: dict[str, Any]) -> list[str]:
        """What a deploy says while a kubelet tells these states of the pod."""
        states, said = iter(told), list[str]()

        def pause(_: float) -> None:
            core.patch_namespaced_pod_status("awscli", "default", {"status": next(states)})

        monkeypatch.setattr("deployment.pod_readiness.time.sleep", pause)
        apply_manifests(federation, ARNS, said.append)
        return said

    ready = {
        "phase": "Running",
        "conditions": [{"type": "Ready", "status": "True"}],
        "containerStatuses": None,
    }
    assert kubelet(waiting("ContainerCreating"), ready) == [
        *(APPLIED[0], *APPLIED[2:5]),
        "  waiting for Pod default/awscli: Pending",
        "  waiting for Pod default/awscli: ContainerCreating",
    ]
    core.delete_namespaced_pod("awscli", "default", grace_period_seconds=0)
    with pytest.raises(WorldError) as caught:
        kubelet(waiting("ErrImagePull", "no such host"), waiting("ImagePullBackOff", "Back-off"))
    assert str(caught.value) == (
        "Pod default/awscli does not start.\n"
        "  Message: ImagePullBackOff: no such host\n"
        "  To do: Check kubernetes.test_pod_image, and that the nodes reach its registry. Then "
        "deploy again."
    )
    core.delete_namespaced_pod("awscli", "default", grace_period_seconds=0)


def waiting(reason: str, message: str = "") -> dict[str, Any]:
    """What a kubelet says of a container that does not run yet."""
    container = {"name": "awscli", "image": "x", "imageID": "", "ready": False, "restartCount": 0}
    state = {"waiting": {"reason": reason, "message": message}}
    return {"containerStatuses": [{**container, "state": state}]}


def test_what_the_cluster_refuses_is_passed_on(sandbox: Sandbox) -> None:
    federation = configured(sandbox.kubeconfig)
    document = federation.model_dump()
    document["workloads"][1]["create_namespace"] = False
    with pytest.raises(WorldError) as caught:
        applied(ClusterConfig.model_validate(document))
    assert str(caught.value) == (
        "applying ConfigMap team/web-role: There is no namespace team.\n"
        '  Message: namespaces "team" not found\n'
        "  To do: Create it ('kubectl create namespace team'), or set create_namespace: true."
    )


def test_a_cluster_that_is_down_is_one_message(tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    cluster = {"name": "x", "cluster": {"server": "https://127.0.0.1:1"}}
    context = {"name": CONTEXT, "context": {"cluster": "x", "user": "x"}}
    user = {"name": "x", "user": {}}
    path.write_text(json.dumps({"clusters": [cluster], "contexts": [context], "users": [user]}))
    with pytest.raises(WorldError) as caught:
        applied(configured(path))
    assert str(caught.value) == (
        "connecting to the cluster: the API server cannot be reached (MaxRetryError). Check the "
        "kubeconfig's address and the network."
    )


def test_without_a_context_they_are_written_namespaces_first(
    in_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "PROJECT", in_folder)
    federation = configured(None)
    stale = in_folder / "cdktf.out" / "manifests" / "prod" / "stale.yaml"
    stale.parent.mkdir(parents=True)
    stale.write_text("kind: Stale\n")
    assert applied(federation) == [
        "Wrote cdktf.out/manifests/prod/: commit it for GitOps, or apply it with",
        "  kubectl apply --server-side -f cdktf.out/manifests/prod/namespaces.yaml "
        "-f cdktf.out/manifests/prod",
    ]
    written = {path.name: path.read_text() for path in stale.parent.iterdir()}
    assert written == manifests(federation, ARNS)


def test_a_kubeconfig_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "kubeconfig"
    folder.mkdir()
    with pytest.raises(UserError) as caught:
        applied(configured(folder))
    assert str(caught.value) == (
        f"connecting to the cluster: The kubeconfig {folder}: is a folder: name a file. "
        "Check kubernetes.context."
    )
