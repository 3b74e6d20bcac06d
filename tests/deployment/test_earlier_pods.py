"""After a deploy that changes an environment, the pods that keep the earlier one are named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client, config

from deployment import applied
from deployment.earlier_pods import report_earlier_pods
from deployment.manifests import apply_manifests
from deployment.parts import after_applying
from federation.model.config import ClusterConfig
from federation.yaml import files
from review.facts.cluster_rights import cluster_rights
from sandbox.sandbox import CONTEXT, Sandbox

RBAC = "rbac.authorization.k8s.io"
ARNS = {
    "default/app": "arn:aws:iam::123456789012:role/app",
    "default/web": "arn:aws:iam::123456789012:role/web",
}


def configured(kubeconfig: Path | None, apply: str = "manifests", **aws: str) -> ClusterConfig:
    context = {"kubeconfig": str(kubeconfig), "context": CONTEXT} if kubeconfig else {}
    accounts = {"app": True, "web": False}
    return ClusterConfig.model_validate(
        {
            "cluster": "prod",
            "issuer": "https://c.example.com",
            "aws": {"region": "eu-west-1", **aws},
            "kubernetes": {"apply": apply, **context},
            "workloads": [
                {"namespace": "default", "service_account": name, "test_pod": pod}
                for name, pod in accounts.items()
            ],
        }
    )


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(tmp_path_factory.mktemp("earlier") / ".sandbox", "https://c.example.com") as box:
        if box.missing:
            pytest.skip("\n".join(box.missing))
        yield box


def run(core: client.CoreV1Api, name: str, started: str, **metadata: Any) -> None:
    """Make a pod of the workload `app`, and say as a kubelet would that it runs."""
    container = {
        "name": "c",
        "image": "x",
        "envFrom": [{"configMapRef": {"name": "app-role"}}],
    }
    body: Any = {
        "metadata": {"name": name, **metadata},
        "spec": {"serviceAccountName": "app", "containers": [container]},
    }
    core.create_namespaced_pod("default", body)
    tell(core, name, "c", started)


def tell(core: client.CoreV1Api, name: str, container: str, started: str) -> None:
    states = {"name": container, "image": "x", "imageID": "", "ready": True, "restartCount": 0}
    running = [{**states, "state": {"running": {"startedAt": started}}}]
    ready = [{"type": "Ready", "status": "True"}]
    status = {"status": {"phase": "Running", "conditions": ready, "containerStatuses": running}}
    core.patch_namespaced_pod_status(name, "default", status)


def owner(kind: str, name: str, api: str = "apps/v1") -> list[dict[str, Any]]:
    return [{"apiVersion": api, "kind": kind, "name": name, "uid": name, "controller": True}]


def test_the_running_pods_of_before_are_named_with_what_restarts_them(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_VAR_test_pod_target_state", '["Pending", "Running"]')
    federation = configured(sandbox.kubeconfig)
    apply_manifests(federation, ARNS, lambda _: None)
    core = client.CoreV1Api(
        config.new_client_from_config(str(sandbox.kubeconfig), CONTEXT)  # type: ignore[no-untyped-call]
    )
    before, after = "2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z"
    of_web = {
        "ownerReferences": owner("ReplicaSet", "web-1a"),
        "labels": {"pod-template-hash": "1a"},
    }
    run(core, "web-1a-x", before, **of_web)
    run(core, "web-1a-y", before, **of_web)
    run(core, "db-0", before, ownerReferences=owner("StatefulSet", "db"))
    run(core, "bare", before)
    run(core, "later", after)
    tell(core, "awscli", "awscli", before)
    said: list[str] = []

    report_earlier_pods(federation, tuple(federation.workloads), said.append)

    kubectl = f"kubectl --context {CONTEXT}"
    assert said == [
        "  default/bare: started with the earlier environment. Restart: "
        f"{kubectl} delete pod -n default bare, then create it again",
        "  default/db-0: started with the earlier environment. Restart: "
        f"{kubectl} rollout restart -n default statefulset/db",
        "  default/web-1a-x, default/web-1a-y: started with the earlier environment. Restart: "
        f"{kubectl} rollout restart -n default deployment/web",
    ]


def test_they_are_seen_with_the_deployers_rights_and_without_them_that_is_said(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_VAR_test_pod_target_state", '["Pending", "Running"]')
    apply_manifests(configured(sandbox.kubeconfig), ARNS, lambda _: None)
    api = config.new_client_from_config(str(sandbox.kubeconfig), CONTEXT)  # type: ignore[no-untyped-call]
    core, rbac = client.CoreV1Api(api), client.RbacAuthorizationV1Api(api)
    for name in ("deployer", "stranger"):
        account: Any = {"metadata": {"name": name}}
        core.create_namespaced_service_account("kube-public", account)
    run(core, "old", "2020-01-01T00:00:00Z")
    roles: list[Any] = [
        each for each in cluster_rights(configured(sandbox.kubeconfig)) if is_role(each)
    ]
    [role] = roles
    rbac.create_namespaced_role("default", role)
    binding: Any = {
        "metadata": {"name": "deployer"},
        "roleRef": {"apiGroup": RBAC, "kind": "Role", "name": role["metadata"]["name"]},
        "subjects": [{"kind": "ServiceAccount", "name": "deployer", "namespace": "kube-public"}],
    }
    rbac.create_namespaced_role_binding("default", binding)

    def seen_by(name: str) -> list[str]:
        request: Any = {"spec": {"audiences": [], "expirationSeconds": 600}}
        answer: Any = core.create_namespaced_service_account_token(name, "kube-public", request)
        document = json.loads(sandbox.kubeconfig.read_text())
        document["users"][0]["user"] = {"token": answer.status.token}
        kubeconfig = tmp_path / name
        kubeconfig.write_text(json.dumps(document))
        federation = configured(kubeconfig)
        said: list[str] = []
        report_earlier_pods(federation, tuple(federation.workloads[:1]), said.append)
        return [line for line in said if "default/old" in line or "unknown" in line]

    assert seen_by("deployer") == [
        "  default/old: started with the earlier environment. Restart: "
        f"kubectl --context {CONTEXT} delete pod -n default old, then create it again"
    ]
    assert seen_by("stranger") == [
        "  Whether pods of default/app still have the earlier environment is unknown: HTTP 403: "
        '\'configmaps "app-role" is forbidden: User '
        '"system:serviceaccount:kube-public:stranger" cannot get resource "configmaps" in API '
        'group "" in the namespace "default"\''
    ]


def is_role(document: dict[str, Any]) -> bool:
    return bool(document["kind"] == "Role" and document["metadata"]["namespace"] == "default")


def test_what_cannot_be_seen_is_said(tmp_path: Path) -> None:
    federation = configured(tmp_path / "none")
    said: list[str] = []

    report_earlier_pods(federation, tuple(federation.workloads[:1]), said.append)

    assert [line.partition(": ")[0] for line in said] == [
        "  Whether pods of default/app still have the earlier environment is unknown"
    ]


@pytest.mark.parametrize(
    ("apply", "has_context", "region", "doing"),
    [
        ("terraform", True, "eu-west-1", None),
        ("terraform", True, "eu-north-1", "looking for pods with an earlier environment"),
        ("manifests", True, "eu-north-1", "applying manifests"),
        ("manifests", False, "eu-north-1", "applying manifests"),
    ],
)
def test_a_deploy_looks_for_them_where_it_changes_an_environment(
    apply: str,
    has_context: bool,
    region: str,
    doing: str | None,
    in_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(files, "PROJECT", in_folder)
    (in_folder / "state").mkdir()
    place = in_folder / "kubeconfig" if has_context else None
    applied.record(in_folder, configured(place))

    part = after_applying(configured(place, apply, region=region))

    assert (part.doing if part else None) == doing


def test_a_deploy_of_manifests_looks_for_them_after_it_has_applied(
    in_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "PROJECT", in_folder)
    (in_folder / "state").mkdir()
    applied.record(in_folder, configured(in_folder / "kubeconfig"))
    changed = configured(in_folder / "kubeconfig", region="eu-north-1")
    done: list[object] = []
    monkeypatch.setattr("deployment.manifests.apply_manifests", lambda *_: done.append("applied"))
    monkeypatch.setattr(
        "deployment.earlier_pods.report_earlier_pods",
        lambda _, workloads, __: done.append([each.service_account for each in workloads]),
    )
    part = after_applying(changed)
    assert part is not None

    part.work({"prod-identity": {"role_arns": ARNS}}, done.append)

    assert done == ["applied", ["app", "web"]]
