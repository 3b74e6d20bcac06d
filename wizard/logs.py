"""Where logs are kept: `logs/` in the project, one file for each run of cdktf or Terraform."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path


def new_log(what: str) -> Path:
    """A path for a new log, not made yet: `logs/20260131T235959Z-deploy-prod.log`."""
    from federation.files import PROJECT  # it reads YAML and templates, which takes a while

    return PROJECT / "logs" / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{what}.log"


def shown(path: Path) -> str:
    """A path as a person finds it again: from the current folder where it is below that."""
    path = path.absolute()
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
