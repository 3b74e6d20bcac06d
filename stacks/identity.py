"""The `identity` stack: what AWS trusts, and the roles that follow from it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from typing import Any

from cdktf import Postcondition, TerraformOutput, TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.iam_openid_connect_provider import IamOpenidConnectProvider
from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.iam_role_policy_attachment import IamRolePolicyAttachment
from cdktf_cdktf_provider_tls.data_tls_certificate import DataTlsCertificate
from constructs import Construct

from federation.iam.trust_policy import role_trust_policy
from federation.model.config import ClusterConfig, Workload
from stacks.cluster_stack import ClusterStack
from stacks.expressions import Address, expression, jsonencode, literal, reference


class IdentityStack(ClusterStack):
    """The cluster as an OIDC provider of the account, and a role for each workload."""

    def __init__(self, scope: Construct, config: ClusterConfig) -> None:
        super().__init__(scope, config, "identity")
        self.aws_provider("iam")
        created = config.aws.oidc_provider == "create"
        provider_arn = self._created_provider() if created else self._adopted_provider()
        role_arns = {
            f"{workload.namespace}/{workload.service_account}": self._role(workload, provider_arn)
            for workload in config.workloads
        }
        TerraformOutput(
            self,
            "provider_arn",
            value=reference(provider_arn),
            description="The cluster's OIDC provider.",
        )
        TerraformOutput(
            self, "role_arns", value=role_arns, description="The role of each service account."
        )

    def _created_provider(self) -> Address:
        IamOpenidConnectProvider(
            self,
            "cluster",
            url=self.config.issuer,
            client_id_list=[literal(audience) for audience in self.config.audience],
            thumbprint_list=self._thumbprints(),
            # With another issuer: the roles trust the new provider before the old one is destroyed.
            lifecycle=TerraformResourceLifecycle(create_before_destroy=True),
        )
        return Address("aws_iam_openid_connect_provider.cluster.arn")

    def _adopted_provider(self) -> Address:
        """The ARN of the provider that something else manages; a plan fails if there is none."""
        # Only here: each further import costs every synth.
        from cdktf_cdktf_provider_aws.data_aws_iam_openid_connect_provider import (
            DataAwsIamOpenidConnectProvider,
        )

        self.guard(
            "aws_iam_openid_connect_provider",
            "cluster",
            url=literal(self.config.issuer),
            client_id_list=[literal(audience) for audience in self.config.audience],
        )
        missing = f"setsubtract({expression(list(self.config.audience))}, self.client_id_list)"
        DataAwsIamOpenidConnectProvider(
            self,
            "cluster",
            arn=self.config.aws.oidc_provider,
            lifecycle=TerraformResourceLifecycle(
                postcondition=[
                    Postcondition(
                        condition=reference(f"length({missing}) == 0"),
                        error_message="The adopted OIDC provider lacks an audience of the "
                        "configuration: add it there, or write those that it has as audience.",
                    )
                ]
            ),
        )
        return Address("data.aws_iam_openid_connect_provider.cluster.arn")

    def _thumbprints(self) -> Sequence[str] | None:
        source = self.config.discovery.thumbprint
        if source == "omit":
            return None
        if source != "endpoint":
            TerraformOutput(
                self, "thumbprint", value=list(source), description="The configured thumbprints."
            )
            return list(source)
        self.tls_provider()
        # Not verified: a private CA is what thumbprints are for. The chain comes top first.
        top = DataTlsCertificate(
            self,
            "issuer",
            url=self.config.discovery.endpoint or self.config.issuer,
            verify_chain=False,
        ).certificates.get(0)
        thumbprint = top.sha1_fingerprint
        TerraformOutput(
            self,
            "thumbprint",
            value=thumbprint,
            description="SHA-1 of the certificate that is pinned.",
        )
        TerraformOutput(
            self,
            "thumbprint_certificate",
            value=top.subject,
            description="The subject of that certificate: the top of the chain that is served.",
        )
        return [thumbprint]

    def _role(self, workload: Workload, provider_arn: Address) -> str:
        config = self.config
        policy = role_trust_policy(config, workload, provider_arn)
        name = workload.terraform_name
        IamRole(
            self,
            name,
            name=config.role_name(workload),
            **{name: _setting(value) for name, value in workload.role.settings.items()},
            permissions_boundary=_literal(config.aws.permissions_boundary),
            assume_role_policy=jsonencode(policy),
        )
        for attachment, policy_arn in _attachments(config, workload).items():
            IamRolePolicyAttachment(
                self,
                f"{name}__{attachment}",
                role=reference(f"aws_iam_role.{name}.name"),
                policy_arn=literal(policy_arn),
            )
        return reference(f"aws_iam_role.{name}.arn")


def _attachments(config: ClusterConfig, workload: Workload) -> dict[str, str]:
    """A name for each attached policy: the policy's own, with a hash if two share it.

    A name that depended on the order would make Terraform replace attachments when it changes.
    """
    arns = [config.policy_arn(policy) for policy in workload.role.managed_policy_arns]
    short = {arn: arn.rpartition("/")[2] for arn in arns}
    shared = Counter(_terraform(name).lower() for name in short.values())
    return {
        _terraform(name)
        + ("" if shared[_terraform(name).lower()] == 1 else f"_{_digest(arn)}"): arn
        for arn, name in short.items()
    }


def _terraform(name: str) -> str:
    return "".join(c if (c.isascii() and c.isalnum()) or c in "-_" else "_" for c in name)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _setting(value: str | int | None) -> Any:
    return literal(value) if isinstance(value, str) else value


def _literal(text: str | None) -> str | None:
    return None if text is None else literal(text)
