"""What the stacks of the kept bundles do not have: other backends, kubeconfigs and accounts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from federation.model.config import ClusterConfig
from federation.yaml.files import load
from review.facts.cluster_objects import cluster_objects
from review.terraform.folder import terraform

STACKS = Path(__file__).parent.parent / "stacks"


def changed(**kubernetes: Any) -> ClusterConfig:
    """The least configuration with other settings of its cluster."""
    config = load(STACKS / "configurations" / "minimal.yaml")
    return config.model_copy(update={"kubernetes": config.kubernetes.model_copy(update=kubernetes)})


def synthesized(**terraform: Any) -> dict[str, dict[str, Any]]:
    """The stacks of the least configuration with another backend."""
    stacks = {}
    for path in (STACKS / "expected" / "minimal" / "stacks").iterdir():
        stack = json.loads((path / "cdk.tf.json").read_text())
        if terraform:
            del stack["terraform"]["backend"]
            stack["terraform"] |= terraform
        stacks[path.name] = stack
    return stacks


def test_hcp_terraform_keeps_its_block() -> None:
    settings = {"organization": "acme", "workspaces": {"name": "minimal-identity"}}
    texts = terraform(changed(), synthesized(cloud=settings))
    assert texts["minimal-identity/versions.tf"].partition("  cloud {")[2] == (
        '\n    organization = "acme"\n\n    workspaces {\n      name = "minimal-identity"\n'
        "    }\n  }\n}\n"
    )
    assert "terraform init\nterraform plan -out=plan\n" in texts["README.md"]
    assert [path for path in texts if "minimal-identity" in path] == [
        f"minimal-identity/{name}.tf" for name in ("versions", "providers", "main", "outputs")
    ]


def test_a_remote_backend_takes_its_settings_from_a_file() -> None:
    settings = {"organization": "a${b}", "workspaces": {"name": "minimal-identity"}}
    texts = terraform(changed(), synthesized(backend={"remote": settings}))
    assert texts["minimal-identity/versions.tf"].endswith('\n\n  backend "remote" {}\n}\n')
    assert texts["minimal-identity/state.remote.tfbackend"] == (
        'organization = "a$${b}"\n\nworkspaces {\n  name = "minimal-identity"\n}\n'
    )


@pytest.mark.parametrize(
    ("kubeconfig", "default"),
    [
        (None, '  default     = ["~/.kube/config"]\n'),
        ("~/.kube/prod", '  default     = ["~/.kube/prod"]\n'),
        ("keys/kubeconfig", ""),
        ("/home/ada/kubeconfig", ""),
    ],
)
def test_a_kubeconfig_of_one_machine_is_asked_for(kubeconfig: str | None, default: str) -> None:
    stacks = synthesized()
    if kubeconfig is not None:
        # As the stacks have it: without a variable.
        del stacks["minimal-discovery"]["variable"]
        stacks["minimal-discovery"]["provider"]["kubernetes"][0]["config_paths"] = [kubeconfig]
    texts = terraform(changed(kubeconfig=kubeconfig), stacks)
    assert texts["minimal-discovery/variables.tf"] == (
        'variable "kubeconfig_paths" {\n'
        '  description = "The kubeconfig files to look for the context in."\n'
        "  type        = list(string)\n"
        f"{default}}}\n"
    )
    assert texts["minimal-discovery/providers.tf"] == (
        'provider "kubernetes" {\n  config_context = "minimal"\n'
        "  config_paths   = var.kubeconfig_paths\n}\n"
    )
    asked = "export TF_VAR_kubeconfig_paths='[\"/path/to/kubeconfig\"]'\n"
    assert (asked in texts["README.md"]) == (not default)


def test_what_is_not_known_here_is_not_left_out_silently() -> None:
    stacks = synthesized()
    stacks["minimal-identity"]["module"] = {"other": {"source": "./other"}}
    with pytest.raises(AssertionError, match=r"minimal-identity holds \{'module'\}"):
        terraform(changed(), stacks)


def test_manifests_of_an_unknown_account_say_where_its_number_goes() -> None:
    texts = cluster_objects(changed(apply="manifests", context="it's"))
    assert texts["README.md"] == (
        "# The Kubernetes objects of minimal\n\n"
        "They are applied as they are: by GitOps, or by hand after the Terraform.\n"
        "The configuration names no account: the first command puts the account's number into the "
        "files.\n\n"
        "```sh\n"
        'sed -i.bak "s/:ACCOUNT_ID:/:$(aws sts get-caller-identity --query Account '
        '--output text):/" *.yaml\n'
        "kubectl apply --server-side --context 'it'\"'\"'s' -f .\n"
        "```\n"
    )
    assert "arn:aws:iam::ACCOUNT_ID:role/minimal_default_app" in texts["default_app.yaml"]
    assert cluster_objects(changed()) == {}
