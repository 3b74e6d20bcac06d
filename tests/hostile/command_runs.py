"""Runs a command of ours in a child of this process: through pipes, or on a terminal of its own.

Nothing is imported a second time, so that a run takes as long as the command alone, and what a test
has patched holds in the child. click takes escape sequences out of what goes through a pipe: only
the terminal shows that none comes out.
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import sys
import termios
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

LONGEST = 60.0
"""Seconds that a command may take."""


_STANDARD = ((0, "r", "surrogateescape"), (1, "w", "strict"), (2, "w", "backslashreplace"))


@dataclass(frozen=True)
class Ran:
    """What a command printed, standard output and error in one, and its exit status."""

    status: int
    output: str


def run(
    arguments: Sequence[str],
    folder: Path,
    *,
    terminal: bool,
    environment: Mapping[str, str] | None = None,
    stdin: str = "",
) -> Ran:
    """Run `python -m wizard ARGUMENTS`.

    Args:
        arguments: As a shell hands them on.
        folder: Where.
        terminal: Whether it runs on a terminal, as wide as 100 columns.
        environment: Changes to the environment.
        stdin: What it reads, or is typed.

    Raises:
        AssertionError: it did not end in time.
    """
    ours, its = pty.openpty() if terminal else os.pipe()
    if terminal:
        termios.tcsetwinsize(ours, (40, 100))
    source, sink = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(ours)
        os.close(sink)
        _child(arguments, folder, its, None if terminal else source, environment or {})
    os.close(its)
    os.close(source)
    os.write(ours if terminal and stdin else sink, stdin.encode("utf-8", "surrogateescape"))
    os.close(sink)
    try:
        output = _read(ours)
    except TimeoutError:
        os.kill(pid, signal.SIGKILL)
        raise AssertionError(f"{arguments} did not end in {LONGEST} s") from None
    finally:
        os.close(ours)
        _, status = os.waitpid(pid, 0)
    return Ran(os.waitstatus_to_exitcode(status), output.decode("utf-8", "surrogateescape"))


def _child(
    arguments: Sequence[str],
    folder: Path,
    output: int,
    source: int | None,
    environment: Mapping[str, str],
) -> NoReturn:
    try:
        os.setsid()
        if source is None:
            fcntl.ioctl(output, termios.TIOCSCTTY, 0)
        for number, descriptor in enumerate((output if source is None else source, output, output)):
            os.dup2(descriptor, number)
        sys.stdin, sys.stdout, sys.stderr = (
            os.fdopen(number, mode, encoding="utf-8", errors=errors, closefd=False)
            for number, mode, errors in (
                (0, "r", None),
                (1, "w", None),
                (2, "w", "backslashreplace"),
            )
        )
        os.chdir(folder)
        os.environ.update({"TERM": "xterm-256color", "COLUMNS": "100"})
        os.environ.pop("NO_COLOR", None)
        os.environ.update(environment)
        sys.argv = ["wizard", *arguments]
        from wizard.cli import main

        main()
    except BaseException:
        os.write(2, traceback.format_exc().encode("utf-8", "backslashreplace"))
    os._exit(99)


def _read(descriptor: int) -> bytes:
    """All that comes until the other end is closed."""
    read = b""
    deadline = time.monotonic() + LONGEST
    while True:
        ready, _, _ = select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            raise TimeoutError
        try:
            chunk = os.read(descriptor, 65_536)
        except OSError:  # Linux reports the end of a terminal's program as an error
            return read
        if not chunk:
            return read
        read += chunk
