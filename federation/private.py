"""Folders for what nobody else may read: states, logs, drafts."""

from __future__ import annotations

from pathlib import Path


def make_private(folder: Path) -> None:
    """Make a folder that nobody else may enter, or close one that there is.

    Raises:
        OSError: it cannot be made, or belongs to someone else.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    close(folder)


def close(folder: Path) -> None:
    """Close a folder for everybody else, if there is one.

    Raises:
        OSError: it belongs to someone else.
    """
    if folder.exists() and folder.stat().st_mode & 0o077:
        folder.chmod(0o700)
