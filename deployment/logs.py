"""Where logs are kept: `logs/` in the project, one file for each run of cdktf or Terraform.

The names begin with the time in UTC, so that they sort by age.
"""

from __future__ import annotations

import contextlib
import os
import traceback
from datetime import UTC, datetime
from pathlib import Path

from federation.private import make_private
from federation.secrets import masked
from formats import escaping

KEPT = 50
"""How many logs are kept; a new one takes the place of the oldest."""

_LOGS = "????????T??????Z-*.log"


def new_log(what: str) -> Path:
    """A path for a new log, not made yet: `logs/20260131T235959Z-deploy-prod.log`."""
    from federation.yaml.files import PROJECT  # it reads YAML and templates, which takes a while

    folder = PROJECT / "logs"
    for old in sorted(folder.glob(_LOGS))[: 1 - KEPT]:
        # What cannot be removed stays: no run fails for it.
        with contextlib.suppress(OSError):
            old.unlink()
    return folder / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{what}.log"


def display_path(path: Path) -> str:
    """A path as a person finds it again: from the current folder where it is below that."""
    path = path.absolute()
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def keep_traceback(error: BaseException) -> str:
    """Write the traceback of a bug into a log; where that is, or nothing if it cannot be written.

    Bugs of the same second share a log.
    """
    path = new_log("defect")
    try:
        make_private(path.parent)
        with path.open("a", encoding="utf-8") as log:
            os.fchmod(log.fileno(), 0o600)
            log.write(traceback_of(error))
    except OSError:
        return ""
    return display_path(path)


def traceback_of(error: BaseException) -> str:
    """The traceback as text that is safe to print, with secrets masked."""
    return escaping.page(masked("".join(traceback.format_exception(error))))
