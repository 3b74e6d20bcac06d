"""Terraform's state in a bucket: plain `cdktf deploy` and Terraform itself, on a real moto.

The cluster is a kubeconfig without a server behind it: planning what is new asks none.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from project_copy import Attach, ProjectCopy, project_copy

from deployment.causes import explain
from federation.model.config import ClusterConfig
from federation.yaml.files import PROJECT, save
from sandbox import mirrors
from sandbox.sandbox import Sandbox

pytestmark = pytest.mark.breadth

BUCKET = "states"
PREFIX = "oidc-iam/prod"

KUBECONFIG = {
    "apiVersion": "v1",
    "kind": "Config",
    "clusters": [{"name": "prod", "cluster": {"server": "https://127.0.0.1:1"}}],
    "users": [{"name": "prod", "user": {"token": "none"}}],
    "contexts": [{"name": "prod", "context": {"cluster": "prod", "user": "prod"}}],
}


@dataclass(frozen=True)
class Project:
    """A copy of the project whose state is in a bucket of the sandbox."""

    copy: ProjectCopy
    s3: Any

    def terraform(self, stack: str, *arguments: str, status: int = 0) -> str:
        """What Terraform prints in a stack's folder."""
        folder = f"-chdir=cdktf.out/stacks/prod-{stack}"
        return self.copy.run("terraform", folder, *arguments, status=status)

    def cdktf(self, *arguments: str) -> str:
        """What the CDKTF CLI prints."""
        return self.copy.run("cdktf", *arguments)

    def objects(self) -> list[str]:
        """The keys in the bucket."""
        return [each["Key"] for each in self.s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])]

    def state(self, stack: str) -> dict[str, Any]:
        """A stack's state."""
        answer = self.s3.get_object(Bucket=BUCKET, Key=f"{PREFIX}-{stack}.tfstate")
        state: dict[str, Any] = json.loads(answer["Body"].read())
        return state


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, attach: Attach) -> Iterator[Project]:
    copy = project_copy(tmp_path_factory.mktemp("s3"))
    folder = copy.project / ".sandbox"
    with Sandbox(folder, "https://c.example.com", kubernetes=False) as box:
        save(configured(box, copy.project), copy.project / "clusters" / "prod.yaml")
        s3 = boto3.client(
            "s3",
            region_name="eu-west-1",
            endpoint_url=box.aws_endpoint,
            aws_access_key_id=box.access_key.id,
            aws_secret_access_key=box.access_key.secret,
        )
        s3.create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        # The configuration has to say where S3 is, not the environment.
        environment = {
            name: value
            for name, value in box.environment().items()
            if name not in ("AWS_ENDPOINT_URL", "KUBECONFIG")
        }
        environment |= attach(environment)
        programs = (Path(sys.executable).parent, PROJECT / "node_modules" / ".bin")
        environment |= {
            "OIDC_IAM_CONFIG": "clusters/prod.yaml",
            "PATH": os.pathsep.join([*map(str, programs), os.environ["PATH"]]),
            "CHECKPOINT_DISABLE": "1",
            "TF_CLI_ARGS": "-no-color",
            "TF_INPUT": "0",
        }
        yield Project(copy.having(environment), s3)


def configured(box: Sandbox, project: Path) -> ClusterConfig:
    (project / "kubeconfig").write_text(json.dumps(KUBECONFIG))
    return ClusterConfig.model_validate(
        {
            "cluster": "prod",
            "issuer": box.issuer,
            "discovery": {"thumbprint": "omit"},
            "aws": {"region": "eu-west-1", "endpoint_url": box.aws_endpoint, "max_retries": 3},
            "kubernetes": {"kubeconfig": "kubeconfig", "context": "prod"},
            "workloads": [{"namespace": "default", "service_account": "app"}],
            "backend": {"type": "s3", "bucket": BUCKET, "region": "eu-west-1"},
        }
    )


def test_cdktf_deploy_keeps_the_state_in_the_bucket_and_leaves_no_lock(project: Project) -> None:
    project.cdktf("deploy", "prod-identity", "--auto-approve", "--skip-provider-lock")
    assert project.objects() == [f"{PREFIX}-identity.tfstate"]
    arn = "arn:aws:iam::123456789012:role/prod_default_app"
    assert project.state("identity")["outputs"]["role_arns"]["value"] == {"default/app": arn}
    assert not (project.copy.project / "state").exists()


def test_the_terraform_of_the_review_finds_the_state_in_the_bucket(project: Project) -> None:
    project.copy.wizard("review", "--output", "bundle")
    folder = "-chdir=bundle/terraform/prod-identity"
    project.copy.run("terraform", folder, "init", "-backend-config=state.s3.tfbackend")
    said = project.copy.run("terraform", folder, "plan")
    assert "No changes. Your infrastructure matches the configuration." in said


def test_another_stack_reads_the_outputs_from_the_bucket(project: Project) -> None:
    if not mirrors.can_install("kubernetes"):
        pytest.skip("the kubernetes provider cannot be installed here")
    project.terraform("workloads", "init")
    project.terraform("workloads", "plan", "-out=plan")
    plan = json.loads(project.terraform("workloads", "show", "-json", "plan"))
    [config_map] = [
        change["change"]["after"]["data"]
        for change in plan["resource_changes"]
        if change["type"] == "kubernetes_config_map_v1"
    ]
    assert config_map["AWS_ROLE_ARN"] == "arn:aws:iam::123456789012:role/prod_default_app"


def test_a_lock_in_the_bucket_keeps_others_out(project: Project) -> None:
    lock = {"ID": "abc-123", "Operation": "OperationTypeApply", "Who": "ada@laptop"}
    key = f"{PREFIX}-identity.tfstate.tflock"
    project.s3.put_object(Bucket=BUCKET, Key=key, Body=json.dumps(lock).encode())
    said = project.terraform("identity", "plan", status=1)
    assert explain(said).remedy == (
        "Wait until the run of ada@laptop has ended. If it was killed: "
        "'terraform force-unlock abc-123' in the stack's folder below cdktf.out/stacks."
    )
