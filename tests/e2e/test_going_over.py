"""From Terraform to manifests, and from a bucket to the API server, all at once.

Whatever the change is, a pod that uses a role must not notice it, and nothing may be left that
nobody knows of. The tests run in order: each begins where the one before ended.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)
from project_copy import Attach, ProjectCopy, project_copy

from federation.files import save, validate
from sandbox import mirrors
from sandbox.sandbox import CONTEXT, Sandbox

BUCKET = "edge-issuer"
ISSUER = f"https://{BUCKET}.s3.eu-west-1.amazonaws.com"
OURS = "app.kubernetes.io/managed-by=oidc-iam"
APP = {"namespace": "default", "service_account": "app"}
OLD = {"namespace": "team", "service_account": "old", "create_namespace": True}


@dataclass(frozen=True)
class Here:
    """A project with a configuration, and the sandbox that it is for."""

    copy: ProjectCopy
    box: Sandbox

    def configure(self, hosting: str, apply: str, *workloads: dict[str, Any]) -> None:
        """Write the configuration; the API server shows its documents in any case."""
        discovery = {"exposure": "binding", "thumbprint": "omit"}
        bucket = {"hosting": "s3", "s3": {"bucket": BUCKET, "keys": ["sa.pub"]}}
        document = {
            "cluster": "edge",
            "issuer": ISSUER,
            "discovery": discovery | (bucket if hosting == "s3" else {}),
            "aws": {"region": "eu-west-1", "endpoint_url": self.box.aws_endpoint, "max_retries": 3},
            "kubernetes": {
                "apply": apply,
                "kubeconfig": ".sandbox/kubeconfig",
                "context": CONTEXT,
            },
            "workloads": workloads,
        }
        save(validate(document), self.copy.project / "clusters" / "edge.yaml")

    def wizard(self, *arguments: str, status: int = 0) -> str:
        """What a command prints."""
        environment = {**self.box.environment(), "OIDC_IAM_CONFIG": "clusters/edge.yaml"}
        return self.copy.wizard(*arguments, status=status, **environment)

    def objects(self) -> dict[str, str]:
        """What is ours in the cluster, with its UID: an object that is made anew has another."""
        kinds = "serviceaccounts,configmaps,namespaces,clusterrolebindings"
        kubeconfig = f"--kubeconfig={self.box.kubeconfig}"
        found = json.loads(
            self.copy.run("kubectl", kubeconfig, "get", kinds, "-A", "-l", OURS, "-ojson")
        )
        return {
            f"{each['kind']} {each['metadata']['name']}": each["metadata"]["uid"]
            for each in found["items"]
        }

    def buckets(self) -> list[str]:
        """The account's buckets."""
        s3 = boto3.client(
            "s3",
            region_name="eu-west-1",
            endpoint_url=self.box.aws_endpoint,
            aws_access_key_id="sandbox",
            aws_secret_access_key="sandbox",
        )
        return [each["Name"] for each in s3.list_buckets()["Buckets"]]

    def in_state(self, stack: str) -> set[str]:
        """The types that Terraform has of a stack."""
        state = json.loads((self.copy.project / "state" / f"edge-{stack}.tfstate").read_text())
        return {each["type"] for each in state["resources"] if each["mode"] == "managed"}

    def notes(self) -> list[str]:
        """What is noted beside the states."""
        folder = self.copy.project / "state"
        return sorted(path.name for path in folder.iterdir() if "tfstate" not in path.name)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, attach: Attach) -> Iterator[Here]:
    if not mirrors.can_install("kubernetes"):
        pytest.skip("Terraform finds no kubernetes provider: no object can go over from it.")
    copy = project_copy(tmp_path_factory.mktemp("going over"))
    with Sandbox(copy.project / ".sandbox", ISSUER) as box:
        if box.missing:
            pytest.skip("\n".join(box.missing))
        key = load_pem_private_key(box.service_account_key.read_bytes(), None).public_key()
        public = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        (copy.project / "sa.pub").write_bytes(public)
        yield Here(copy.having(attach(box.environment())), box)


def test_objects_become_manifests_without_being_made_anew(here: Here) -> None:
    """The bucket stays, and its stack, which loses the provider of the binding in it."""
    here.configure("s3", "terraform", APP, OLD)
    here.wizard("deploy", "--yes")
    before = here.objects()
    assert sorted(before) == [
        "ClusterRoleBinding oidc-reviewer",
        "ConfigMap app-role",
        "ConfigMap old-role",
        "Namespace team",
        "ServiceAccount app",
        "ServiceAccount old",
    ]
    states = here.copy.project / "state"
    shutil.copytree(states, states.with_name("state of terraform"))
    here.configure("s3", "manifests", APP, OLD)

    said = here.wizard("deploy", "--yes")

    assert "    . edge-discovery: kubernetes_cluster_role_binding_v1.oidc-reviewer\n" in said
    assert "Plan: 0 to add, 0 to change, 0 to destroy. Terraform forgets 6, which stay.\n" in said
    assert here.objects() == before
    assert "kubernetes_cluster_role_binding_v1" not in here.in_state("discovery")
    assert here.in_state("workloads") == set()
    assert here.buckets() == [BUCKET]
    assert here.notes() == ["edge.applied.json"]


def test_a_bucket_is_taken_down_while_the_objects_become_manifests(here: Here) -> None:
    states = here.copy.project / "state"
    shutil.rmtree(states)
    states.with_name("state of terraform").rename(states)
    before = here.objects()
    here.configure("apiserver", "manifests", APP)

    said = here.wizard("deploy", "--yes")

    assert (
        "Not among the manifests, and for you to delete: Namespace team, ConfigMap team/old-role, "
        "ServiceAccount team/old.\n"
    ) in said
    assert "9 to destroy. Terraform forgets 6, which stay.\n" in said
    assert here.objects() == before
    assert here.buckets() == []
    assert (here.in_state("discovery"), here.in_state("workloads")) == (set(), set())
    assert here.notes() == ["edge.applied.json"]
