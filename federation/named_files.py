"""The one reader of files that a person names: on the command line, in the environment, or inside
a configuration.

Regular files are read, and what was handed over open: `-`, `/dev/stdin`, `/dev/fd/N` (the `<(...)`
of shells). Any other pipe, socket, device or folder is refused before anything waits for it. Size
and time have limits. docs/security.md lists who reads what.
"""

from __future__ import annotations

import codecs
import errno
import os
import re
import select
import stat
import sys
import time
from collections.abc import Iterator
from io import UnsupportedOperation
from pathlib import Path

from federation.errors import UserError
from formats.escaping import printable

LIMIT = 1_000_000
"""Bytes of a file, unless its reader says otherwise: many times what a policy or a token has."""
SECONDS = 30.0
"""Within which all of it has to arrive."""

_STDIN = "-"
_STREAM = re.compile(r"-|/dev/stdin|/(?:dev/fd|proc/self/fd)/(?P<number>[0-9]{1,6})", re.ASCII)
_PIECE = 1_048_576
_KINDS = (
    (stat.S_ISDIR, "is a folder: name a file."),
    (stat.S_ISFIFO, "is a named pipe: name a regular file, '-' for stdin, or use <(...)."),
    (stat.S_ISSOCK, "is a socket: name a regular file, or '-' for stdin."),
    (lambda mode: stat.S_ISCHR(mode) or stat.S_ISBLK(mode), "is a device: name a regular file."),
)
_REMEDIES = {
    errno.ENOENT: "there is no such file. Check the name.",
    errno.ENOTDIR: "there is no such file: a part of its path is a file. Check the name.",
    errno.EACCES: "may not be read (permission denied): change its permissions, or those of its "
    "folder.",
    errno.EPERM: "may not be read (not permitted): change its permissions.",
    errno.ELOOP: "is a symbolic link that leads to itself: remove it.",
    errno.ENAMETOOLONG: "has a name that is too long to be one of a file.",
    errno.EBADF: "is not open: the program that started this one did not pass it.",
}
_arrived: dict[tuple[int, int], bytes] = {}
"""What came through pipes, by device and inode: a command may read its configuration twice."""


class FileError(UserError):
    """A file that cannot be read.

    Attributes:
        problem: What is wrong, to follow a name for the file.
        is_missing: Whether there is no such file.
    """

    def __init__(self, called: str, problem: str, *, is_missing: bool = False) -> None:
        self.problem = problem
        self.is_missing = is_missing
        super().__init__(f"{printable(called)}: {problem}")


def is_stream(name: str | Path) -> bool:
    """Whether a name stands for what was handed over open: stdin, or `/dev/fd/N`."""
    return _STREAM.fullmatch(str(name)) is not None


def text(
    name: str | Path, *, called: str | None = None, limit: int = LIMIT, streams: bool = True
) -> str:
    """The text of a file: UTF-8, or UTF-16 with its byte order mark; without any mark.

    Args:
        name: The file; `-` is stdin.
        called: What messages call it; by default its name.
        limit: Bytes.
        streams: Whether `-` and `/dev/fd/N` may be read, or only regular files.

    Raises:
        FileError: it cannot be read, is too large, does not end in time, or is not text.
    """
    found = content(name, called=called, limit=limit, streams=streams)
    return decoded(found, called or str(name))


def content(
    name: str | Path, *, called: str | None = None, limit: int = LIMIT, streams: bool = True
) -> bytes:
    """The bytes of a file, for what is not text; the arguments and errors are those of `text`."""
    called = called or str(name)
    try:
        if streams and is_stream(name):
            found = _of_stream(str(name), limit)
        else:
            found = _of_file(Path(name), limit)
    except _ProblemError as error:
        raise FileError(called, str(error)) from None
    except OSError as error:
        problem = _REMEDIES.get(error.errno or 0, f"cannot be read: {error.strerror}.")
        is_missing = error.errno in (errno.ENOENT, errno.ENOTDIR)
        # The cause would carry what was read along.
        raise FileError(called, problem, is_missing=is_missing) from None
    except ValueError:
        raise FileError(called, "has a name that no file can have.") from None
    if len(found) > limit:
        raise FileError(called, f"has more than {limit} bytes.")
    return found


def decoded(content: bytes, called: str, *, nul: bool = False) -> str:
    """Text that is UTF-8, or UTF-16 with its byte order mark, as PowerShell's `>` writes it.

    Args:
        content: The bytes.
        called: What messages call it.
        nul: Whether NUL may be in it, as between the arguments in `/proc/PID/cmdline`.

    Raises:
        FileError: it is neither, or has a NUL.
    """
    is_utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    encoding = "UTF-16" if is_utf16 else "UTF-8"
    mark = len(codecs.BOM_UTF8) if content.startswith(codecs.BOM_UTF8) else 0
    try:
        found = content[mark:].decode(encoding)
    except UnicodeDecodeError as error:
        place = error.start + mark
        # The cause would carry the content along.
        raise FileError(
            called, f"is not {encoding} text (byte {place}): save it as UTF-8."
        ) from None
    if "\0" in found and not nul:
        raise FileError(
            called,
            f"has a NUL (character {found.index(chr(0)) + 1}): save it as UTF-8, without NULs.",
        )
    return found


class _ProblemError(Exception):
    """What is wrong, without the name of the file."""


def _of_file(path: Path, limit: int) -> bytes:
    """The bytes of a regular file.

    Asked before it is opened, since opening a device can do something; and again by its descriptor,
    since another file may have taken its place. O_NONBLOCK keeps a pipe from waiting for a writer.
    """
    _check_kind(path.stat())
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        about = os.fstat(descriptor)
        _check_kind(about)
        _check_length(about.st_size, limit)
        return _read(descriptor, limit)
    finally:
        os.close(descriptor)


def _check_kind(about: os.stat_result) -> None:
    for is_kind, problem in _KINDS:
        if is_kind(about.st_mode):
            raise _ProblemError(problem)


def _check_length(length: int, limit: int) -> None:
    if length > limit:
        raise _ProblemError(f"has more than {limit} bytes.")


def _of_stream(name: str, limit: int) -> bytes:
    found = _STREAM.fullmatch(name)
    number = int(found["number"]) if found and found["number"] else 0
    if number == 0:
        try:
            number = sys.stdin.fileno()
        except UnsupportedOperation:
            return _of_object(limit)
        except (AttributeError, ValueError):
            raise OSError(errno.EBADF, os.strerror(errno.EBADF)) from None
    about = os.fstat(number)
    if stat.S_ISDIR(about.st_mode):
        _check_kind(about)
    if stat.S_ISREG(about.st_mode):
        start = os.lseek(number, 0, os.SEEK_CUR)
        _check_length(about.st_size - start, limit)
        try:
            return _read(number, limit)
        finally:
            os.lseek(number, start, os.SEEK_SET)
    place = about.st_dev, about.st_ino
    if stat.S_ISCHR(about.st_mode):
        return _read(number, limit)
    if place not in _arrived:
        _arrived[place] = _read(number, limit)
    return _arrived[place]


def _of_object(limit: int) -> bytes:
    """What stands for stdin in a program that runs commands by calling them."""
    stream = sys.stdin.buffer
    start = stream.tell()
    found = stream.read(limit + 1)
    stream.seek(start)
    return found


def _read(descriptor: int, limit: int) -> bytes:
    """Up to one byte more than the limit."""
    return b"".join(_pieces(descriptor, limit + 1, time.monotonic() + SECONDS))


def _pieces(descriptor: int, most: int, end: float) -> Iterator[bytes]:
    ready = select.poll()
    ready.register(descriptor, select.POLLIN)
    while most > 0:
        left = end - time.monotonic()
        if left <= 0 or not ready.poll(left * 1000):
            raise _ProblemError(
                f"did not end within {SECONDS:g} seconds: write it to a file, and name that."
            )
        try:
            piece = os.read(descriptor, min(_PIECE, most))
        except BlockingIOError:
            time.sleep(0.01)  # another reader was quicker
            continue
        if not piece:
            return
        most -= len(piece)
        yield piece
