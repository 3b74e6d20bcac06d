"""The parts of a run besides cdktf: what is done with the manifests, before or after it.

What is slow to import is imported when a part runs, in its thread.
"""

from __future__ import annotations

from deployment import applied
from deployment.cdktf.run import Outputs, Part, Say
from federation.model.config import ClusterConfig
from federation.yaml import files


def after_applying(config: ClusterConfig) -> Part | None:
    """What follows the stacks: the manifests, or the end of a binding that is not configured;
    then a look for the pods that keep an earlier environment.

    Without a binding the stack `discovery` has no Kubernetes provider, so Terraform cannot delete
    one that an earlier configuration wanted.
    """
    first, look = _applying_part(config), _looking_part(config)
    if first is None or look is None:
        return first or look

    def work(outputs: Outputs, say: Say) -> None:
        first.work(outputs, say)
        look.work(outputs, say)

    return Part(first.doing, work)


def _applying_part(config: ClusterConfig) -> Part | None:

    def work(outputs: Outputs, say: Say) -> None:
        from deployment.manifests import apply_manifests

        apply_manifests(config, outputs[config.stack("identity")]["role_arns"], say)

    if config.kubernetes.apply == "manifests":
        return Part("applying manifests", work)
    return _unbinding_part(config)


def before_destroying(config: ClusterConfig) -> Part | None:
    """Delete what Terraform does not: the manifests, or a binding that is not configured."""

    def work(_: Outputs, say: Say) -> None:
        from deployment.manifests import delete_manifests

        delete_manifests(config, say)

    if config.kubernetes.apply == "manifests":
        return Part("deleting manifests", work)
    return _unbinding_part(config)


def search_for_others(config: ClusterConfig) -> Part:
    """Make sure that no namespace which is to go holds other people's objects."""

    def work(_: Outputs, __: Say) -> None:
        from deployment.manifests import refuse_others

        for each in (config, *applied.left_behind(files.PROJECT, config).values()):
            refuse_others(each)

    return Part("looking for other people's objects", work)


def _looking_part(config: ClusterConfig) -> Part | None:
    """Where a workload's environment changes, and the cluster is within reach."""
    workloads = applied.changed_workloads(files.PROJECT, config)
    settings = config.kubernetes
    if not workloads or (settings.apply == "manifests" and settings.context is None):
        return None

    def work(_: Outputs, say: Say) -> None:
        from deployment.earlier_pods import report_earlier_pods

        report_earlier_pods(config, workloads, say)

    return Part("looking for pods with an earlier environment", work)


def _unbinding_part(config: ClusterConfig) -> Part | None:
    def work(_: Outputs, say: Say) -> None:
        from deployment.manifests import unbind

        unbind(config, say)

    wanted = config.discovery.exposure != "none"
    return None if wanted else Part("removing anonymous access to the API server", work)
