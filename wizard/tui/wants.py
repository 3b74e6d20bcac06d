"""What screens want from the app. A screen posts a `Wanted` with one of these; the app does it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from deployment.sequence import Deployment
    from federation.model.config import ClusterConfig
    from review.plan.changes import Plan
    from wizard.tui.activity import Activity
    from wizard.tui.clusters import ClusterEntry
    from wizard.tui.drafts import Kept
    from wizard.tui.review import Review


@dataclass(frozen=True)
class ListClusters:
    """Read the folder of configurations again, and show it on the first screen."""


@dataclass(frozen=True)
class CheckMachine:
    """Check this machine, and show the results on the first screen."""


@dataclass(frozen=True)
class NewConfiguration:
    """Ask about a new configuration."""


@dataclass(frozen=True)
class OpenEntry:
    """Ask about a configuration of the list, or about its draft."""

    entry: ClusterEntry


@dataclass(frozen=True)
class DropDraft:
    """Remove a draft, if the user agrees."""

    kept: Kept


@dataclass(frozen=True)
class OpenSettings:
    """Show all other settings, beginning with one question."""

    key: str | None = None


@dataclass(frozen=True)
class OpenWorkload:
    """Ask about the workload at a position, beginning with one question."""

    at: int
    key: str | None = None


@dataclass(frozen=True)
class ReviewAnswers:
    """Show what saving the answers would do, or the first answer that is wrong."""


@dataclass(frozen=True)
class ProbeCluster:
    """Check the cluster that the answers name, and show the results beside the questions."""


@dataclass(frozen=True)
class WriteTerraform:
    """Write the Terraform of a configuration, and show it in the review."""

    config: ClusterConfig


@dataclass(frozen=True)
class SaveReview:
    """Save what was reviewed, and go on to the plan if that is wanted too."""

    review: Review
    then_plan: bool


@dataclass(frozen=True)
class PlanFile:
    """Plan to deploy, or to destroy, what a file says."""

    path: Path
    destroys: bool


@dataclass(frozen=True)
class PlanDeployment:
    """Plan a deployment, and show how that goes."""

    deployment: Deployment


@dataclass(frozen=True)
class CarryOut:
    """Deploy or destroy what was planned and approved, and show how that goes."""

    deployment: Deployment
    plan: Plan


@dataclass(frozen=True)
class OpenDone:
    """Show the results of a deployment."""

    activity: Activity


@dataclass(frozen=True)
class ProveFederation:
    """Check a federation that is deployed, and show the results."""

    config: ClusterConfig


@dataclass(frozen=True)
class CopyLog:
    """Copy a log to another file."""

    log: Path
    to: Path


@dataclass(frozen=True)
class GoBack:
    """Leave every screen that is further than a step."""

    step: str


Want = (
    ListClusters
    | CheckMachine
    | NewConfiguration
    | OpenEntry
    | DropDraft
    | OpenSettings
    | OpenWorkload
    | ReviewAnswers
    | ProbeCluster
    | WriteTerraform
    | SaveReview
    | PlanFile
    | PlanDeployment
    | CarryOut
    | OpenDone
    | ProveFederation
    | CopyLog
    | GoBack
)


class Wanted(Message):
    """Carries what a screen wants to the app."""

    def __init__(self, want: Want) -> None:
        super().__init__()
        self.want = want
