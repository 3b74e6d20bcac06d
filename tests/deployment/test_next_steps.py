"""The commands and outputs that a deployment leaves for the user."""

from __future__ import annotations

from pathlib import Path

from deployment.next_steps import Copyable, copyable_outputs, next_commands
from federation.model.config import ClusterConfig

CONFIG = ClusterConfig.model_validate(
    {
        "cluster": "prod",
        "issuer": "https://c.example.com",
        "aws": {"region": "eu-west-1"},
        "kubernetes": {"context": "prod admin"},
        "workloads": [{"namespace": "default", "service_account": "app", "test_pod": True}],
    }
)


def test_the_commands_after_a_deployment_name_context_pod_and_file(in_folder: Path) -> None:
    assert next_commands(in_folder / "clusters" / "prod.yaml", CONFIG) == (
        Copyable(
            "Try the role in the pod default/awscli",
            "kubectl --context 'prod admin' exec -n default awscli -- "
            "sh -c 'HOME=$(mktemp -d) aws sts get-caller-identity'",
        ),
        Copyable("Run the proof again", "python -m wizard doctor --config clusters/prod.yaml"),
        Copyable(
            "Settings of the control plane",
            "python -m wizard apiserver --config clusters/prod.yaml",
        ),
    )


def test_without_a_configured_context_kubectl_uses_its_own(in_folder: Path) -> None:
    kubernetes = {"context": None, "apply": "manifests"}
    config = ClusterConfig.model_validate({**CONFIG.model_dump(), "kubernetes": kubernetes})
    assert next_commands(in_folder / "prod.yaml", config)[0].text == (
        "kubectl exec -n default awscli -- sh -c 'HOME=$(mktemp -d) aws sts get-caller-identity'"
    )


def test_after_destroying_it_can_be_deployed_again(in_folder: Path) -> None:
    path = in_folder / "clusters" / "prod.yaml"
    assert next_commands(path, CONFIG, destroyed=True) == (
        Copyable("Deploy again", "python -m wizard deploy --config clusters/prod.yaml"),
    )


def test_each_output_and_each_entry_of_a_map_can_be_copied() -> None:
    outputs = {"prod-identity": {"provider_arn": "arn:1", "role_arns": {"default/app": "arn:2"}}}
    assert list(copyable_outputs(outputs)) == [
        Copyable("prod-identity provider_arn", "arn:1"),
        Copyable("prod-identity role_arns default/app", "arn:2"),
    ]
