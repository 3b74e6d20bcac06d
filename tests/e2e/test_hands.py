"""Resources that change hands: none of them is destroyed, no matter what manages them next.

The OIDC provider, for real: created, adopted by its ARN, taken back; and another issuer's.
"""

from __future__ import annotations

import json
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
ARNS = "arn:aws:iam::123456789012:oidc-provider"
ARN = f"{ARNS}/c.example.com"
ADDRESS = "aws_iam_openid_connect_provider.cluster"


@dataclass(frozen=True)
class Here:
    """A project with a configuration, and the account that it is for."""

    copy: ProjectCopy
    box: Sandbox

    def configure(self, oidc_provider: str = "create", issuer: str = ISSUER) -> None:
        """Write the configuration."""
        document = {
            "cluster": "shared",
            "issuer": issuer,
            "discovery": {"thumbprint": "omit"},
            "aws": {"region": "eu-west-1", "oidc_provider": oidc_provider, "max_retries": 3},
            "kubernetes": {"apply": "manifests"},
            "workloads": [{"namespace": "default", "service_account": "app"}],
        }
        config = ClusterConfig.model_validate(document)
        save(config, self.copy.project / "clusters" / "shared.yaml")

    def wizard(self, *arguments: str, status: int = 0) -> str:
        """What a command prints."""
        environment = {**self.box.environment(), "OIDC_IAM_CONFIG": "clusters/shared.yaml"}
        return self.copy.wizard(*arguments, status=status, **environment)

    def planned(self, *arguments: str) -> list[tuple[str, str, str | None]]:
        """What a plan has, without attributes."""
        said = self.wizard("plan", "--json", *arguments)
        # Warnings come first, on standard error.
        [stack] = json.loads(said[said.index("{") :])["stacks"]
        return [(each["action"], each["address"], each["imported"]) for each in stack["changes"]]

    def in_state(self) -> set[str]:
        """The addresses of what Terraform has."""
        place = self.copy.project / "state" / "shared-identity.tfstate"
        found = json.loads(place.read_text())["resources"]
        return {f"{each['type']}.{each['name']}" for each in found if each["mode"] == "managed"}

    def providers(self) -> list[str]:
        """The ARNs of the account's providers."""
        found = self.iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
        return [each["Arn"] for each in found]

    def trusted(self) -> str:
        """The provider that the role trusts."""
        role: Any = self.iam.get_role(RoleName="shared_default_app")["Role"]
        federated: str = role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["Federated"]
        return federated

    @property
    def iam(self) -> IAMClient:
        """The account's IAM."""
        return iam_of(self.box)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, attach: Attach) -> Iterator[Here]:
    copy = project_copy(tmp_path_factory.mktemp("hands"))
    with Sandbox(copy.project / ".sandbox", ISSUER, kubernetes=False) as box:
        found = Here(copy.having(attach(box.environment())), box)
        found.configure()
        found.wizard("deploy", "--yes")
        yield found


def test_plain_cdktf_does_not_destroy_a_provider_that_is_adopted(here: Here) -> None:
    here.configure(ARN)
    here.wizard("synth")
    environment = {**here.box.environment(), "OIDC_IAM_CONFIG": "clusters/shared.yaml"}
    said = here.copy.run(
        "cdktf",
        "deploy",
        "shared-identity",
        "--auto-approve",
        "--skip-provider-lock",
        status=1,
        **environment,
    )
    assert "Instance cannot be destroyed" in said
    assert here.providers() == [ARN]


@pytest.mark.parametrize("destroy", [False, True])
def test_a_plan_shows_that_an_adopted_provider_is_forgotten(destroy: bool, here: Here) -> None:
    changes = here.planned(*(["--destroy"] if destroy else []))
    assert ("forget", ADDRESS, None) in changes
    assert ("delete", ADDRESS, None) not in changes


def test_adopting_what_terraform_made_leaves_it_there(here: Here) -> None:
    said = here.wizard("deploy", "--yes")
    assert f"    . shared-identity: {ADDRESS} (forgotten, stays in AWS)\n" in said
    assert (
        "Plan: 0 to add, 0 to change, 0 to destroy. Terraform stops managing 1, which stay.\n"
        in said
    )
    assert (here.providers(), here.trusted()) == ([ARN], ARN)
    assert ADDRESS not in here.in_state()
    assert here.planned() == []


def test_what_was_adopted_is_imported_when_terraform_makes_it_again(here: Here) -> None:
    here.configure()
    assert here.planned() == [("import", ADDRESS, ARN)]
    said = here.wizard("deploy", "--yes")
    assert f"    = shared-identity: {ADDRESS} (exists, imported)\n" in said
    expected = "Plan: 0 to add, 0 to change, 0 to destroy. Terraform imports 1, which exist.\n"
    assert expected in said
    assert (here.providers(), here.trusted()) == ([ARN], ARN)
    assert ADDRESS in here.in_state()
    assert here.planned() == []


def test_the_roles_trust_another_issuer_before_the_provider_of_the_old_one_goes(here: Here) -> None:
    new = f"{ARNS}/new.example.com"
    here.configure(issuer="https://new.example.com")
    said = here.wizard("deploy", "--yes")
    order = [
        f"created {ADDRESS} ",
        "changed aws_iam_role.default_app ",
        f"destroyed {ADDRESS} ",
    ]
    places = [said.index(each) for each in order]
    assert places == sorted(places)
    assert (here.providers(), here.trusted()) == ([new], new)


def test_the_provider_of_another_issuer_is_adopted_before_the_old_one_goes(here: Here) -> None:
    here.iam.create_open_id_connect_provider(
        Url=ISSUER, ClientIDList=["sts.amazonaws.com"], ThumbprintList=["a" * 40]
    )
    here.configure(ARN)
    said = here.wizard("deploy", "--yes")
    order = ["changed aws_iam_role.default_app ", f"destroyed {ADDRESS}"]
    places = [said.index(each) for each in order]
    assert places == sorted(places)
    assert (here.providers(), here.trusted()) == ([ARN], ARN)


def test_a_destroy_leaves_a_provider_that_is_adopted_since_the_last_deployment(here: Here) -> None:
    here.configure()
    here.wizard("deploy", "--yes")
    here.configure(ARN)
    said = here.wizard("destroy", "--yes")
    assert f"    . shared-identity: {ADDRESS} (forgotten, stays in AWS)\n" in said
    assert (here.providers(), here.in_state()) == ([ARN], set())
