"""What was applied last: `state/CLUSTER.applied.json`, written after each deployment.

It holds the configuration alone, beside the Terraform state, and tells whether a file has changed
since. Terraform's plan remains the truth: this is a reminder that costs no request.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from federation import files
from federation.config import ClusterConfig

Status = Literal["never applied", "deployed", "changed since"]


def record(project: Path, config: ClusterConfig) -> None:
    """Note that a configuration was deployed.

    Raises:
        UserError: the note cannot be written.
    """
    files.write(_path(project, config.cluster), config.model_dump_json(indent=2) + "\n")


def forget(project: Path, cluster: str) -> None:
    """Note that a cluster's stacks were destroyed."""
    _path(project, cluster).unlink(missing_ok=True)


def last(project: Path, cluster: str) -> ClusterConfig | None:
    """The configuration that was deployed last; None where none is known."""
    try:
        return ClusterConfig.model_validate_json(_path(project, cluster).read_bytes())
    except (OSError, ValidationError):
        return None


def status(project: Path, config: ClusterConfig) -> Status:
    """How a configuration stands to what was deployed last."""
    known = last(project, config.cluster)
    if known is None:
        # Deployed by `cdktf deploy` itself, or by an older version.
        state = project / "state" / f"{config.stack('identity')}.tfstate"
        return "deployed" if _has_resources(state) else "never applied"
    return "deployed" if known == config else "changed since"


def _has_resources(state: Path) -> bool:
    """Whether a Terraform state has something in it: that of what was destroyed stays, empty."""
    try:
        return bool(json.loads(state.read_bytes()).get("resources"))
    except (OSError, ValueError, AttributeError):
        return False


def _path(project: Path, cluster: str) -> Path:
    return project / "state" / f"{cluster}.applied.json"
