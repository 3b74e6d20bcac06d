"""The chain from a configuration to a proven federation, with everything real but AWS itself.

One sandbox and one copy of the project serve all tests, which run in order: each begins where the
one before ended. Where the kubernetes provider cannot be installed, the same tests run with the
objects applied as manifests.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import urllib3
from ruamel.yaml import YAML

from federation.config import ClusterConfig
from federation.files import PROJECT, load, save
from sandbox.sandbox import Sandbox

COPIED = (
    "main.py", "cdktf.json", "federation", "stacks", "templates", "wizard", "doctor", "sandbox",
    "clusters",
)  # fmt: skip


@dataclass(frozen=True)
class Here:
    """A copy of the project, and the sandbox that runs in it."""

    project: Path
    environment: dict[str, str]

    @property
    def box(self) -> Sandbox:
        """The sandbox."""
        box = Sandbox.of(self.project / ".sandbox")
        assert box is not None
        return box

    @property
    def path(self) -> Path:
        """The configuration that fits it."""
        fitting = self.project / ".sandbox" / "sandbox.yaml"
        return fitting if fitting.exists() else self.project / "clusters" / "sandbox.yaml"

    @property
    def config(self) -> ClusterConfig:
        """What it holds."""
        return load(self.path)

    def wizard(self, *arguments: str, status: int = 0, **environment: str) -> str:
        """What a command prints; both streams, so that a message is seen wherever it goes."""
        done = subprocess.run(
            [sys.executable, "-m", "wizard", *arguments],
            cwd=self.project,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == status, done.stdout
        return done.stdout

    def on_sandbox(self, *arguments: str, status: int = 0) -> str:
        """A command with the sandbox's environment and configuration."""
        environment = {**self.box.environment(), "OIDC_IAM_CONFIG": str(self.path)}
        return self.wizard(*arguments, status=status, **environment)

    def kubectl(self, *arguments: str) -> str:
        """What kubectl prints."""
        done = subprocess.run(
            ["kubectl", f"--kubeconfig={self.box.kubeconfig}", *arguments],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def anonymous_status(self, path: str) -> int:
        """What the API server answers to a stranger."""
        with urllib3.PoolManager(
            ca_certs=str(self.box.ca_file), server_hostname=self.config.issuer_host
        ) as stranger:
            return stranger.request("GET", f"{self.box.discovery_endpoint}{path}").status


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Here]:
    project = tmp_path_factory.mktemp("e2e") / "a copy"
    project.mkdir()
    for name in COPIED:
        source = PROJECT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, project / name)
    (project / "node_modules").symlink_to(PROJECT / "node_modules")
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "TF_VAR_", "OIDC_IAM_CONFIG"))
    }
    copy = Here(project, environment)
    copy.wizard("sandbox", "up")
    try:
        if copy.box.missing:
            pytest.skip("\n".join(copy.box.missing))
        yield copy
    finally:
        copy.wizard("sandbox", "down")


DOCUMENTS = ("/.well-known/openid-configuration", "/openid/v1/jwks")


def test_before_the_deploy_strangers_are_refused(here: Here) -> None:
    assert [here.anonymous_status(path) for path in DOCUMENTS] == [403, 403]


def test_a_plan_on_nothing_counts_all_that_would_be_made(here: Here) -> None:
    plan = json.loads(here.on_sandbox("plan", "--json"))
    kinds = [change["type"] for stack in plan["stacks"] for change in stack["changes"]]
    aws = [kind for kind in kinds if kind.startswith("aws_")]
    assert sorted(aws) == [
        "aws_iam_openid_connect_provider",
        "aws_iam_role",
        "aws_iam_role",
        "aws_iam_role_policy_attachment",
        "aws_iam_role_policy_attachment",
    ]


def test_a_deploy_without_a_terminal_and_without_yes_changes_nothing(here: Here) -> None:
    said = here.on_sandbox("deploy", status=2)
    assert said.endswith("There is no terminal to ask in: repeat with --yes to go ahead.\n")
    assert [here.anonymous_status(path) for path in DOCUMENTS] == [403, 403]


def test_throttling_is_shown_and_survived_and_the_deploy_ends_with_its_outputs(here: Here) -> None:
    here.box.fault("CreateRole", "Throttling", "Rate exceeded", 1)
    said = here.on_sandbox("deploy", "--yes")
    assert "  IAM CreateRole: Throttling; trying again (2 of 3)\n" in said.replace("of 4", "of 3")
    outputs = [line for line in said.splitlines() if line.startswith("sandbox-identity: role_arns")]
    assert outputs == [
        "sandbox-identity: role_arns[default/oidc-iam-pod] = "
        "arn:aws:iam::123456789012:role/oidc-iam-pod",
        "sandbox-identity: role_arns[reports/report-writer] = "
        "arn:aws:iam::123456789012:role/sandbox_reports_report-writer",
    ]


def test_after_it_anyone_reads_the_documents_and_nothing_else(here: Here) -> None:
    assert [here.anonymous_status(path) for path in DOCUMENTS] == [200, 200]
    assert here.anonymous_status("/api/v1/namespaces") == 403


def test_the_pod_passes_the_restricted_standard_and_can_read_its_token(here: Here) -> None:
    here.kubectl("label", "namespace", "default", "pod-security.kubernetes.io/enforce=restricted")
    pod = json.loads(here.kubectl("get", "pod", "awscli", "-ojson"))
    again = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "again"}, "spec": pod["spec"]}
    made = here.project / "again.json"
    made.write_text(json.dumps(again))
    assert here.kubectl("create", "--dry-run=server", "-f", str(made)) == (
        "pod/again created (server dry run)\n"
    )
    assert pod["spec"]["securityContext"]["fsGroup"] == 65532


def test_the_federation_is_proven_and_refuses_everyone_else(here: Here) -> None:
    said = here.on_sandbox("doctor", "--negative", "--ca-file", str(here.box.ca_file), "--json")
    findings = json.loads(said)["findings"]
    by_verdict = {each["code"]: each["verdict"] for each in findings}
    assert [code for code, verdict in by_verdict.items() if verdict == "fail"] == []
    for code in (
        "discovery-readable", "discovery-issuer", "token-signature", "trust-admits",
        "sts-assume-role", "sts-aws-cli", "negative-service-account", "negative-namespace",
        "negative-audience", "negative-garbage", "negative-role", "negative-api-server",
    ):  # fmt: skip
        assert (code, by_verdict[code]) == (code, "pass")


def test_a_second_deploy_changes_nothing(here: Here) -> None:
    plan = json.loads(here.on_sandbox("plan", "--json"))
    assert [stack["changes"] for stack in plan["stacks"]] == [[] for _ in plan["stacks"]]


def test_manifests_and_terraform_describe_the_same_objects(here: Here) -> None:
    """Server-side apply of the manifests over what Terraform made changes no specification."""
    before = _live(here)
    from wizard.manifests import apply_manifests

    arns = {
        "default/oidc-iam-pod": "arn:aws:iam::123456789012:role/oidc-iam-pod",
        "reports/report-writer": "arn:aws:iam::123456789012:role/sandbox_reports_report-writer",
    }
    document = here.config.model_dump(mode="json")
    document["kubernetes"]["kubeconfig"] = str(here.box.kubeconfig)
    apply_manifests(ClusterConfig.model_validate(document), arns, lambda _: None)
    assert _live(here) == before


def test_destroy_refuses_while_something_of_others_is_in_our_namespace(here: Here) -> None:
    here.kubectl("create", "configmap", "theirs", "--namespace=reports")
    said = here.on_sandbox("destroy", "--yes", status=2)
    assert said.splitlines()[-1] == (
        "Destroying would remove what is not of this configuration: ConfigMap reports/theirs. "
        "Move it, or set create_namespace: false and run 'terraform state rm' for the namespace."
    )
    here.kubectl("delete", "configmap", "theirs", "--namespace=reports")


def test_a_destroy_leaves_nothing_behind(here: Here) -> None:
    here.on_sandbox("destroy", "--yes")
    assert [here.anonymous_status(path) for path in DOCUMENTS] == [403, 403]
    everything = "serviceaccounts,configmaps,pods,namespaces,clusterrolebindings"
    ours = "app.kubernetes.io/managed-by=oidc-iam"
    assert here.kubectl("get", everything, "--all-namespaces", "-l", ours, "-oname") == ""
    plan = json.loads(here.on_sandbox("plan", "--json", "--destroy"))
    assert [stack["changes"] for stack in plan["stacks"]] == [[] for _ in plan["stacks"]]


def test_a_role_that_is_there_already_is_explained_with_the_place_of_the_log(here: Here) -> None:
    here.box.fault("CreateRole", "EntityAlreadyExists", "Role with name x already exists.", 2)
    said = here.on_sandbox("deploy", "--yes", status=1)
    assert "already" in said.splitlines()[-2]
    assert said.splitlines()[-1].startswith("The log: logs/")
    assert (here.project / said.splitlines()[-1].removeprefix("The log: ")).is_file()


def test_a_deploy_to_another_cluster_is_refused(here: Here) -> None:
    other = here.project / "other.yaml"
    document = YAML(typ="safe").load(here.path.read_text())
    document["issuer"] = "https://another.example.com"
    document["cluster"] = "another"
    save(ClusterConfig.model_validate(document), other)
    environment = here.box.environment()
    said = here.wizard("deploy", "--yes", "--config", str(other), status=1, **environment)
    assert "https://oidc.sandbox.internal" in said
    assert not list((here.project / "state").glob("another*"))


def _live(here: Here) -> list[dict[str, Any]]:
    """The objects of ours as the API server has them, without what it counts by itself."""
    everything = "serviceaccounts,configmaps,pods,namespaces,clusterrolebindings"
    ours = "app.kubernetes.io/managed-by=oidc-iam"
    found = here.kubectl("get", everything, "--all-namespaces", "-l", ours, "-ojson")
    objects = json.loads(found)["items"]
    for each in objects:
        metadata = each["metadata"]
        each["metadata"] = {key: metadata.get(key) for key in ("name", "namespace", "labels")}
        each.pop("status", None)
    return sorted(objects, key=lambda each: (each["kind"], str(each["metadata"])))
