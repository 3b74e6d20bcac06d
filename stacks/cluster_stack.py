"""What the stacks of a cluster share: names, providers with their versions, and the backend."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from cdktf import (
    DataTerraformRemoteStateLocal,
    DataTerraformRemoteStateS3,
    LocalBackend,
    S3Backend,
    S3BackendEndpointConfig,
    TerraformStack,
    TerraformVariable,
)
from cdktf_cdktf_provider_aws.provider import (
    AwsProvider,
    AwsProviderDefaultTags,
    AwsProviderEndpoints,
)
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider
from cdktf_cdktf_provider_tls.provider import TlsProvider
from constructs import Construct

from federation.model.config import ClusterConfig
from federation.model.config import S3Backend as S3Settings
from federation.providers import PROVIDERS
from stacks.expressions import literal

_PROJECT_FROM_STACK = "../../.."
"""From `cdktf.out/stacks/NAME`, where Terraform runs. An absolute path would tie the output to one
machine."""


class ClusterStack(TerraformStack):
    """One of a cluster's stacks."""

    def __init__(self, scope: Construct, config: ClusterConfig, kind: str) -> None:
        super().__init__(scope, config.stack(kind))
        self.config = config
        if isinstance(config.backend, S3Settings):
            S3Backend(self, **self._in_bucket(config.backend, kind), encrypt=True)
            self.add_override("terraform.backend.s3.use_lockfile", True)
        else:
            LocalBackend(self, path=_state_file(config.stack(kind)))

    def remote_state(self, kind: str) -> str:
        """The outputs of another of the cluster's stacks, as the beginning of an expression."""
        backend = self.config.backend
        stack = self.config.stack(kind)
        if isinstance(backend, S3Settings):
            DataTerraformRemoteStateS3(self, kind, **self._in_bucket(backend, kind))
        else:
            DataTerraformRemoteStateLocal(self, kind, path=_state_file(stack))
        return f"data.terraform_remote_state.{kind}.outputs"

    def _in_bucket(self, backend: S3Settings, kind: str) -> dict[str, Any]:
        """Where the state of a stack is in S3, or in the S3 of an emulator."""
        place = {
            "bucket": backend.bucket,
            "region": backend.region,
            "key": f"{backend.key_prefix}/{self.config.stack(kind)}.tfstate",
        }
        if self.config.aws.endpoint_url is None:
            return place
        url = literal(self.config.aws.endpoint_url)
        # An emulator has one name; a bucket's own would be BUCKET.NAME.
        endpoints = S3BackendEndpointConfig(s3=url, sts=url, iam=url)
        return {**place, "endpoints": endpoints, "use_path_style": True}

    def aws_provider(self, *services: str) -> None:
        """Configure hashicorp/aws; credentials come from the environment, never from here.

        Args:
            services: those that are asked at `aws.endpoint_url`, if there is one; besides STS.
        """
        aws = self.config.aws
        endpoint = literal(aws.endpoint_url or "")
        elsewhere = dict.fromkeys((*services, "sts"), endpoint)
        AwsProvider(
            self,
            "aws",
            region=aws.region,
            allowed_account_ids=[aws.account_id] if aws.account_id else None,
            default_tags=[AwsProviderDefaultTags(tags=aws.tags)] if aws.tags else None,
            endpoints=[AwsProviderEndpoints(**elsewhere)] if endpoint else None,
            # The address of an endpoint has no label for the bucket.
            s3_use_path_style=True if endpoint and "s3" in services else None,
            max_retries=aws.max_retries,
        )
        self._allow_versions("aws")

    def kubernetes_provider(self) -> None:
        """Configure hashicorp/kubernetes with a named context: without, it takes the current."""
        kubernetes = self.config.kubernetes
        if kubernetes.kubeconfig:
            paths = [literal(_from_stack(kubernetes.kubeconfig))]
        else:
            # The provider does not read KUBECONFIG: the user of Terraform passes it in.
            paths = TerraformVariable(
                self,
                "kubeconfig_paths",
                type="list(string)",
                default=["~/.kube/config"],
                description="The kubeconfig files to look for the context in.",
            ).list_value
        KubernetesProvider(
            self,
            "kubernetes",
            config_paths=paths,
            config_context=literal(kubernetes.context or ""),
        )
        self._allow_versions("kubernetes")

    def tls_provider(self) -> None:
        """Configure hashicorp/tls."""
        TlsProvider(self, "tls")
        self._allow_versions("tls")

    def guard(self, kind: str, name: str, **arguments: Any) -> None:
        """Keep plain Terraform from destroying a resource that something else manages from now on.

        No resource is made (`count = 0`). If the state still has it, Terraform refuses to destroy
        it; `deployment.hands` lets the state forget it.

        Args:
            kind: the resource's type.
            name: its name when this stack makes it.
            arguments: those that it requires, as JSON.
        """
        guarding = {"count": 0, "lifecycle": {"prevent_destroy": True}}
        self.add_override(f"resource.{kind}.{name}", {**guarding, **arguments})

    def _allow_versions(self, provider: str) -> None:
        place = f"terraform.required_providers.{provider}.version"
        self.add_override(place, PROVIDERS[provider].constraint)


def _state_file(stack: str) -> str:
    return f"{_PROJECT_FROM_STACK}/state/{stack}.tfstate"


def _from_stack(path: str) -> str:
    if path.startswith("~") or PurePosixPath(path).is_absolute():
        return path
    return f"{_PROJECT_FROM_STACK}/{path}"
