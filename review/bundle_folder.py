"""A bundle on the disk: a folder that holds it and nothing else, and its archive beside it.

Only what an earlier run made is replaced, and only as that run left it: the folder's own list of
checksums tells. Whatever a person, or Terraform, put there or changed is never lost, and never
mixed with a new bundle.
"""

from __future__ import annotations

import io
import os
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

from federation import named_files
from federation.errors import UserError
from formats.escaping import quoted
from review.bundle import archive
from review.sealing.seal import CHECKSUMS, MOST_BYTES, shown, verify
from review.sealing.sealed import read_folder

_SHOWN = 3


def refuse_foreign(folder: Path, zipped: bool) -> None:
    """Make sure that a bundle may be written to a folder, and to the archive beside it.

    Raises:
        UserError: something is there that no earlier run made.
    """
    try:
        _refuse_foreign(folder, zipped)
    except OSError as error:
        raise UserError(
            f"--output: {quoted(str(folder))} cannot be looked at: {error.strerror}. Name another "
            "folder."
        ) from error


def _refuse_foreign(folder: Path, zipped: bool) -> None:
    for place in (folder, *folder.parents):
        if place.exists():
            if not place.is_dir():
                raise UserError(f"{place} is a file: name another folder with --output.")
            break
    if folder.is_dir():
        _refuse_foreign_files(folder)
    path = archive_path(folder)
    if zipped and path.exists() and not _is_archive_of_ours(path):
        raise UserError(f"{path} is not the archive of a review: move it away.")


def archive_path(folder: Path) -> Path:
    target = _target(folder)
    return target.with_name(f"{target.name}.zip")


def is_archived_otherwise(texts: Mapping[str, str], folder: Path, archived_as: str) -> bool:
    """Whether the archive beside a folder is that of another bundle; the arguments of `write`."""
    path = archive_path(folder)
    return _is_archive_of_ours(path) and _content(path) != archive(texts, archived_as)


def write(texts: Mapping[str, str], folder: Path, archived_as: str | None) -> None:
    """Write a bundle; a reader meets the old folder or the new, never a part of one.

    Args:
        texts: The files of the bundle.
        folder: The folder that becomes it.
        archived_as: The name of the folder within the archive; None for no archive.

    Raises:
        UserError: it cannot be written, or something is there that no earlier run made.
    """
    refuse_foreign(folder, archived_as is not None)
    target = _target(folder)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".review-") as beside:
            _write_files(texts, Path(beside) / "new")
            if archived_as is not None:
                (Path(beside) / "zip").write_bytes(archive(texts, archived_as))
            _swap(Path(beside), target)
            if archived_as is not None:
                (Path(beside) / "zip").replace(archive_path(folder))
    except OSError as error:
        raise UserError(
            f"{folder}: cannot be written: {error.strerror}. Name another folder with --output."
        ) from error


def _swap(beside: Path, target: Path) -> None:
    """Put the new folder in the place of an old one."""
    if target.exists():
        target.rename(beside / "old")
    try:
        (beside / "new").rename(target)
    except BaseException:
        if (beside / "old").exists():
            (beside / "old").rename(target)
        raise


def _write_files(texts: Mapping[str, str], folder: Path) -> None:
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())


def _target(folder: Path) -> Path:
    """Where a folder really is: what a symbolic link points to is replaced, not the link."""
    return Path(os.path.realpath(folder))


def _refuse_foreign_files(folder: Path) -> None:
    if not any(folder.iterdir()):
        return
    try:
        found = verify(read_folder(folder))
    except UserError:
        raise UserError(
            f"{folder} is not empty, and holds no review of an earlier run: name a new folder with "
            "--output."
        ) from None
    theirs = {each.path for each in found.differences if each.why != "missing"}
    foreign = [shown(path) for path in sorted({*theirs, *found.not_covered})]
    if foreign:
        more = f" and {len(foreign) - _SHOWN} more" if len(foreign) > _SHOWN else ""
        raise UserError(
            f"{folder} holds what is not of an earlier run, or was changed since: "
            f"{', '.join(foreign[:_SHOWN])}{more}. Move it away, or name a new folder with "
            "--output."
        )


def _is_archive_of_ours(path: Path) -> bool:
    if not path.is_file():
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(_content(path))) as found:
            return any(Path(name).name == CHECKSUMS for name in found.namelist())
    except (UserError, zipfile.BadZipFile):
        return False


def _content(path: Path) -> bytes:
    return named_files.content(path, limit=MOST_BYTES, streams=False)
