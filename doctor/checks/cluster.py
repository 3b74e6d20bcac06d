"""The cluster itself, as a part of the layer `control-plane`: reached with a kubeconfig."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from doctor import evidence
from doctor.examination import Examination, Missing
from doctor.finding import Rule
from doctor.live.cluster import Cluster, ClusterError

ACCESS = Rule(
    "control-plane-access",
    "control-plane",
    "The configured context reaches the cluster",
    "The doctor reads the cluster, and requests tokens, as the user in the kubeconfig.",
    "The kubeconfig or the context does not exist, the API server is down, or the credentials "
    "in the kubeconfig have expired.",
    "Try 'kubectl --context CONTEXT get --raw /version'.",
)

T = TypeVar("T")


async def live(examination: Examination) -> Cluster:
    """The cluster behind the configured context, which answers."""
    examination.allows("control-plane")
    context = examination.config.kubernetes.context
    kubeconfig = _kubeconfig(examination)
    if kubeconfig is None and context is None and not _finds_kubeconfig():
        raise Missing("there is no kubeconfig, and the configuration has no context")
    try:
        seconds = examination.options.answer_timeout
        return await asyncio.to_thread(_connect, kubeconfig, context, seconds)
    except ClusterError as error:
        named = f"the context {context!r}" if context else "the current context"
        finding = ACCESS.failed(str(error), f"an API server behind {named}")
        raise Missing.because(finding) from None


async def read(examination: Examination, ask: Callable[[Cluster], T]) -> T:
    """What the cluster answers.

    Raises:
        Missing: it refuses, or gives no answer.
    """
    return await evidence.ask(ask, await examination.once(live))


def _kubeconfig(examination: Examination) -> Path | None:
    return examination.config.kubernetes.kubeconfig_path(examination.options.project)


def _finds_kubeconfig() -> bool:
    """Whether there is a kubeconfig where kubectl looks for one."""
    paths = os.environ.get("KUBECONFIG", "~/.kube/config").split(os.pathsep)
    return any(Path(path).expanduser().is_file() for path in paths if path)


def _connect(kubeconfig: Path | None, context: str | None, seconds: float) -> Cluster:
    found = Cluster(kubeconfig, context, seconds)
    found.version()
    return found
