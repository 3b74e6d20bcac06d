"""One run of cdktf or Terraform, from its start to its outcome.

A presenter iterates over it and gets the events of `deployment.cdktf.events`, the outcome last.
What belongs to a run besides cdktf is a `Part` of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from deployment.causes import Cause, explain_all
from deployment.cdktf import retries
from deployment.cdktf.events import (
    Event,
    Extent,
    Failed,
    Interrupted,
    Outcome,
    PartLine,
    PhaseStarted,
    Succeeded,
)
from deployment.cdktf.log import CdktfLog, TerraformLog
from deployment.cdktf.project import Project
from deployment.process import Child, Command, Log, start_process
from federation.errors import OidcIamError
from federation.private import close

_STOPPED = 130


Outputs = Mapping[str, Mapping[str, Any]]
"""Stack to output to value."""
Say = Callable[[str], object]
"""Reports a line. It raises if the run was interrupted, so that a part ends between two steps; an
empty line is not reported, and asks for that alone."""


@dataclass(frozen=True)
class Part:
    """What belongs to a run besides cdktf: manifests, say.

    Attributes:
        doing: What it does, in words.
        work: Does it in a thread, with the outputs of the stacks, and says what it does.
    """

    doing: str
    work: Callable[[Outputs, Say], object]


class CdktfRun:
    """One run: an iterator of events, which runs while its `async with` block lasts.

    It does not wait for the reader of the events. Leaving the block early, or being cancelled,
    interrupts what runs and waits for its end.
    """

    def __init__(
        self,
        project: Project,
        log: Path,
        steps: Callable[[CdktfRun], Coroutine[Any, Any, Outcome]],
        before: Part | None = None,
        due: tuple[str, ...] = (),
        *,
        harmless: str = "",
    ) -> None:
        self.project = project
        self.log = log
        self.interrupted = False
        """Whether an interrupt was asked for."""
        self.log_error: str | None = None
        """Why the log is not complete (a full disk, say); None where it is."""
        self._steps = steps
        self._before = before
        self._harmless = harmless
        self._events: asyncio.Queue[Event | Exception] = asyncio.Queue()
        self._log = Log(None)
        self._child: Child | None = None
        first = (before.doing,) if before else ()
        self._due = dict.fromkeys((*first, *due), False)

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        if not self._task.done():
            self.interrupt()
        cancelled: asyncio.CancelledError | None = None
        while not self._task.done():
            try:
                await asyncio.wait([self._task])
            except asyncio.CancelledError as error:
                cancelled = error
        if cancelled is not None:
            raise cancelled

    async def __aiter__(self) -> AsyncIterator[Event]:
        while True:
            event = await self._events.get()
            if isinstance(event, Exception):
                raise event
            yield event
            if isinstance(event, Outcome):
                return

    def interrupt(self) -> None:
        """Let Terraform finish what is in flight and end; a second call does nothing."""
        self.interrupted = True
        if self._child is not None:
            self._child.interrupt()

    def expect(self, *names: str) -> None:
        """Name stacks and parts without which the run has not succeeded."""
        self._due |= dict.fromkeys(names, False)

    def finish(self, *names: str) -> None:
        """Note that these are proven to be finished."""
        self._due |= dict.fromkeys(names, True)

    @property
    def extent(self) -> Extent:
        """What is finished, and what is not."""
        finished, unfinished = (
            tuple(name for name, done in self._due.items() if done is wanted)
            for wanted in (True, False)
        )
        return Extent(finished, unfinished)

    @property
    def stopped(self) -> Interrupted:
        """How the run ends when it was interrupted now."""
        if self._harmless:
            return Interrupted(self.log, harmless=self._harmless)
        return Interrupted(self.log, self.extent)

    def tell(self, event: Event) -> None:
        """Add an event to those that are read."""
        self._events.put_nowait(event)

    async def execute(self, command: Command, reader: CdktfLog | TerraformLog) -> int:
        """Run a command to its end, tell what the reader finds in it; its exit status."""
        if self.interrupted:
            return _STOPPED
        async with start_process(command, self._log) as self._child:
            async for line in self._child.lines():
                for event in reader.read(line):
                    self.tell(event)
            return await self._child.wait()

    async def do(self, part: Part, outputs: Outputs) -> Interrupted | None:
        """Do a part; what it says is told, and goes to the log.

        Returns:
            None where it came to its end.

        Raises:
            OidcIamError: it failed.
        """
        if self.interrupted:
            return self.stopped
        loop = asyncio.get_running_loop()

        def say(line: str) -> None:
            self._log.write([line])
            self.tell(PartLine(line))

        def say_or_stop(line: str) -> None:
            stops = self.interrupted
            if line:
                loop.call_soon_threadsafe(say, line)
            if stops:
                raise _StoppedError

        self.tell(PhaseStarted(None, part.doing))
        self._log.write([f"# {part.doing}"])
        try:
            await asyncio.to_thread(part.work, outputs, say_or_stop)
        except _StoppedError:
            return self.stopped
        except OidcIamError as error:
            self._log.write([str(error)])
            raise
        self.finish(part.doing)
        return None

    def around(self, project: Project) -> Project:
        """Another project with what this run has around it."""
        return replace(self.project.with_environment(project.environment), stacks=project.stacks)

    def failure(
        self, status: int, reader: CdktfLog | TerraformLog, *more: Cause
    ) -> Failed | Interrupted:
        """How the run ends where a command did not end well.

        Args:
            status: The command's exit status.
            reader: What it printed.
            more: What is wrong besides; with an exit status of 0 it is all that is known.
        """
        if self.interrupted:
            return self.stopped
        reports = reader.reports or ([reader.last] if status else [])
        return Failed(status or 1, (*explain_all(reports), *more), self.log, self.extent)

    async def _run(self) -> None:
        try:
            close(self.project.folder / "state")
            async with retries.watch_retries(self.tell) as environment:
                self.project = self.project.with_environment(environment)
                with Log(self.log) as self._log:
                    outcome = await self._outcome()
                    if not isinstance(outcome, Succeeded) and str(outcome.extent):
                        self._log.write([str(outcome.extent)])
            self.log_error = self._log.error
            self.tell(outcome)
        except Exception as error:
            self._events.put_nowait(error)

    async def _outcome(self) -> Outcome:
        if self._before is not None and (stopped := await self.do(self._before, {})):
            return stopped
        return await self._steps(self)


class _StoppedError(Exception):
    """A part was interrupted."""
