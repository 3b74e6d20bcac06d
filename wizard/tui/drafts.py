"""Drafts on disk: `.drafts/NAME.json`, so that no answer is lost with a terminal.

The app writes a draft whenever an answer changes, and offers on its first screen what was left.
An answer may hold what it should not: nobody else may read a draft.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from federation import named_files
from federation.errors import UserError
from federation.strict_json import json_object
from federation.yaml import files
from wizard.tui.draft import Draft

_VERSION = 1


@dataclass(frozen=True)
class Kept:
    """A draft that was left, and when it was last changed (local time)."""

    draft: Draft
    changed: datetime


class Drafts:
    """The drafts in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def all(self) -> list[Kept]:
        """What was left, the latest first. A file that is not a draft is skipped."""
        found = [kept for path in self._folder.glob("*.json") if (kept := _read(path))]
        return sorted(found, key=lambda kept: kept.changed, reverse=True)

    def keep(self, draft: Draft) -> None:
        """Write a draft, replacing the earlier one of its name.

        Raises:
            UserError: it cannot be written.
        """
        document = {
            "version": _VERSION,
            "name": draft.name,
            "path": str(draft.path) if draft.path else None,
            "opened": draft.opened,
            "workloads": draft.workloads,
            "answers": dict(draft.answers),
        }
        files.write(
            self._folder / f"{draft.name}.json", json.dumps(document, indent=2) + "\n", private=True
        )

    def drop(self, name: str) -> None:
        """Remove a draft, if there is one of that name."""
        (self._folder / f"{name}.json").unlink(missing_ok=True)


def _read(path: Path) -> Kept | None:
    try:
        document = json_object("The draft", named_files.text(path, streams=False))
        if document["version"] != _VERSION:
            return None
        draft = Draft(
            str(document["name"]),
            {str(key): str(text) for key, text in document["answers"].items()},
            int(document["workloads"]),
            Path(document["path"]) if document["path"] else None,
            document["opened"],
        )
        return Kept(draft, datetime.fromtimestamp(path.stat().st_mtime).astimezone())
    except (OSError, UserError, ValueError, KeyError, TypeError, AttributeError):
        return None
