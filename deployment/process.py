"""The one gateway through which processes start: cdktf, terraform, node.

A `Command` is an argument list, never a shell line. `start_process` runs one and hands out its
output line by line, to the command line or the terminal app and into a log file; `capture` runs a
short one to its end. What is secret goes in the environment, which is neither logged nor
shown. Nothing here sends SIGKILL: a killed Terraform leaves its lock and loses what it was making.
"""

from __future__ import annotations

import asyncio
import codecs
import os
import shlex
import signal
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self, TextIO

from federation.errors import WorldError
from federation.private import make_private
from federation.secrets import MaskedLines
from formats import escaping

if TYPE_CHECKING:
    import psutil  # type: ignore[import-untyped]

LONGEST_LINE = 16_384
"""Longer lines, in characters, are handed on in pieces of this length."""

_CHUNK = 65_536
_GRACE = 2.0
_UMASK = 0o077
"""What a program writes, such as Terraform's state, is for nobody else to read."""
_LOOK_AGAIN = 0.1


@dataclass(frozen=True)
class Command:
    """What to start.

    Attributes:
        args: The program and its arguments. Every user of the machine can read them, and they are
            logged: nothing secret belongs here.
        cwd: The folder to run in; None is the current one.
        environment: Changes to our own environment; None removes a variable. Never logged.
        interrupt_first: Names of programs. While any of them runs below the process, an interrupt
            goes to them and not to the process.
    """

    args: tuple[str, ...]
    cwd: Path | None = None
    environment: Mapping[str, str | None] = field(default_factory=dict, repr=False)
    interrupt_first: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return shlex.join(self.args)


@dataclass(frozen=True)
class Captured:
    """What a short command left; `status` is negative where a signal ended it."""

    status: int
    stdout: str
    stderr: str


@asynccontextmanager
async def start_process(command: Command, log: Log | None = None) -> AsyncIterator[Child]:
    """Run a command while the block lasts.

    It runs in a session of its own, so that Ctrl+C in the terminal reaches us alone, and with
    nothing on its standard input. Where the block is left early, or cancelled, the process is
    interrupted and its end awaited, however long that takes.

    Args:
        command: What to run.
        log: Gets the command, each line and the exit status.

    Raises:
        WorldError: it cannot be started.
    """
    with _explain_failure(command):
        process = await asyncio.create_subprocess_exec(
            *command.args,
            cwd=command.cwd,
            env=_environment(command),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            umask=_UMASK,
        )
    child = Child(command, process, log or Log(None))
    try:
        yield child
    finally:
        if process.returncode is None:
            child.interrupt()
        await _outlast(child)


def capture(command: Command, timeout: float) -> Captured:
    """Run a short command that changes nothing, to its end.

    Args:
        command: What to run.
        timeout: In seconds; after it the command is asked to end (SIGTERM).

    Raises:
        WorldError: it cannot be started, or did not end in time.
    """
    with _explain_failure(command):
        process = subprocess.Popen(
            command.args,
            cwd=command.cwd,
            env=_environment(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
    try:
        stdout, stderr = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        raise WorldError(f"'{command}' gave no response within {timeout:g} s.") from None
    finally:
        if process.poll() is None:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.communicate(timeout=_GRACE)
    return Captured(process.returncode, stdout, stderr)


@contextmanager
def interrupts(handler: Callable[[], None]) -> Iterator[None]:
    """Call the handler for each Ctrl+C, SIGTERM and lost terminal while the block lasts.

    For the main thread of a program without a terminal app: with `Child.interrupt` as the handler,
    Terraform stops cleanly and the output goes on to its end.
    """
    loop = asyncio.get_running_loop()
    caught = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in caught}
    for number in caught:
        loop.add_signal_handler(number, handler)
    try:
        yield
    finally:
        for number in caught:
            loop.remove_signal_handler(number)
            signal.signal(number, before[number])


class Child:
    """A running process, as `start_process` hands it out."""

    def __init__(self, command: Command, process: asyncio.subprocess.Process, log: Log) -> None:
        self.command = command
        self.interrupted = False
        """Whether an interrupt was sent."""
        self._process = process
        self._log = log
        self._splitter = LineSplitter()
        self._signalled: set[int] = set()
        self._ended = False
        log.write([f"$ {command}"])

    async def lines(self) -> AsyncIterator[str]:
        """What it prints, standard output and standard error in one, until it closes both."""
        assert self._process.stdout is not None  # noqa: S101
        while chunk := await self._process.stdout.read(_CHUNK):
            for line in self._log.write(self._splitter.feed(chunk)):
                yield line
        for line in self._log.write(self._splitter.finish()):
            yield line

    async def wait(self) -> int:
        """Its exit status, when it has ended; negative where a signal ended it.

        What it prints until then and nobody has read goes to the log.
        """
        async for _ in self.lines():
            pass
        status = await self._process.wait()
        if not self._ended:
            self._ended = True
            self._log.write([f"exit status {status}"])
        return status

    def interrupt(self) -> None:
        """Send SIGINT, once: at a second one Terraform drops what it is making.

        Those of `Command.interrupt_first` get it once each, also where they start only later.
        """
        if not self.interrupted and self._process.returncode is None:
            self.interrupted = True
            self._log.write(["interrupt sent"])
            self._pass_on()

    def _pass_on(self) -> None:
        if self._process.returncode is not None:
            return
        below = _descendants(self._process.pid, self.command.interrupt_first)
        for pid in {*(below or [self._process.pid])} - self._signalled:
            self._signalled.add(pid)
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT)
        if self.command.interrupt_first:
            asyncio.get_running_loop().call_later(_LOOK_AGAIN, self._pass_on)


class Log:
    """A private file that gets a copy of each line; its folder is made. None: no file.

    What cannot be written is noted in `error` (a full disk, say), and not raised.
    """

    def __init__(self, path: Path | None) -> None:
        self.error: str | None = None
        self._file: TextIO | None = None
        self._lines = MaskedLines()
        if path is not None:
            with self._note_errors():
                make_private(path.parent)
                handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
                self._file = os.fdopen(handle, "w", encoding="utf-8")
                os.fchmod(handle, 0o600)  # one that was there before

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._note_errors():
            self._close()

    def write(self, lines: list[str]) -> list[str]:
        """Append these lines, and flush, so that a reader of the log sees all of it.

        Returns:
            The lines as they were written: secrets in them are masked.
        """
        lines = [self._lines.masked(line) for line in lines]
        if self._file is not None and lines:
            with self._note_errors():
                self._file.writelines(f"{escaping.uncoloured(line)}\n" for line in lines)
                self._file.flush()

        return lines

    @contextmanager
    def _note_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.error = error.strerror or str(error)
            with suppress(OSError):
                self._close()

    def _close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            file.close()


class LineSplitter:
    """Turns chunks of bytes into lines, whatever the bytes are.

    Bytes that are not UTF-8 become U+FFFD. A carriage return ends a line as a line feed does, and
    an overlong line comes in pieces of `LONGEST_LINE`, so that memory stays bounded.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._rest = ""

    def feed(self, chunk: bytes) -> list[str]:
        """The lines that this chunk completes."""
        return self._cut(self._decoder.decode(chunk))

    def finish(self) -> list[str]:
        """What is left when nothing more comes."""
        last = self._decoder.decode(b"", final=True)
        return self._cut(f"{last}\n") if self._rest or last else []

    def _cut(self, text: str) -> list[str]:
        text = self._rest + text
        # A carriage return at the end may be half of a line's end: it waits for what comes.
        held = "\r" if text.endswith("\r") else ""
        *lines, rest = text.removesuffix("\r").replace("\r\n", "\n").replace("\r", "\n").split("\n")
        *full, rest = _pieces(rest)
        self._rest = rest + held
        return [piece for line in lines for piece in _pieces(line)] + full


def _pieces(line: str) -> list[str]:
    starts = range(0, len(line), LONGEST_LINE)
    return [line[start : start + LONGEST_LINE] for start in starts] or [""]


def _environment(command: Command) -> dict[str, str]:
    changed = {**os.environ, **command.environment}
    return {name: value for name, value in changed.items() if value is not None}


@contextmanager
def _explain_failure(command: Command) -> Iterator[None]:
    program = command.args[0]
    try:
        yield
    except FileNotFoundError as error:
        if command.cwd is not None and not command.cwd.is_dir():
            raise WorldError(f"'{program}' cannot run in {command.cwd}: no such folder.") from error
        raise WorldError(
            f"'{program}' cannot be started: there is no such program on the PATH. "
            "Install it, or add its folder to the PATH."
        ) from error
    except OSError as error:
        raise WorldError(f"'{program}' cannot be started: {error.strerror}.") from error


def _descendants(pid: int, programs: frozenset[str]) -> list[int]:
    """The innermost processes below this one that run one of the programs."""
    if not programs:
        return []
    import psutil  # takes a while, and few commands are ever interrupted

    with suppress(psutil.NoSuchProcess):
        below = psutil.Process(pid).children(recursive=True)
        matching = [process for process in below if _runs(process, programs)]
        # A version manager may run the real program under its own name: one signal for the two.
        outer = {process.ppid() for process in matching}
        return [process.pid for process in matching if process.pid not in outer]
    return []


def _runs(process: psutil.Process, programs: frozenset[str]) -> bool:
    import psutil

    try:
        return process.name() in programs and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def _outlast(child: Child) -> None:
    """Wait for the end, through any number of cancellations; raise the last one then."""
    cancelled: asyncio.CancelledError | None = None
    ending = asyncio.ensure_future(child.wait())
    while True:
        try:
            await asyncio.shield(ending)
            break
        except asyncio.CancelledError as error:
            cancelled = error
            if ending.cancelled():  # a loop that closes cancels every task there is
                ending = asyncio.ensure_future(child.wait())
    if cancelled is not None:
        raise cancelled
