"""Names that several sides must write alike, each derived in one place.

The issuer, the subject and the role name of a workload appear in the API server's flags, in the
OIDC provider, in trust policies, in tokens and in reports; anyone who needs one takes it from here.
"""

from __future__ import annotations

import hashlib

ROLE_NAME_LIMIT = 64
"""Characters of an IAM role name (IAM API, CreateRole)."""

OBJECT_NAME_LIMIT = 253
"""Characters of a Kubernetes object name (DNS subdomain, RFC 1123)."""

DISCOVERY_BINDING = "oidc-reviewer"
"""The ClusterRoleBinding that lets strangers read the two discovery documents."""

DISCOVERY_ROLE = "system:service-account-issuer-discovery"
"""The built-in ClusterRole that grants `get` on the two documents and nothing else (Kubernetes,
"Service Account Issuer Discovery")."""

_HASH_LENGTH = 8


def issuer_key(issuer: str) -> str:
    """The issuer without its scheme: what condition keys and provider ARNs are made of.

    AWS keeps the path: `https://host/path` gives `host/path` (IAM user guide, "Available keys for
    AWS web identity federation").
    """
    return issuer.removeprefix("https://")


def subject(namespace: str, service_account: str) -> str:
    """The `sub` claim of a service account's tokens (KEP-1205)."""
    return f"system:serviceaccount:{namespace}:{service_account}"


def role_name(cluster: str, namespace: str, service_account: str) -> str:
    """The default IAM role name of a workload.

    No part may contain `_`, so that two workloads never share a name.
    """
    return fit(f"{cluster}_{namespace}_{service_account}", ROLE_NAME_LIMIT)


def config_map_name(service_account: str) -> str:
    """The ConfigMap that gives a workload's containers the AWS environment."""
    return fit(f"{service_account}-role", OBJECT_NAME_LIMIT)


def terraform_name(namespace: str, service_account: str = "") -> str:
    """A Terraform resource name for a workload, or for its namespace alone.

    A namespace holds no `.` and neither part holds `_`, so that names stay distinct. Terraform
    names start with a letter or `_`.
    """
    name = "_".join(filter(None, [namespace, service_account.replace(".", "_")]))
    return f"_{name}" if name[0].isdigit() else name


def fit(name: str, limit: int) -> str:
    """The name, or where it is longer than the limit its beginning and a hash of the whole.

    Args:
        name: any text.
        limit: the greatest number of characters, at least 10.
    """
    if len(name) <= limit:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:_HASH_LENGTH]
    return f"{name[: limit - _HASH_LENGTH - 1].rstrip('-_.')}-{digest}"
