"""An OIDC provider that something else manages: found by a plan, used by roles, and left alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from account import iam_of
from project_copy import Attach, ProjectCopy, project_copy

from federation.model.config import ClusterConfig
from federation.yaml.files import save
from sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

pytestmark = pytest.mark.breadth

ISSUER = "https://c.example.com"
ARN = "arn:aws:iam::123456789012:oidc-provider/c.example.com"
CONFIG = ClusterConfig.model_validate(
    {
        "cluster": "shared",
        "issuer": ISSUER,
        "aws": {"region": "eu-west-1", "oidc_provider": ARN, "max_retries": 3},
        "kubernetes": {"apply": "manifests"},
        "workloads": [{"namespace": "default", "service_account": "app"}],
    }
)


@dataclass(frozen=True)
class Here:
    """A project with a configuration, and the account that it is for."""

    copy: ProjectCopy
    box: Sandbox

    def wizard(self, *arguments: str, status: int = 0) -> str:
        """What a command prints."""
        environment = {**self.box.environment(), "OIDC_IAM_CONFIG": "clusters/shared.yaml"}
        return self.copy.wizard(*arguments, status=status, **environment)

    @property
    def iam(self) -> IAMClient:
        """The account's IAM."""
        return iam_of(self.box)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, attach: Attach) -> Iterator[Here]:
    copy = project_copy(tmp_path_factory.mktemp("adoption"))
    with Sandbox(copy.project / ".sandbox", ISSUER, kubernetes=False) as box:
        save(CONFIG, copy.project / "clusters" / "shared.yaml")
        yield Here(copy.having(attach(box.environment())), box)


def test_a_provider_that_is_not_there_stops_the_plan(here: Here) -> None:
    assert f"The account has no OIDC provider {ARN}" in here.wizard("plan", status=1)


def test_a_provider_without_the_audience_stops_the_plan(here: Here) -> None:
    here.iam.create_open_id_connect_provider(
        Url=ISSUER, ClientIDList=["other"], ThumbprintList=["a" * 40]
    )
    why = "The OIDC provider in aws.oidc_provider lacks audiences of the configuration"
    assert why in here.wizard("plan", status=1)


def test_roles_trust_the_adopted_provider(here: Here) -> None:
    here.iam.add_client_id_to_open_id_connect_provider(
        OpenIDConnectProviderArn=ARN, ClientID="sts.amazonaws.com"
    )
    assert "Plan: 2 to add, 0 to change, 0 to destroy.\n" in here.wizard("deploy", "--yes")
    policy: Any = here.iam.get_role(RoleName="shared_default_app")["Role"][
        "AssumeRolePolicyDocument"
    ]
    assert policy["Statement"][0]["Principal"] == {"Federated": ARN}


def test_the_terraform_of_the_review_adopts_the_same_provider(here: Here) -> None:
    here.wizard("review", "--output", "bundle")
    folder = "-chdir=bundle/terraform/shared-identity"
    state = here.copy.project / "state" / "shared-identity.tfstate"
    sandbox = here.box.environment()
    here.copy.run("terraform", folder, "init", f"-backend-config=path={state}", status=0, **sandbox)
    said = here.copy.run("terraform", folder, "plan", "-no-color", status=0, **sandbox)
    assert "No changes. Your infrastructure matches the configuration." in said


def test_a_destroy_leaves_the_provider_as_it_was(here: Here) -> None:
    here.wizard("destroy", "--yes")
    provider = here.iam.get_open_id_connect_provider(OpenIDConnectProviderArn=ARN)
    assert provider["ClientIDList"] == ["other", "sts.amazonaws.com"]
    assert provider["ThumbprintList"] == ["a" * 40]
