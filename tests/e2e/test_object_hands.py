"""Kubernetes objects that change hands from manifests to Terraform: none is deleted or recreated.

The real Kubernetes provider against a real API server. The way back is in `test_bucket`. The tests
run in order: each begins where the one before ended.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from project_copy import Attach, ProjectCopy, project_copy

from federation.yaml.files import save, validate
from sandbox import mirrors
from sandbox.sandbox import CONTEXT, Sandbox

pytestmark = [
    pytest.mark.breadth,
    pytest.mark.skipif(
        not mirrors.can_install("kubernetes"),
        reason="the kubernetes provider cannot be installed here",
    ),
]

ISSUER = "https://own.example.com"
BINDING = "kubernetes_cluster_role_binding_v1.oidc-reviewer"
NAMESPACE = "kubernetes_namespace_v1.team__namespace"
IMPORTED = {
    ("own-workloads", "import", NAMESPACE),
    ("own-workloads", "import", "kubernetes_config_map_v1.default_app__environment"),
    ("own-workloads", "import", "kubernetes_config_map_v1.team_old__environment"),
    # Terraform writes out defaults that the manifests leave to the API server.
    ("own-discovery", "update", BINDING),
    ("own-workloads", "update", "kubernetes_service_account_v1.default_app"),
    ("own-workloads", "update", "kubernetes_service_account_v1.team_old"),
}


@dataclass(frozen=True)
class Here:
    """A project with a configuration, and the sandbox that it is for."""

    copy: ProjectCopy
    box: Sandbox

    def configure(self, apply: str, *, create: bool = True, exposure: str = "binding") -> None:
        """Write the configuration."""
        discovery = {"exposure": exposure, "thumbprint": "omit"}
        kubernetes = {"apply": apply, "kubeconfig": ".sandbox/kubeconfig", "context": CONTEXT}
        team = {"namespace": "team", "service_account": "old", "create_namespace": create}
        config = validate(
            {
                "cluster": "own",
                "issuer": ISSUER,
                "discovery": {**discovery, "endpoint": self.box.discovery_endpoint},
                "aws": {"region": "eu-west-1"},
                "kubernetes": kubernetes,
                "workloads": [{"namespace": "default", "service_account": "app"}, team],
            }
        )
        save(config, self.path)

    @property
    def path(self) -> Path:
        """The configuration's file."""
        return self.copy.project / "clusters" / "own.yaml"

    def wizard(self, *arguments: str) -> str:
        """What a command prints."""
        environment = {**self.box.environment(), "OIDC_IAM_CONFIG": str(self.path)}
        return self.copy.wizard(*arguments, status=0, **environment)

    def planned(self) -> set[tuple[str, str, str]]:
        """Stack, action and address of each change of a plan."""
        said = self.wizard("plan", "--json")
        stacks: list[dict[str, Any]] = json.loads(said[said.index("{") :])["stacks"]
        return {
            (stack["stack"], each["action"], each["address"])
            for stack in stacks
            for each in stack["changes"]
        }

    def objects(self) -> dict[str, str]:
        """What is ours in the cluster, with its UID: an object that is recreated has another."""
        kinds = "serviceaccounts,configmaps,namespaces,clusterrolebindings"
        found = json.loads(
            self.copy.run(
                "kubectl",
                f"--kubeconfig={self.box.kubeconfig}",
                *("get", kinds, "-A", "-l", "app.kubernetes.io/managed-by=oidc-iam", "-ojson"),
            )
        )
        return {
            f"{each['kind']} {each['metadata']['name']}": each["metadata"]["uid"]
            for each in found["items"]
        }


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, attach: Attach) -> Iterator[Here]:
    copy = project_copy(tmp_path_factory.mktemp("objects"))
    with Sandbox(copy.project / ".sandbox", ISSUER) as box:
        if box.missing:
            pytest.skip("\n".join(box.missing))
        found = Here(copy.having(attach(box.environment())), box)
        found.configure("manifests")
        found.wizard("deploy", "--yes")
        yield found


def test_terraform_imports_what_the_manifests_made(here: Here) -> None:
    made = here.objects()
    here.configure("terraform")
    assert here.planned() == IMPORTED
    here.wizard("deploy", "--yes")
    assert here.objects() == made
    assert here.planned() == set()


def test_a_namespace_that_is_not_created_any_more_stays(here: Here) -> None:
    made = here.objects()
    here.configure("terraform", create=False)
    assert here.planned() == {("own-workloads", "forget", NAMESPACE)}
    here.wizard("deploy", "--yes")
    assert here.objects() == made
    assert here.planned() == set()


def test_it_is_imported_when_it_is_created_again(here: Here) -> None:
    made = here.objects()
    here.configure("terraform")
    assert here.planned() == {("own-workloads", "import", NAMESPACE)}
    here.wizard("deploy", "--yes")
    assert here.objects() == made
    assert here.planned() == set()


def test_a_binding_that_is_not_wanted_any_more_is_deleted(here: Here) -> None:
    made = here.objects()
    here.configure("terraform", exposure="none")
    assert here.planned() == {("own-discovery", "delete", BINDING)}
    here.wizard("deploy", "--yes")
    del made["ClusterRoleBinding oidc-reviewer"]
    assert here.objects() == made
    assert here.planned() == set()
