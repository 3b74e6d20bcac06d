"""A federation by hand in the sandbox: claims, policies, bindings, and how AWS refuses."""

from __future__ import annotations

import hashlib
import ssl
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from kubernetes import client

from sandbox.sandbox import ACCOUNT, Sandbox

ISSUER = "https://oidc.sandbox.internal"
AUDIENCE = "sts.amazonaws.com"
PROVIDER_ARN = f"arn:aws:iam::{ACCOUNT}:oidc-provider/oidc.sandbox.internal"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/reader"

Mint = Callable[..., str]

Refusal = tuple[int, str, str]
"""HTTP status, code and message of an error."""


def claims(**changes: object) -> dict[str, object]:
    """The claims of a good token of `default/default`, with changes; None leaves one out."""
    now = int(time.time())
    good: dict[str, object] = {
        "iss": ISSUER,
        "aud": [AUDIENCE],
        "sub": "system:serviceaccount:default:default",
        "iat": now,
        "nbf": now,
        "exp": now + 600,
    }
    return {name: value for name, value in (good | changes).items() if value is not None}


def trust_policy(provider: str) -> dict[str, object]:
    conditions = {
        "oidc.sandbox.internal:aud": AUDIENCE,
        "oidc.sandbox.internal:sub": "system:serviceaccount:default:default",
    }
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Federated": provider},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {"StringEquals": conditions},
            }
        ],
    }


def bind_discovery(cluster: client.ApiClient) -> str:
    group = "rbac.authorization.k8s.io"
    binding = client.V1ClusterRoleBinding(
        metadata=client.V1ObjectMeta(name="oidc-reviewer"),
        role_ref=client.V1RoleRef(
            api_group=group,
            kind="ClusterRole",
            name="system:service-account-issuer-discovery",
        ),
        subjects=[
            client.RbacV1Subject(api_group=group, kind="Group", name="system:unauthenticated")
        ],
    )
    client.RbacAuthorizationV1Api(cluster).create_cluster_role_binding(binding)
    return "oidc-reviewer"


def ca_thumbprint(sandbox: Sandbox) -> str:
    der = ssl.PEM_cert_to_DER_cert(sandbox.ca_file.read_text())
    return hashlib.sha1(der, usedforsecurity=False).hexdigest()


def refusal(call: Callable[[], object]) -> Refusal:
    """How a call is refused."""
    with pytest.raises(ClientError) as caught:
        call()
    return refusal_of(caught.value)


def refusal_of(error: ClientError) -> Refusal:
    response = error.response
    status = response["ResponseMetadata"]["HTTPStatusCode"]
    return status, response["Error"]["Code"], response["Error"]["Message"]


def settings(sandbox: Sandbox) -> dict[str, Any]:
    return {
        "region_name": "ap-southeast-2",
        "endpoint_url": sandbox.aws_endpoint,
        "aws_access_key_id": sandbox.access_key.id,
        "aws_secret_access_key": sandbox.access_key.secret,
        # A refusal is an answer here, not a reason to try again.
        "config": Config(retries={"total_max_attempts": 1}),
    }
