"""A folder that a command runs in, with folders around it and a home, and what it changed there."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

INSIDE = ("out", "out.zip", "safe.migration.yaml")
"""What the commands of these tests may write in their folder."""

_WHO = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.com")


@dataclass(frozen=True)
class Surroundings:
    """Folders within each other, so that `../..` leads to one that is looked at."""

    root: Path

    @property
    def work(self) -> Path:
        """Where commands run."""
        return self.root / "one" / "two" / "work"

    @property
    def home(self) -> Path:
        """The person's home."""
        return self.root / "home"

    def reset(self, files: Mapping[str, bytes]) -> None:
        """Have these files in the folder, programs among them, and little elsewhere."""
        shutil.rmtree(self.root)
        self.work.mkdir(parents=True)
        (self.home / ".aws").mkdir(parents=True)
        (self.home / ".aws" / "config").write_text("[default]\nregion = eu-west-1\n")
        for name, content in files.items():
            (self.work / name).parent.mkdir(parents=True, exist_ok=True)
            (self.work / name).write_bytes(content)
            (self.work / name).chmod(0o700 if name.startswith("programs/") else 0o600)

    def commit(self, files: Mapping[str, bytes]) -> None:
        """Make a git repository of the folder that has these files at HEAD, and keep the others."""
        now = {name: (self.work / name).read_bytes() for name in files}
        for name, content in files.items():
            (self.work / name).write_bytes(content)
        for words in (("init", "-q"), ("add", *files), ("commit", "-q", "-m", "x")):
            subprocess.run(["git", *_WHO, *words], cwd=self.work, check=True)
        for name, content in now.items():
            (self.work / name).write_bytes(content)

    def listing(self, *, all_of_it: bool = False) -> dict[str, str]:
        """What each thing is, with a digest; without what a command may write, or all."""
        return {
            str(each.relative_to(self.root)): _described(each)
            for each in sorted(self.root.rglob("*"))
            if all_of_it or not self._may_be_written(each)
        }

    def written(self) -> list[Path]:
        """The files that a command has written."""
        return [
            each
            for each in sorted(self.work.rglob("*"))
            if each.is_file() and self._may_be_written(each)
        ]

    def _may_be_written(self, path: Path) -> bool:
        inside = path.is_relative_to(self.work) and path != self.work
        return inside and path.relative_to(self.work).parts[0] in INSIDE


def _described(path: Path) -> str:
    status = path.lstat()
    if path.is_symlink():
        return f"link to {path.readlink()}"
    if path.is_file():
        return f"{status.st_mode:o} {hashlib.sha256(path.read_bytes()).hexdigest()}"
    return f"{status.st_mode:o}"
