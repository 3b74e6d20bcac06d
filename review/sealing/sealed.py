"""Reads a review that somebody received: a folder, or its archive.

Nothing in it is trusted. No link is followed, only regular files are opened, nothing is extracted,
and there is a limit to all that is read.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO

from federation.errors import UserError
from formats.escaping import quoted
from review.sealing import archive as sealed_archive
from review.sealing.seal import (
    CHECKSUMS,
    LONGEST_LIST,
    MOST_BYTES,
    MOST_FILES,
    Kind,
    Sealed,
    SealedEntry,
)

_DEEPEST = 32
_PIECE = 1_000_000


def read(path: Path) -> Sealed:
    """What is in a review; only the files that are then compared are read.

    Args:
        path: A folder, or an archive of one.

    Raises:
        UserError: it is neither, it holds no list of checksums, it cannot be read, or there is more
            in it than a review can have.
    """
    try:
        if path.is_dir():
            return read_folder(path)
        with _open(path, follow=True) as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise _unreadable(path, error) from error
    if len(content) > MOST_BYTES:
        raise _too_large(path)
    return sealed_archive.read(content, quoted(str(path)))


def read_folder(folder: Path) -> Sealed:
    """What is in a folder; as for `read`.

    Raises:
        UserError: as for `read`.
        OSError: it cannot be read.
    """
    try:
        with _open(folder / CHECKSUMS) as file:
            listing = file.read(LONGEST_LIST + 1)
    except FileNotFoundError:
        raise UserError(
            f"{quoted(str(folder))} has no {CHECKSUMS}: this is not a review."
        ) from None
    if len(listing) > LONGEST_LIST:
        raise _too_large(folder / CHECKSUMS)
    return Sealed(listing, tuple(_entries(folder)))


def _entries(folder: Path) -> Iterator[SealedEntry]:
    waiting = [""]
    count = 0
    while waiting:
        below = waiting.pop()
        with os.scandir(folder / below) as found:
            for each in found:
                count += 1
                path = f"{below}/{each.name}".removeprefix("/")
                if count > MOST_FILES or path.count("/") > _DEEPEST:
                    raise UserError(
                        f"{quoted(str(folder))} has more than {MOST_FILES} entries, or folders in "
                        f"more than {_DEEPEST} others: this is not a review."
                    )
                kind = _kind(each.stat(follow_symlinks=False).st_mode)
                if kind == "folder":
                    waiting.append(path)
                yield SealedEntry(path, kind, partial(_digest, folder / path))


def _kind(mode: int) -> Kind:
    if stat.S_ISLNK(mode):
        return "symlink"
    if stat.S_ISDIR(mode):
        return "folder"
    return "file" if stat.S_ISREG(mode) else "special file"


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    size = 0
    try:
        with _open(path) as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
                size += len(piece)
                if size > MOST_BYTES:
                    raise _too_large(path)
    except OSError as error:
        raise _unreadable(path, error) from error
    return digest.hexdigest()


def _open(path: Path, *, follow: bool = False) -> BinaryIO:
    """A regular file, open to read; opening does not wait for a pipe's other end.

    Args:
        path: The file.
        follow: Whether it may be a symlink.

    Raises:
        UserError: it is something else.
        OSError: it cannot be opened.
    """
    found = path.stat() if follow else path.lstat()
    if not stat.S_ISREG(found.st_mode):
        raise UserError(f"{quoted(str(path))} is not a regular file.")
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")


def _unreadable(path: Path, error: OSError) -> UserError:
    reason = error.strerror or errno.errorcode.get(error.errno or 0, "unknown error")
    place = path if error.filename is None else error.filename
    return UserError(f"{quoted(str(place))} cannot be read: {reason}.")


def _too_large(path: Path) -> UserError:
    return UserError(f"{quoted(str(path))} is larger than any part of a review.")
