"""A copy of the project in a folder of its own, and the commands that run in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from federation.yaml.files import PROJECT

_COPIED = ("main.py", "cdktf.json", "templates", "clusters")
_REMOVED = ("AWS_", "TF_VAR_", "OIDC_IAM_CONFIG")

Attach = Callable[[Mapping[str, str]], dict[str, str]]
"""What the fixture `attach` gives: starts the AWS provider with an environment."""


@dataclass(frozen=True)
class ProjectCopy:
    """A copy of the project, and the environment of its commands."""

    project: Path
    environment: dict[str, str]

    def having(self, environment: Mapping[str, str]) -> Self:
        """The same, with more in the environment of its commands."""
        return replace(self, environment={**self.environment, **environment})

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


def project_copy(folder: Path) -> ProjectCopy:
    """Copy the project into a folder; the path has a space in it, as some users' have."""
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
    return ProjectCopy(project, environment)
