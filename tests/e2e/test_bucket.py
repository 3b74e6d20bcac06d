"""Documents in a bucket: deployed to a real moto, and compared with those of a real API server.

The API server has a key of every kind that AWS takes; the project gets their public parts. Where
Terraform finds the kubernetes provider, it makes the objects first, and they become manifests
later: a pod that uses a role must not notice it, and nothing may be left that nobody knows of. The
tests run in order: each begins where the one before ended.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
import urllib3
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)
from project_copy import Attach, ProjectCopy, project_copy

from federation.keys.jwks import JWKS_PATH, OPENID_CONFIGURATION_PATH
from federation.model.config import ClusterConfig
from federation.yaml.files import save, validate
from sandbox import mirrors
from sandbox.sandbox import CONTEXT, Sandbox

BUCKET = "edge-issuer"
ISSUER = f"https://{BUCKET}.s3.eu-west-1.amazonaws.com/edge"
OTHERS = {"p256": ec.SECP256R1(), "p384": ec.SECP384R1(), "p521": ec.SECP521R1()}
NEW = "keys/new.pub"
OURS = "app.kubernetes.io/managed-by=oidc-iam"
APP = {"namespace": "default", "service_account": "app"}
OLD = {"namespace": "team", "service_account": "old", "create_namespace": True}
OBJECTS = [
    "ClusterRoleBinding oidc-reviewer",
    "ConfigMap app-role",
    "ConfigMap old-role",
    "Namespace team",
    "ServiceAccount app",
    "ServiceAccount old",
]
GOES_OVER = mirrors.can_install("kubernetes")
"""Whether Terraform makes the objects first."""
FORGOTTEN = f" Terraform stops managing {len(OBJECTS)}, which stay." if GOES_OVER else ""


@dataclass(frozen=True)
class Here:
    """A project with a configuration, and the sandbox that it is for."""

    copy: ProjectCopy
    box: Sandbox
    path: Path

    def wizard(self, *arguments: str, status: int = 0) -> str:
        """What a command prints."""
        environment = {**self.box.environment(), "OIDC_IAM_CONFIG": str(self.path)}
        return self.copy.wizard(*arguments, status=status, **environment)

    def terraform(self, *arguments: str) -> str:
        """What Terraform prints."""
        command = ("terraform", *arguments, "-no-color")
        paths = json.dumps([str(self.box.kubeconfig)])
        environment = {**self.box.environment(), "TF_VAR_kubeconfig_paths": paths}
        return self.copy.run(*command, status=0, **environment)

    def of_the_api_server(self, path: str) -> str:
        """A document as the API server serves it."""
        kubeconfig = f"--kubeconfig={self.box.kubeconfig}"
        return self.copy.run("kubectl", kubeconfig, "get", "--raw", path)

    def of_the_bucket(self, path: str) -> Any:
        """The object that is to be at a path below the issuer."""
        return self.s3.get_object(Bucket=BUCKET, Key=f"edge{path}")

    def text_of_the_bucket(self, path: str) -> str:
        """Its content."""
        content: bytes = self.of_the_bucket(path)["Body"].read()
        return content.decode()

    def anonymous_status(self, path: str) -> int:
        """What a stranger gets below the issuer, where moto is at its address."""
        issuer = urlsplit(ISSUER)
        url = f"{self.box.aws_endpoint}{issuer.path}{path}"
        return urllib3.request("GET", url, headers={"Host": issuer.netloc}, retries=False).status

    @property
    def s3(self) -> Any:
        """The account's S3."""
        return boto3.client(
            "s3",
            region_name="eu-west-1",
            endpoint_url=self.box.aws_endpoint,
            aws_access_key_id=self.box.access_key.id,
            aws_secret_access_key=self.box.access_key.secret,
        )

    def configure(self, *keys: str, apply: str = "manifests") -> None:
        """Write the configuration with these files of keys."""
        bucket = {"hosting": "s3", "s3": {"bucket": BUCKET, "keys": keys}}
        save(configured(self.box, bucket, apply, APP, OLD), self.path)

    def objects(self) -> dict[str, str]:
        """What is ours in the cluster, with its UID: an object that is recreated has another."""
        kinds = "serviceaccounts,configmaps,namespaces,clusterrolebindings"
        kubeconfig = f"--kubeconfig={self.box.kubeconfig}"
        found = json.loads(
            self.copy.run("kubectl", kubeconfig, "get", kinds, "-A", "-l", OURS, "-ojson")
        )
        return {
            f"{each['kind']} {each['metadata']['name']}": each["metadata"]["uid"]
            for each in found["items"]
        }

    @property
    def states(self) -> Path:
        """Where Terraform's state is, and what is noted beside it."""
        return self.copy.project / "state"

    def in_state(self, stack: str) -> set[str]:
        """The types of what Terraform has of a stack."""
        state = json.loads((self.states / f"edge-{stack}.tfstate").read_text())
        return {each["type"] for each in state["resources"] if each["mode"] == "managed"}

    def notes(self) -> list[str]:
        """What is noted beside the states."""
        return sorted(path.name for path in self.states.iterdir() if "tfstate" not in path.name)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, attach: Attach) -> Iterator[Here]:
    copy = project_copy(tmp_path_factory.mktemp("bucket"))
    folder = copy.project / "keys"
    folder.mkdir()
    for name, curve in OTHERS.items():
        write_public(ec.generate_private_key(curve).public_key(), folder / f"{name}.pub")
    write_public(ec.generate_private_key(ec.SECP256R1()).public_key(), copy.project / NEW)
    flags = [f"--service-account-key-file={folder / name}.pub" for name in OTHERS]
    with Sandbox(copy.project / ".sandbox", ISSUER, api_server_flags=flags) as box:
        if box.missing:
            pytest.skip("\n".join(box.missing))
        private = load_pem_private_key(box.service_account_key.read_bytes(), None)
        write_public(private.public_key(), folder / "sa.pub")
        copy = copy.having(attach(box.environment()))
        found = Here(copy, box, copy.project / "clusters" / "edge.yaml")
        found.configure(*all_keys(), apply="terraform" if GOES_OVER else "manifests")
        yield found


def write_public(key: Any, path: Path) -> None:
    path.write_bytes(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


def all_keys() -> list[str]:
    """In the order of the API server's flags."""
    return ["keys/sa.pub", *(f"keys/{name}.pub" for name in OTHERS)]


def configured(
    box: Sandbox,
    discovery: dict[str, Any],
    apply: str,
    *workloads: dict[str, Any],
    issuer: str = ISSUER,
    context: str | None = CONTEXT,
) -> ClusterConfig:
    return validate(
        {
            "cluster": "edge",
            "issuer": issuer,
            "discovery": {"exposure": "binding", "thumbprint": "omit", **discovery},
            "aws": {"region": "eu-west-1", "endpoint_url": box.aws_endpoint, "max_retries": 3},
            "kubernetes": {
                "apply": apply,
                "kubeconfig": ".sandbox/kubeconfig",
                "context": context,
            },
            "workloads": workloads,
        }
    )


def test_the_key_set_of_the_files_is_that_of_the_api_server(here: Here) -> None:
    served = here.of_the_api_server(JWKS_PATH)
    assert here.wizard("jwks") == f"{served}\n"
    assert here.wizard("jwks", "--from-cluster") == f"{served}\n"
    assert [key["alg"] for key in json.loads(served)["keys"]] == [
        "RS256",
        "ES256",
        "ES384",
        "ES512",
    ]


def test_a_deploy_serves_what_the_api_server_would(here: Here) -> None:
    said = here.wizard("deploy", "--yes")
    added = 12 + len(OBJECTS) if GOES_OVER else 12
    assert f"Plan: {added} to add, 0 to change, 0 to destroy.\n" in said
    for path in (OPENID_CONFIGURATION_PATH, JWKS_PATH):
        assert here.text_of_the_bucket(path) == here.of_the_api_server(path)
        served = here.of_the_bucket(path)
        assert served["ContentType"] == "application/json"
        assert served["CacheControl"] == "public, max-age=300"
    assert sorted(here.objects()) == OBJECTS
    assert json.loads(here.wizard("drift", "--json"))["counts"] == {
        "same": 14,
        "differs": 0,
        "unseen": 0,
        "skipped": 0,
    }


@pytest.mark.breadth
def test_the_terraform_of_the_review_has_the_same_documents(here: Here) -> None:
    here.wizard("review", "--output", "bundle")
    folder = "-chdir=bundle/terraform/edge-discovery"
    state = here.copy.project / "state" / "edge-discovery.tfstate"
    here.terraform(folder, "init", f"-backend-config=path={state}")
    said = here.terraform(folder, "plan")
    assert "No changes. Your infrastructure matches the configuration." in said


def test_strangers_read_what_the_policy_names_and_nothing_else(here: Here) -> None:
    other = here.s3.put_object(Bucket=BUCKET, Key="edge/other", Body=b"")
    # The other document has a path that moto takes for one of Cognito's.
    statuses = {path: here.anonymous_status(path) for path in (JWKS_PATH, "/other")}
    assert statuses == {JWKS_PATH: 200, "/other": 403}
    here.s3.delete_object(Bucket=BUCKET, Key="edge/other", VersionId=other["VersionId"])


@pytest.mark.breadth
def test_a_new_key_is_published_and_what_somebody_else_changed_is_mended(here: Here) -> None:
    """The objects become manifests in the same deploy, and none is recreated."""
    before = here.objects()
    shutil.copytree(here.states, here.states.with_name("state of terraform"))
    here.s3.put_object(Bucket=BUCKET, Key=f"edge{OPENID_CONFIGURATION_PATH}", Body=b"{}")
    here.configure(NEW, *all_keys())

    said = here.wizard("deploy", "--yes")

    for name in ("jwks", "openid_configuration"):
        assert f"    ~ edge-discovery: aws_s3_object.{name}\n" in said
    assert f"Plan: 0 to add, 2 to change, 0 to destroy.{FORGOTTEN}\n" in said
    document = here.of_the_api_server(OPENID_CONFIGURATION_PATH)
    assert here.text_of_the_bucket(OPENID_CONFIGURATION_PATH) == document
    published = json.loads(here.text_of_the_bucket(JWKS_PATH))["keys"]
    assert published[1:] == json.loads(here.of_the_api_server(JWKS_PATH))["keys"]
    assert here.objects() == before
    assert "kubernetes_cluster_role_binding_v1" not in here.in_state("discovery")
    assert not GOES_OVER or here.in_state("workloads") == set()
    assert here.notes() == ["edge.applied.json"]


@pytest.mark.breadth
def test_a_key_that_signs_is_not_left_out(here: Here) -> None:
    here.configure(NEW)
    said = here.wizard("deploy", "--yes", status=1)
    assert "public keys: " in said


@pytest.mark.breadth
def test_going_back_to_the_api_server_removes_the_bucket_with_every_version(here: Here) -> None:
    """From what Terraform made, and to manifests, all at once; a workload goes with it.

    While the issuer is the address of the bucket, the bucket would stay.
    """
    shutil.rmtree(here.states)
    here.states.with_name("state of terraform").rename(here.states)
    before = here.objects()
    save(configured(here.box, {}, "manifests", APP), here.path)
    kept = here.wizard("plan")
    assert "    . edge-discovery: aws_s3_bucket.documents (forgotten, stays in AWS)\n" in kept
    assert "- edge-discovery" not in kept
    # Without a context, since the API server goes on with the issuer that it has.
    issuer = "https://c.example.com"
    save(configured(here.box, {}, "manifests", APP, issuer=issuer, context=None), here.path)

    said = here.wizard("deploy", "--yes")

    gone = "edge-workloads and edge-discovery were" if GOES_OVER else "edge-discovery was"
    assert f"warning: stacks: {gone} deployed, and " in said
    assert "    - edge-discovery: aws_s3_bucket.documents\n" in said
    assert f" to destroy.{FORGOTTEN}\n" in said
    assert "destroyed aws_iam_openid_connect_provider.cluster" in said
    nobodys = "Namespace team, ConfigMap team/old-role, ServiceAccount team/old"
    assert (f"Not among the manifests, and for you to delete: {nobodys}.\n" in said) is GOES_OVER
    assert here.objects() == before
    assert here.in_state("discovery") == set()
    assert not GOES_OVER or here.in_state("workloads") == set()
    assert here.notes() == ["edge.applied.json"]
    with pytest.raises(ClientError) as caught:
        here.s3.head_bucket(Bucket=BUCKET)
    assert caught.value.response["Error"]["Code"] == "404"
