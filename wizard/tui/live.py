"""The real world behind `wizard.tui.ports`: cdktf, the doctor, this machine.

What is slow to import is imported in a thread, when it is first needed.
"""

from __future__ import annotations

import asyncio
import importlib
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from federation import files
from federation.config import ClusterConfig
from federation.errors import WorldError
from wizard import surroundings
from wizard.cdktf import runs
from wizard.cdktf.events import Event, Line, Step, Succeeded
from wizard.logs import new_log
from wizard.process import started
from wizard.surroundings import Surroundings
from wizard.tui.ports import Result, Verdict

if TYPE_CHECKING:
    from doctor.finding import Finding
    from wizard.preflight import Check

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

    async def preflight(self, config: ClusterConfig | None) -> AsyncIterator[Result]:
        """What a deployment needs, check by check."""
        module = await _imported("wizard.preflight")
        async for check in _in_thread(module.preflight(config)):
            yield _checked(check)

    async def probe(self, config: ClusterConfig) -> AsyncIterator[Result]:
        """What there is of a cluster: DNS, certificates, discovery documents."""
        async for result in self._examined(config, only=_PROBED):
            yield result

    async def prove(self, config: ClusterConfig) -> AsyncIterator[Result]:
        """The checks of a live federation, with tokens that STS must refuse."""
        async for result in self._examined(config, negative=True):
            yield result

    async def terraform(self, config: ClusterConfig) -> Mapping[str, str]:
        """The Terraform of a configuration as HCL, by stack, made in a folder of its own."""
        folder = self._project / ".drafts" / "review"
        path = folder / "config.yaml"
        await asyncio.to_thread(files.save, config, path)
        project = runs.project(path, config)
        program = runs.cdktf_program(self._project)
        command = project.command(program, "synth", "--hcl", "--output", str(folder / "out"))
        async with started(command) as child:
            lines = [line async for line in child.lines()]
            status = await child.wait()
        if status:
            said = "\n".join(lines[-20:])
            raise WorldError(f"'cdktf synth --hcl' ended with status {status}:\n{said}")
        stacks = folder / "out" / "stacks"
        return {stack: (stacks / stack / "cdk.tf").read_text() for stack in config.stacks}

    def plan(self, path: Path, config: ClusterConfig, *, destroy: bool) -> runs.Run:
        """What a deployment, or taking all down, would change."""
        project = runs.project(path, config)
        return runs.plan(project, new_log(f"plan-{config.cluster}"), destroy=destroy)

    def deploy(self, path: Path, config: ClusterConfig) -> _Applying:
        """Apply what was planned, and the manifests where Terraform does not."""
        run = runs.deploy(runs.project(path, config), new_log(f"deploy-{config.cluster}"))
        return _Applying(run, config)

    def destroy(self, path: Path, config: ClusterConfig) -> _Destroying:
        """Take all down, manifests first."""
        run = runs.destroy(runs.project(path, config), new_log(f"destroy-{config.cluster}"))
        return _Destroying(run, config)

    async def _examined(self, config: ClusterConfig, **options: Any) -> AsyncIterator[Result]:
        runner = await _imported("doctor.runner")
        examination = await _imported("doctor.examination")
        chosen = examination.Options(project=self._project, **options)
        async for finding in runner.examine(config, chosen):
            yield _found(finding)


class _Applying:
    """A deployment; what is left to do after cdktf belongs to it."""

    def __init__(self, run: runs.Run, config: ClusterConfig) -> None:
        self._run = run
        self._config = config

    @property
    def log(self) -> Path:
        return self._run.log

    @property
    def log_error(self) -> str | None:
        return self._run.log_error

    def interrupt(self) -> None:
        self._run.interrupt()

    async def __aenter__(self) -> Self:
        await self._run.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._run.__aexit__(*error)

    def __aiter__(self) -> AsyncIterator[Event]:
        return self._events()

    async def _events(self) -> AsyncIterator[Event]:
        async for event in self._run:
            if isinstance(event, Succeeded) and self._config.kubernetes.apply == "manifests":
                yield Step(None, "applying manifests")
                for line in await asyncio.to_thread(self._apply, event.outputs):
                    yield Line(None, line)
            yield event

    def _apply(self, outputs: Mapping[str, Mapping[str, Any]]) -> list[str]:
        from wizard.manifests import apply_manifests

        said: list[str] = []
        role_arns = outputs[self._config.stack("identity")]["role_arns"]
        apply_manifests(self._config, role_arns, said.append)
        return said


class _Destroying(_Applying):
    """Taking down; what has to be done before cdktf belongs to it."""

    async def _events(self) -> AsyncIterator[Event]:
        yield Step(None, "looking for what others have made")
        for line in await asyncio.to_thread(self._delete):
            yield Line(None, line)
        async for event in self._run:
            yield event

    def _delete(self) -> list[str]:
        from wizard import manifests

        said: list[str] = []
        manifests.refuse_others(self._config)
        if self._config.kubernetes.apply == "manifests":
            manifests.delete_manifests(self._config, said.append)
        return said


_VERDICTS: dict[str, Verdict] = {"ok": "pass", "warn": "warn", "fail": "fail"}


def _checked(check: Check) -> Result:
    return Result(_VERDICTS[check.verdict], check.name, check.seen, check.remedy or "")


def _found(finding: Finding) -> Result:
    expected = f"Expected: {finding.expected}." if finding.expected else ""
    remedy = " ".join(filter(None, (expected, finding.cause, finding.fix)))
    return Result(finding.verdict, finding.title, finding.seen, remedy, finding.about)


async def _imported(module: str) -> Any:
    return await asyncio.to_thread(importlib.import_module, module)


async def _in_thread(values: Iterator[T]) -> AsyncIterator[T]:
    """The values of an iterator that waits for each of them."""
    end = object()
    while (value := await asyncio.to_thread(next, values, end)) is not end:
        yield value  # type: ignore[misc]
