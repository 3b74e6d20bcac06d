"""The real world behind `wizard.tui.outside`: cdktf, the doctor, this machine.

What is slow to import is imported in a thread, when it is first needed.
"""

from __future__ import annotations

import asyncio
import importlib
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from deployment import surroundings
from deployment.cdktf.project import cdktf_program, project_of
from deployment.logs import keep_traceback
from deployment.process import start_process
from deployment.sequence import Deployment
from deployment.surroundings import Surroundings
from federation.errors import WorldError
from federation.model.config import ClusterConfig
from federation.yaml import files
from wizard.tui.outside import CheckResult, Verdict

if TYPE_CHECKING:
    from deployment.preflight import Requirement
    from doctor.finding import Finding

T = TypeVar("T")
_PROBED = frozenset({"names", "tls", "discovery", "keys"})


class Live:
    """What the app reaches beyond itself, for one project."""

    def __init__(self, project: Path) -> None:
        self._project = project

    def surroundings(self) -> Surroundings:
        """What is known on this machine."""
        return surroundings.look()

    def now(self) -> float:
        """Seconds on a clock that only goes forward."""
        return time.monotonic()

    async def check_machine(self) -> AsyncIterator[CheckResult]:
        """The programs of this machine that a deployment needs."""
        module = await _import("deployment.preflight")
        async for each in _in_thread(module.preflight(None)):
            yield _result_of_requirement(each)

    async def preflight(self, deployment: Deployment) -> AsyncIterator[CheckResult]:
        """What a deployment needs, check by check."""
        async for each in _in_thread(deployment.preflight()):
            yield _result_of_requirement(each)

    async def probe(self, config: ClusterConfig) -> AsyncIterator[CheckResult]:
        """What there is of a cluster: DNS, certificates, discovery documents."""
        async for result in self._examine(config, only=_PROBED):
            yield result

    async def prove(self, config: ClusterConfig) -> AsyncIterator[CheckResult]:
        """The checks of a live federation, with tokens that STS must refuse."""
        sandbox = await _import("sandbox.here")
        key = await asyncio.to_thread(sandbox.signing_key, config)
        async for result in self._examine(config, negative=True, signing_key=key):
            yield result

    async def terraform(self, config: ClusterConfig) -> Mapping[str, str]:
        """The Terraform of a configuration as HCL, by stack, made in a folder of its own."""
        folder = self._project / ".drafts" / "review"
        path = folder / "config.yaml"
        await asyncio.to_thread(files.save, config, path)
        project = project_of(path, config)
        program = cdktf_program(self._project)
        command = project.command(program, "synth", "--hcl", "--output", str(folder / "out"))
        async with start_process(command) as child:
            lines = [line async for line in child.lines()]
            status = await child.wait()
        if status:
            said = "\n".join(lines[-20:])
            raise WorldError(f"'cdktf synth --hcl' ended with status {status}:\n{said}")
        return await asyncio.to_thread(_read_hcl, folder / "out" / "stacks", config.stacks)

    def deployment(self, path: Path, config: ClusterConfig, *, destroys: bool) -> Deployment:
        """What deploys a configuration, or takes it down."""
        return Deployment(path, config, destroys)

    async def _examine(self, config: ClusterConfig, **options: Any) -> AsyncIterator[CheckResult]:
        runner = await _import("doctor.runner")
        examination = await _import("doctor.examination")
        chosen = examination.Options(
            project=self._project, keep_traceback=keep_traceback, **options
        )
        async for finding in runner.examine(config, chosen):
            yield _result_of_finding(finding)


def _read_hcl(folder: Path, stacks: Iterable[str]) -> dict[str, str]:
    return {stack: (folder / stack / "cdk.tf").read_text(encoding="utf-8") for stack in stacks}


_VERDICTS: dict[str, Verdict] = {"ok": "pass", "warn": "warn", "fail": "fail"}


def _result_of_requirement(check: Requirement) -> CheckResult:
    return CheckResult(_VERDICTS[check.verdict], check.name, check.seen, check.remedy or "")


def _result_of_finding(finding: Finding) -> CheckResult:
    expected = f"Expected: {finding.expected}." if finding.expected else ""
    remedy = " ".join(filter(None, (expected, finding.cause, finding.fix)))
    return CheckResult(finding.verdict, finding.title, finding.seen, remedy, finding.about)


async def _import(module: str) -> Any:
    return await asyncio.to_thread(importlib.import_module, module)


async def _in_thread(values: Iterator[T]) -> AsyncIterator[T]:
    """The values of an iterator that waits for each of them."""
    end = object()
    while (value := await asyncio.to_thread(next, values, end)) is not end:
        yield value  # type: ignore[misc]
