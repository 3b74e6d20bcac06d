"""The folder `manifests/` of a bundle, where the cluster's objects are not Terraform's business."""

from __future__ import annotations

import shlex

from federation.manifests import manifests
from federation.model.config import ClusterConfig, Workload
from federation.templates import render

_UNKNOWN_ACCOUNT = "ACCOUNT_ID"


def cluster_objects(config: ClusterConfig) -> dict[str, str]:
    """The texts of the files by their names; none where Terraform makes the objects.

    Where the configuration names no account, `ACCOUNT_ID` stands for it in the ARNs of the roles.
    """
    if config.kubernetes.apply != "manifests":
        return {}
    role_arns = {
        f"{each.namespace}/{each.service_account}": _role_arn(config, each)
        for each in config.workloads
    }
    files = manifests(config, role_arns)
    context = config.kubernetes.context
    readme = render(
        "review/manifests.md.j2",
        config=config,
        files=files,
        context=shlex.quote(context) if context else None,
        unknown=None if config.account_id else _UNKNOWN_ACCOUNT,
    )
    return {"README.md": readme, **files}


def _role_arn(config: ClusterConfig, workload: Workload) -> str:
    known = config.role_arn(workload)
    role = f"{workload.role.path}{config.role_name(workload)}"
    return known or f"arn:{config.partition}:iam::{_UNKNOWN_ACCOUNT}:role{role}"
