"""Runs as presenters see them: an iterator of events that ends with an outcome."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from deployment.cdktf.events import Event, Succeeded


class Run(Protocol):
    """A run of cdktf or Terraform; it goes on while its `async with` block lasts.

    The last event is the outcome. Leaving the block early interrupts what runs, and waits.
    """

    @property
    def log(self) -> Path:
        """The file with all that it prints."""

    @property
    def log_error(self) -> str | None:
        """Why the log is not complete; None if it is."""

    def interrupt(self) -> None:
        """Let Terraform finish what is in flight and end; a second call does nothing."""

    def __aiter__(self) -> AsyncIterator[Event]: ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...


class RecordedRun:
    """A run that writes down what it does: before it begins, and after it has succeeded."""

    def __init__(
        self,
        run: Run,
        *,
        begin: Callable[[], object] = lambda: None,
        succeed: Callable[[Succeeded], object] = lambda _: None,
    ) -> None:
        """Make a run around another one.

        Args:
            run: What runs.
            begin: Writes down that it begins; may wait for the disk.
            succeed: Writes down what it did; not called for a failure or an interrupt.
        """
        self._run = run
        self._begin = begin
        self._succeed = succeed

    @property
    def log(self) -> Path:
        """The file with all that it prints."""
        return self._run.log

    @property
    def log_error(self) -> str | None:
        """Why the log is not complete; None if it is."""
        return self._run.log_error

    def interrupt(self) -> None:
        """Let Terraform finish what is in flight and end; a second call does nothing."""
        self._run.interrupt()

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self._begin)
        await self._run.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._run.__aexit__(kind, error, traceback)

    async def __aiter__(self) -> AsyncIterator[Event]:
        async for event in self._run:
            if isinstance(event, Succeeded):
                await asyncio.to_thread(self._succeed, event)
            yield event
