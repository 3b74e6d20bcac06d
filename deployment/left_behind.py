"""What earlier configurations have left to be done, and what they leave in the cluster.

Going back from a bucket to the API server, with `kubernetes.apply: manifests`, leaves the stack
`discovery` out: Terraform would never hear of its bucket again. Going from Terraform to manifests
leaves `workloads` out, and the objects in it, which have to stay: a pod whose service account is
recreated loses its token.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from deployment import applied
from deployment.cdktf.handover import Behind
from deployment.cdktf.project import project_of
from deployment.hands import hands_of
from federation.manifests import objects
from federation.model.config import ClusterConfig
from federation.yaml import files


def left_behind(config: ClusterConfig, *, destroy: bool = False) -> Behind:
    """What is to be done besides deploying or destroying a configuration.

    Raises:
        UserError: the files that say so cannot be read or written.
    """
    kept = applied.keep_left_behind(files.PROJECT, config)
    projects = (replace(project_of(path, config), stacks=(stack,)) for stack, path in kept.items())
    return Behind(tuple(projects), hands_of(config, destroy=destroy))


def orphans(known: ClusterConfig, config: ClusterConfig) -> tuple[str, ...]:
    """The objects that Terraform made with one configuration, and that are not among the manifests
    of the next, which Terraform does not delete.

    Returns:
        Each as KIND NAME, or KIND NAMESPACE/NAME.
    """
    there, stay = list(_object_names(known)), set(_object_names(config))
    stay |= {f"Namespace {each.namespace}" for each in config.workloads}
    if config.kubernetes.context is not None:
        # Applying the manifests deletes the binding where it is not wanted.
        stay |= {each for each in there if each.startswith("ClusterRoleBinding ")}
    return tuple(each for each in there if each not in stay)


def _object_names(config: ClusterConfig) -> Iterator[str]:
    roles = {f"{each.namespace}/{each.service_account}": "" for each in config.workloads}
    for each in objects(config, roles):
        metadata: dict[str, Any] = each["metadata"]
        namespace = f"{metadata['namespace']}/" if "namespace" in metadata else ""
        yield f"{each['kind']} {namespace}{metadata['name']}"
