"""Files as git has them at a revision, read through git and without touching the work tree."""

from __future__ import annotations

from pathlib import Path

from deployment.process import Command, capture
from federation.errors import UserError, WorldError
from federation.yaml.files import SIZE_LIMIT

_TIMEOUT = 20.0
_GIT = ("git", "-c", "core.fsmonitor=false")
"""Reading the index (`:PATH`) would otherwise run the program that a repository names there."""


def text_at(revision: str, path: Path) -> str:
    """The text that a file has at a revision.

    Args:
        revision: Whatever git takes for one: a branch, a tag, a hash, `HEAD~2`.
        path: The file; its folder lies in the repository.

    Raises:
        UserError: git is not there, or knows no such revision or file.
    """
    return _blob(f"{revision}:./{path.name}", path.parent)


def text_of(name: str) -> str:
    """The text of a file that is named as git does, `REVISION:PATH`, the path from the top.

    Raises:
        UserError: git is not there, or knows no such revision or file.
    """
    return _blob(name, Path())


def _blob(name: str, folder: Path) -> str:
    if name.startswith("-"):
        raise UserError(f"{name!r} is not a revision: they do not begin with '-'.")
    command = Command((*_GIT, "cat-file", "blob", name), folder, {"LC_ALL": "C"})
    try:
        read = capture(command, _TIMEOUT)
    except WorldError as error:
        raise UserError(str(error)) from error
    if read.status != 0:
        reason = read.stderr.strip().removeprefix("fatal: ").rstrip(".") or "it gave no reason"
        raise UserError(f"{name} is not a file, and git cannot read it either: {reason}.")
    if len(read.stdout) > SIZE_LIMIT:
        raise UserError(f"{name} has more than {SIZE_LIMIT} characters.")
    return read.stdout
