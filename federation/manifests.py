"""The Kubernetes objects of a federation as manifests, for GitOps and for clusters that Terraform
may not reach.

Rendered from `templates/manifests/`; the role ARNs come from the outputs of the `identity` stack.
`stacks.discovery` and `stacks.workloads` describe the same objects; what both need to say alike
stands here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ruamel.yaml import YAML

from federation.model.config import TOKEN_DIRECTORY, ClusterConfig, Workload
from federation.model.names import fit
from federation.pod_environment import CHECKSUM, checksum
from federation.templates import render

LABELS = {"app.kubernetes.io/managed-by": "oidc-iam"}
"""On everything that is made in Kubernetes."""

TEST_POD_LABELS = {**LABELS, "app.kubernetes.io/name": "awscli"}
TEST_POD_ID = "65532"
"""User and group of the test pod: not root, as the 'restricted' pod security standard wants."""
TEST_POD_REQUESTS = {"cpu": "10m", "memory": "64Mi"}
TEST_POD_LIMITS = {"memory": "256Mi"}

_FILE_STEM_LIMIT = 250
"""With `.yaml` the 255 bytes of a file name; namespace and service account may have 316."""


def manifests(config: ClusterConfig, role_arns: Mapping[str, str]) -> dict[str, str]:
    """The YAML of each file, by its name, in the order in which the files apply.

    `discovery.yaml` where the API server shows its documents, `namespaces.yaml` where namespaces
    are made, and `NAMESPACE_ACCOUNT.yaml` for each workload.

    Args:
        config: the federation.
        role_arns: the ARN of each workload's role, by `NAMESPACE/SERVICE_ACCOUNT`.

    Raises:
        KeyError: a workload's role is not among them.
    """
    files = {}
    if config.discovery.exposure != "none":
        files["discovery.yaml"] = _render("discovery", config)
    if config.namespaces_to_create:
        files["namespaces.yaml"] = _render("namespaces", config)
    pods = {
        workload.subject: name.rpartition("/")[2] for name, workload in config.test_pods.items()
    }
    for workload in config.workloads:
        role_arn = role_arns[f"{workload.namespace}/{workload.service_account}"]
        files[_file_name(workload)] = _render(
            "workload",
            config,
            workload=workload,
            role_arn=role_arn,
            test_pod=_test_pod(pods[workload.subject], config.environment(role_arn))
            if workload.subject in pods
            else None,
        )
    return files


def objects(config: ClusterConfig, role_arns: Mapping[str, str]) -> list[dict[str, Any]]:
    """The same objects as data, in the order in which they apply.

    Raises:
        KeyError: a workload's role is not among `role_arns`.
    """
    yaml = YAML(typ="safe", pure=True)
    return [
        document
        for text in manifests(config, role_arns).values()
        for document in yaml.load_all(text)
    ]


def binding(config: ClusterConfig) -> dict[str, Any]:
    """The ClusterRoleBinding of `discovery.yaml`, whether it is wanted or not."""
    document: dict[str, Any] = YAML(typ="safe", pure=True).load(_render("discovery", config))
    return document


def _render(kind: str, config: ClusterConfig, **values: Any) -> str:
    return render(f"manifests/{kind}.yaml.j2", config=config, labels=LABELS, **values)


def _test_pod(name: str, environment: Mapping[str, str]) -> dict[str, Any]:
    return {
        "name": name,
        "labels": TEST_POD_LABELS,
        "user": int(TEST_POD_ID),
        "requests": TEST_POD_REQUESTS,
        "limits": TEST_POD_LIMITS,
        "token_directory": TOKEN_DIRECTORY,
        "environment": {"HOME": "/tmp", CHECKSUM: checksum(environment)},
    }


def _file_name(workload: Workload) -> str:
    stem = fit(f"{workload.namespace}_{workload.service_account}", _FILE_STEM_LIMIT)
    return f"{stem}.yaml"
