"""The running pods that keep an earlier environment after a deploy has changed their ConfigMap."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

from deployment.cdktf.run import Say
from doctor.live.cluster import Cluster, ClusterError
from federation.model.config import ClusterConfig, Workload
from federation.pod_restart import has_owner, restart_command, started_earlier
from federation.yaml import files
from formats.escaping import printable


def report_earlier_pods(config: ClusterConfig, workloads: tuple[Workload, ...], say: Say) -> None:
    """Say which running pods started before their ConfigMap was written, and what restarts them.

    The test pods are left out, since a deploy replaces them. Where the cluster may not be read,
    that is said.
    """
    settings = config.kubernetes
    # Read once; where it cannot be, each workload is unknown for that reason.
    connect = functools.cache(
        lambda: Cluster(settings.kubeconfig_path(files.PROJECT), settings.context)
    )
    for each in workloads:
        name = f"{each.namespace}/{each.service_account}"
        try:
            commands = dict(_commands(config, each, connect()))
        except ClusterError as error:
            say(f"  Whether pods of {name} still have the earlier environment is unknown: {error}")
            continue
        except (KeyError, TypeError, AttributeError, ValueError):
            say(
                f"  Whether pods of {name} still have the earlier environment is unknown: "
                "not a Kubernetes API response"
            )
            continue
        for command, pods in _by_command(commands).items():
            say(f"  {', '.join(pods)}: started with the earlier environment. Restart: {command}")


def _commands(
    config: ClusterConfig, workload: Workload, cluster: Cluster
) -> Iterator[tuple[str, str]]:
    """The pods with an earlier environment, and what restarts each.

    Raises:
        ClusterError: the ConfigMap or the pods cannot be read.
        KeyError, TypeError, AttributeError, ValueError: they are not what the API promises.
    """
    place = (workload.namespace, workload.config_map)
    config_map = cluster.find("ConfigMap", *place)
    if config_map is None:
        raise ClusterError(f"there is no ConfigMap {'/'.join(place)}")
    for pod in cluster.running_pods(workload.namespace, workload.service_account):
        name = f"{workload.namespace}/{pod['metadata']['name']}"
        if name not in config.test_pods and started_earlier(pod, config_map):
            yield printable(name), _restart(pod, config.kubernetes.context)


def _restart(pod: dict[str, Any], context: str | None) -> str:
    command = printable(restart_command(pod, context))
    return command if has_owner(pod) else f"{command}, then create it again"


def _by_command(commands: dict[str, str]) -> dict[str, list[str]]:
    """The pods that one command restarts."""
    found: dict[str, list[str]] = {}
    for pod, command in commands.items():
        found.setdefault(command, []).append(pod)
    return found
