"""The configurations of a project and the drafts beside them, as the first screen lists them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from deployment import applied
from federation.yaml import files
from federation.yaml.files import ConfigError
from wizard.tui.drafts import Drafts, Kept

Status = applied.Status | Literal["invalid", "draft"]


@dataclass(frozen=True)
class ClusterEntry:
    """One line of the list.

    Attributes:
        name: The file's stem, or what a draft without a file is about.
        status: What is known about it.
        issuer: The cluster's issuer; empty where the file cannot be read.
        path: The file; None for a draft without one.
        problems: What is wrong with the file, a line for each mistake.
        kept: Answers about it that were not saved.
    """

    name: str
    status: Status
    issuer: str = ""
    path: Path | None = None
    problems: tuple[str, ...] = ()
    kept: Kept | None = None


def entries(project: Path) -> tuple[ClusterEntry, ...]:
    """Drafts of new configurations first, then all configurations of `clusters/` by name."""
    left = Drafts(project / ".drafts").all()
    paths = files.configurations(project / "clusters")
    of_files = {kept.draft.path: kept for kept in left if kept.draft.path in paths}
    return (
        *(_new(kept) for kept in left if kept.draft.path not in paths),
        *(_entry(project, path, of_files.get(path)) for path in paths),
    )


def _new(kept: Kept) -> ClusterEntry:
    """A draft without a file, or one whose file is gone: saving creates it again."""
    draft = replace(kept.draft, path=None, opened=None)
    name = draft.answer("cluster") or "new"
    return ClusterEntry(name, "draft", draft.answer("issuer"), kept=replace(kept, draft=draft))


def _entry(project: Path, path: Path, kept: Kept | None) -> ClusterEntry:
    try:
        config = files.load(path)
    except ConfigError as error:
        lines = tuple(line.replace(str(path), path.name) for line in error.problems)
        return ClusterEntry(path.stem, "invalid", path=path, problems=lines, kept=kept)
    return ClusterEntry(path.stem, applied.status(project, config), config.issuer, path, kept=kept)
