"""A whole federation in a real sandbox, made without Terraform: what the doctor examines."""

from __future__ import annotations

import hashlib
import json
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from kubernetes import client, config
from kubernetes.dynamic import DynamicClient

from federation import manifests
from federation.iam.trust_policy import trust_policy
from federation.model.config import ClusterConfig
from federation.yaml.files import PROJECT, load
from sandbox.sandbox import CONTEXT, Sandbox

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_iam.type_defs import TagTypeDef

ISSUER = "https://oidc.sandbox.internal"


@dataclass(frozen=True)
class LiveFederation:
    """A federation that works.

    Attributes:
        sandbox: What it runs in.
        config: What it was made of: clusters/sandbox.yaml with the ports of this sandbox.
        iam: To break it with.
        api: To break it with.
    """

    sandbox: Sandbox
    config: ClusterConfig
    iam: IAMClient
    api: client.ApiClient


def make(sandbox: Sandbox) -> LiveFederation:
    """Make the federation of clusters/sandbox.yaml in a running sandbox."""
    settings = sandbox_config(sandbox)
    made = LiveFederation(
        sandbox,
        settings,
        boto3.client(
            "iam",
            region_name=settings.aws.region,
            endpoint_url=sandbox.aws_endpoint,
            aws_access_key_id=sandbox.access_key.id,
            aws_secret_access_key=sandbox.access_key.secret,
        ),
        config.new_client_from_config(str(sandbox.kubeconfig), CONTEXT),  # type: ignore[no-untyped-call]
    )
    _make_identity(made)
    _make_objects(made)
    return made


def sandbox_config(sandbox: Sandbox) -> ClusterConfig:
    """clusters/sandbox.yaml, for a sandbox on other ports and in another folder."""
    data = load(PROJECT / "clusters" / "sandbox.yaml").model_dump(mode="json")
    data["discovery"]["endpoint"] = sandbox.discovery_endpoint
    data["aws"]["endpoint_url"] = sandbox.aws_endpoint
    data["kubernetes"]["kubeconfig"] = str(sandbox.kubeconfig)
    return ClusterConfig.model_validate_json(json.dumps(data))


def _make_identity(made: LiveFederation) -> None:
    settings = made.config
    provider_arn = made.iam.create_open_id_connect_provider(
        Url=settings.issuer,
        ClientIDList=list(settings.audience),
        ThumbprintList=[ca_thumbprint(made.sandbox)],
        Tags=tags(settings),
    )["OpenIDConnectProviderArn"]
    for workload in settings.workloads:
        name = settings.role_name(workload)
        policy = trust_policy(
            provider_arn, settings.issuer_key, settings.audience, workload.subject
        )
        made.iam.create_role(
            RoleName=name,
            Path=workload.role.path,
            AssumeRolePolicyDocument=json.dumps(policy),
            MaxSessionDuration=workload.role.max_session_duration,
            Tags=tags(settings),
        )
        for policy_name in workload.role.managed_policy_arns:
            made.iam.attach_role_policy(RoleName=name, PolicyArn=settings.policy_arn(policy_name))


def tags(settings: ClusterConfig) -> list[TagTypeDef]:
    """The tags on everything."""
    return [{"Key": key, "Value": value} for key, value in settings.aws.tags.items()]


def _make_objects(made: LiveFederation) -> None:
    dynamic = DynamicClient(made.api)  # type: ignore[no-untyped-call]
    for each in objects(made):
        apply(dynamic, each)


def objects(live: LiveFederation) -> list[dict[str, Any]]:
    """The Kubernetes objects of the federation, in the order in which they apply."""
    arns = {
        f"{each.namespace}/{each.service_account}": str(live.config.role_arn(each))
        for each in live.config.workloads
    }
    return manifests.objects(live.config, arns)


def apply(dynamic: DynamicClient, each: dict[str, Any]) -> None:
    """Apply an object on the server's side."""
    kind = dynamic.resources.get(api_version=each["apiVersion"], kind=each["kind"])
    dynamic.server_side_apply(  # type: ignore[no-untyped-call]
        kind,
        body=each,
        name=each["metadata"]["name"],
        namespace=each["metadata"].get("namespace"),
        field_manager="tests",
        force_conflicts=True,
    )


def ca_thumbprint(sandbox: Sandbox) -> str:
    der = ssl.PEM_cert_to_DER_cert(sandbox.ca_file.read_text())
    return hashlib.sha1(der, usedforsecurity=False).hexdigest()
