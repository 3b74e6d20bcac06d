"""What the app reaches beyond itself: processes, the network, AWS, the cluster.

`wizard.tui.live` does it for real; tests hand in a script. Nothing of it is called before it is
needed, and all of it runs in workers of the app.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from deployment.sequence import Deployment
    from deployment.surroundings import Surroundings
    from federation.model.config import ClusterConfig

Verdict = Literal["pass", "warn", "fail", "skip"]


@dataclass(frozen=True)
class CheckResult:
    """What one check found.

    Attributes:
        verdict: `skip` means that nothing could be said.
        title: What was looked at, or what should hold.
        seen: What was there.
        remedy: What to do; empty where there is nothing to do.
        about: Which of several things it is about, or nothing.
    """

    verdict: Verdict
    title: str
    seen: str
    remedy: str = ""
    about: str = ""


class Outside(Protocol):
    """Everything outside that the app uses."""

    def surroundings(self) -> Surroundings:
        """What is known on this machine; reads files, so it is called in a thread."""

    def now(self) -> float:
        """Seconds on a clock that only goes forward."""

    def check_machine(self) -> AsyncIterator[CheckResult]:
        """The programs of this machine that a deployment needs, check by check."""

    def preflight(self, deployment: Deployment) -> AsyncIterator[CheckResult]:
        """What a deployment needs, check by check."""

    def probe(self, config: ClusterConfig) -> AsyncIterator[CheckResult]:
        """What there is of a cluster: DNS, certificates, discovery documents."""

    async def terraform(self, config: ClusterConfig) -> Mapping[str, str]:
        """The Terraform of a configuration as HCL, by stack.

        Raises:
            WorldError: cdktf failed.
        """

    def deployment(self, path: Path, config: ClusterConfig, *, destroys: bool) -> Deployment:
        """What deploys a configuration, or takes it down."""

    def prove(self, config: ClusterConfig) -> AsyncIterator[CheckResult]:
        """The checks of a live federation, one by one as they come."""
