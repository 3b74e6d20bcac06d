"""A plan or a deployment that goes on, owned by the app and not by the screen that shows it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Literal

from deployment.causes import Cause
from deployment.cdktf.events import (
    Event,
    Failed,
    Interrupted,
    OutputLine,
    PartLine,
    PhaseStarted,
)
from deployment.progress import Progress
from deployment.runs import Run
from deployment.sequence import Deployment
from federation.errors import OidcIamError
from review.plan.changes import Plan
from wizard.tui.log_lines import LogLines
from wizard.tui.outside import CheckResult

Kind = Literal["plan", "deploy", "destroy"]

_AT_ONCE = 100
"""Events that are taken before anything else gets its turn: a key press, say."""


class Activity:
    """One run, from its start to its outcome.

    Attributes:
        kind: What it does.
        deployment: What it is a step of.
        progress: How far it is.
        lines: What was printed, each line behind the name of its stack.
        cancelled: Whether a person asked it to end.
        warnings: What its checks found to be worth a warning.
    """

    def __init__(
        self,
        kind: Kind,
        deployment: Deployment,
        run: Run,
        now: Callable[[], float],
        *,
        plan: Plan | None = None,
        checks: AsyncIterator[CheckResult] | None = None,
    ) -> None:
        """Make an activity, which begins with `follow`.

        Args:
            kind: What it does.
            deployment: What it is a step of.
            run: What does it.
            now: A clock, in seconds.
            plan: What it is going to do, where that is known.
            checks: What has to hold before it; where one fails, nothing is run.
        """
        self.kind = kind
        self.deployment = deployment
        self.progress = Progress(plan)
        self.lines = LogLines()
        self.cancelled = False
        self.warnings: list[CheckResult] = []
        self._checks = checks
        self._checking: asyncio.Future[tuple[Cause, ...]] | None = None
        self._run = run
        self._now = now
        self._began = now()
        self._ended: float | None = None

    @property
    def cluster(self) -> str:
        """The cluster's name."""
        return self.deployment.config.cluster

    @property
    def running(self) -> bool:
        """Whether it goes on."""
        return self._ended is None

    @property
    def elapsed(self) -> float:
        """Seconds since it began, until it ended."""
        until = self._now() if self._ended is None else self._ended
        return until - self._began

    @property
    def log(self) -> Path:
        """The file with all that was printed."""
        return self._run.log

    @property
    def log_error(self) -> str | None:
        """Why that file is not complete; None where it is."""
        return self._run.log_error

    def interrupt(self) -> None:
        """Let Terraform finish what is in flight; a second call does nothing."""
        self.cancelled = True
        if self._checking is not None:
            self._checking.cancel()
        self._run.interrupt()

    async def follow(self) -> None:
        """Take what happens until the end; any error becomes the outcome."""
        try:
            if await self._may_begin():
                await self._take()
        except OidcIamError as error:
            self._fail("The run could not start", str(error), "")
        except OSError as error:
            self._fail("This machine refused", error.strerror or str(error), "Free what it needs.")
        finally:
            if self.progress.outcome is None:
                self.progress.take(
                    Interrupted(self.log, harmless="planning" if self.kind == "plan" else "")
                )
            self._ended = self._now()

    async def _may_begin(self) -> bool:
        """Whether all that has to hold does; what does not is the outcome."""
        if self._checks is None:
            return True
        self.progress.take(PhaseStarted(None, "checking what a deployment needs"))
        self._checking = asyncio.ensure_future(self._check(self._checks))
        try:
            await asyncio.wait([self._checking])
        finally:
            self._checking.cancel()
        if self.cancelled:
            return False
        if causes := self._checking.result():
            self.progress.take(Failed(1, causes, self.log))
        return not causes

    async def _check(self, checks: AsyncIterator[CheckResult]) -> tuple[Cause, ...]:
        failed = []
        async for result in checks:
            self._note(OutputLine(None, f"{result.title}: {result.seen} {result.remedy}".strip()))
            if result.verdict == "fail":
                failed.append(Cause(result.title, result.seen, result.remedy))
            elif result.verdict == "warn":
                self.warnings.append(result)
        return tuple(failed)

    async def _take(self) -> None:
        async with self._run as run:
            taken = 0
            async for event in run:
                self._note(event)
                taken += 1
                if taken % _AT_ONCE == 0:
                    # Lines that are there already come without a wait between them.
                    await asyncio.sleep(0)

    def _note(self, event: Event) -> None:
        self.progress.take(event)
        match event:
            case OutputLine(stack, text):
                self.lines.append(f"{stack}  {text}" if stack else text)
            case PartLine(text):
                self.lines.append(text)

    def _fail(self, title: str, message: str, remedy: str) -> None:
        self.progress.take(Failed(1, (Cause(title, message, remedy),), self.log))
