"""A copy of the project in a folder of its own, and the commands that run in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from federation.files import PROJECT

_COPIED = ("main.py", "cdktf.json", "templates", "clusters")
_REMOVED = ("AWS_", "TF_VAR_", "OIDC_IAM_CONFIG")


@dataclass(frozen=True)
class ProjectCopy:
    """A copy of the project, and the environment of its commands."""

    project: Path
    environment: dict[str, str]

    def run(self, *command: str, status: int = 0, **environment: str) -> str:
        """What a command prints; both streams, so that a message is seen wherever it goes."""
        done = subprocess.run(
            command,
            cwd=self.project,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == status, done.stdout
        return done.stdout

    def wizard(self, *arguments: str, status: int = 0, **environment: str) -> str:
        """What a command of ours prints."""
        return self.run(sys.executable, "-m", "wizard", *arguments, status=status, **environment)


def project_copy(folder: Path, more: Mapping[str, str] | None = None) -> ProjectCopy:
    """Copy the project; the path has a space in it, as some users' have.

    Args:
        folder: Where to.
        more: What its commands find in their environment besides.
    """
    project = folder / "a copy"
    project.mkdir()
    rooms = (path.parent.name for path in PROJECT.glob("*/__init__.py"))
    for name in (*_COPIED, *rooms):
        source = PROJECT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, project / name)
    (project / "node_modules").symlink_to(PROJECT / "node_modules")
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(_REMOVED)
    }
    return ProjectCopy(project, environment | dict(more or {}))
