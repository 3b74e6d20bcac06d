"""Runs the layers of an examination side by side and hands out findings as they come."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, replace

from doctor import evidence
from doctor.catalog import ANSWERS, CHECKS, ERROR
from doctor.examination import (
    ASKER,
    LAYERS,
    Check,
    Examination,
    Missing,
    Options,
    WorkloadCheck,
    is_for_us,
    raised,
)
from doctor.finding import Finding, Rule
from federation.model.config import ClusterConfig, Workload

_LAYER_OF_ANSWER = {rule.code: rule.layer for rules in ANSWERS.values() for rule in rules}
"""The layers of the codes that no check bears: they say why evidence cannot be had."""


async def examine(config: ClusterConfig, options: Options | None = None) -> AsyncIterator[Finding]:
    """Examine a federation and yield each finding when it is there, in no fixed order.

    `ordered` puts them in the order of a report. Leaving early gives up what still runs.
    """
    examination = Examination(config, options or Options())
    round_ = _Round(examination)
    tasks = [asyncio.ensure_future(round_.work(job)) for job in _jobs(examination)]
    try:
        for _ in tasks:
            while (finding := await round_.findings.get()) is not None:
                yield finding
        for task in tasks:
            task.result()  # a bug of ours surfaces here
        for finding in round_.untold():
            yield finding
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await examination.close()


async def examined(config: ClusterConfig, options: Options | None = None) -> list[Finding]:
    """Examine a federation to the end; findings come in the order of a report."""
    return ordered([finding async for finding in examine(config, options)])


def ordered(findings: Iterable[Finding]) -> list[Finding]:
    """Findings by layer, within a layer as its checks stand, and by what they are about.

    What is wrong with evidence itself stands before the checks that look into it.
    """
    places = {
        check.rule.code: place for checks in CHECKS.values() for place, check in enumerate(checks)
    }
    return sorted(
        findings,
        key=lambda each: (LAYERS.index(each.layer), places.get(each.code, -1), each.about),
    )


def selects(options: Options, rule: Rule) -> bool:
    """Whether the check of a rule is to run.

    A code that no check bears (`discovery-forbidden`) selects its layer: only that can tell it.
    """
    names = {rule.layer, rule.code}
    answers = {_LAYER_OF_ANSWER.get(name) for name in options.only}
    chosen = not options.only or names & options.only or rule.layer in answers
    return bool(chosen) and not names & options.skip


@dataclass(frozen=True)
class _Job:
    """One check, of one workload where it is for each."""

    layer: str
    rule: Rule
    about: str
    look: Callable[[Examination], AsyncIterator[Finding]]


def _jobs(examination: Examination) -> Iterator[_Job]:
    for layer, checks in CHECKS.items():
        for check in checks:
            if not selects(examination.options, check.rule):
                continue
            if isinstance(check, Check):
                yield _Job(layer, check.rule, "", check.look)
                continue
            for workload in examination.config.workloads:
                look = functools.partial(_of_workload, check, workload)
                yield _Job(layer, check.rule, evidence.name(workload), look)


def _of_workload(
    check: WorkloadCheck, workload: Workload, examination: Examination
) -> AsyncIterator[Finding]:
    return check.look(examination, workload)


class _Round:
    """The findings of the checks that run now, and what was told of what is missing."""

    def __init__(self, examination: Examination) -> None:
        self.findings: asyncio.Queue[Finding | None] = asyncio.Queue()
        self._examination = examination
        self._skipped = examination.options.skip
        self._told: set[Finding] = set()
        self._causes: dict[Finding, None] = {}
        self._slow: dict[Hashable, _Job] = {}
        self._raised: list[BaseException] = []

    async def work(self, job: _Job) -> None:
        """Run one check; None in the queue marks its end."""
        seconds = self._examination.options.timeout
        ASKER.set(job)
        try:
            async with asyncio.timeout(seconds) as limit:
                async for finding in job.look(self._examination):
                    self._tell(finding)
        except Missing as missing:
            self._explain(job, missing)
        except BaseException as error:
            if isinstance(error, TimeoutError) and limit.expired():
                self._give_up(job, seconds)
            elif is_for_us(error):
                raise
            else:
                self._report(job, error)
        finally:
            self.findings.put_nowait(None)

    def untold(self) -> list[Finding]:
        """What is wrong with evidence whose own layer was not looked at."""
        return [finding for finding in self._causes if finding not in self._told]

    def _explain(self, job: _Job, missing: Missing) -> None:
        """Tell what is wrong in its own layer; elsewhere it is the reason of a skip."""
        cause = missing.finding
        if cause is not None and cause.code not in self._skipped:
            self._causes[cause] = None
            if cause.layer == job.layer:
                self._tell(cause)
                if cause.code == job.rule.code and cause.about in ("", job.about):
                    return
        self._tell(job.rule.skipped(str(missing), job.about, cause.code if cause else ""))

    def _give_up(self, job: _Job, seconds: float) -> None:
        """Tell once that there is no answer: others that wait for the same are skipped for it."""
        place = self._examination.stuck_at(job)
        first = self._slow.setdefault(place, job) if place else job
        if first is job:
            seen = f"no response within {seconds:g} s"
            self._tell(job.rule.failed(seen, "an answer", job.about, cause=_SLOW, fix=_LOOK))
        else:
            code = first.rule.code
            self._tell(job.rule.skipped(f"see {code}", job.about, code))

    def _report(self, job: _Job, error: BaseException) -> None:
        """Report an exception that no check expects, once: several may wait for the same piece."""
        if any(error is each for each in self._raised):
            self._tell(job.rule.skipped(f"see {ERROR.code}", job.about, ERROR.code))
            return
        self._raised.append(error)
        seen = f"{job.rule.code} raised {raised(self._examination.options, error)}"
        finding = ERROR.failed(seen, "a result of the check", job.about)
        self._tell(replace(finding, layer=job.layer))

    def _tell(self, finding: Finding) -> None:
        """Tell each finding once: several checks may meet the same."""
        if finding not in self._told and finding.code not in self._skipped:
            self._told.add(finding)
            self.findings.put_nowait(finding)


_SLOW = "The server that this check asks responds too slowly, or not at all."
_LOOK = "Check the server and the network in between."
