"""The real world behind `wizard.tui.ports`: cdktf, the doctor, this machine.

What is slow to import is imported in a thread, when it is first needed.
"""

from __future__ import annotations

import asyncio
import importlib
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
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
Outputs = Mapping[str, Mapping[str, Any]]
"""Stack to output to value."""
Say = Callable[[str], object]

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
        sandbox = await _imported("wizard.cli.sandbox")
        key = await asyncio.to_thread(sandbox.signing_key, config)
        async for result in self._examined(config, negative=True, signing_key=key):
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
        return await asyncio.to_thread(_written, folder / "out" / "stacks", config.stacks)

    def plan(self, path: Path, config: ClusterConfig, *, destroy: bool) -> _Surrounded:
        """What a deployment, or taking all down, would change."""
        run = runs.plan(
            runs.project(path, config), new_log(f"plan-{config.cluster}"), destroy=destroy
        )
        return _Surrounded(run, before=_refusing_others(config) if destroy else None)

    def deploy(self, path: Path, config: ClusterConfig) -> _Surrounded:
        """Apply what was planned, and the manifests where Terraform does not."""
        run = runs.deploy(runs.project(path, config), new_log(f"deploy-{config.cluster}"))
        return _Surrounded(run, after=_applying_manifests(config))

    def destroy(self, path: Path, config: ClusterConfig) -> _Surrounded:
        """Take all down, manifests first."""
        run = runs.destroy(runs.project(path, config), new_log(f"destroy-{config.cluster}"))
        return _Surrounded(run, before=_deleting_manifests(config))

    async def _examined(self, config: ClusterConfig, **options: Any) -> AsyncIterator[Result]:
        runner = await _imported("doctor.runner")
        examination = await _imported("doctor.examination")
        chosen = examination.Options(project=self._project, **options)
        async for finding in runner.examine(config, chosen):
            yield _found(finding)


@dataclass(frozen=True)
class _Part:
    """What belongs to a run besides cdktf; `work` blocks, and says what it does line by line."""

    doing: str
    work: Callable[[Outputs, Say], object]

    async def events(self, outputs: Outputs) -> AsyncIterator[Event]:
        """Do it in a thread, and tell each line as it comes."""
        loop = asyncio.get_running_loop()
        said: asyncio.Queue[str | None] = asyncio.Queue()

        def say(line: str) -> None:
            loop.call_soon_threadsafe(said.put_nowait, line)

        yield Step(None, self.doing)
        working = asyncio.ensure_future(asyncio.to_thread(self.work, outputs, say))
        working.add_done_callback(lambda _: said.put_nowait(None))
        while (line := await said.get()) is not None:
            yield Line(None, line)
        await working


class _Surrounded:
    """A run of cdktf, with what comes before it and after its success."""

    def __init__(
        self, run: runs.Run, *, before: _Part | None = None, after: _Part | None = None
    ) -> None:
        self._run = run
        self._before = before
        self._after = after
        self._entered = AsyncExitStack()

    @property
    def log(self) -> Path:
        return self._run.log

    @property
    def log_error(self) -> str | None:
        return self._run.log_error

    def interrupt(self) -> None:
        self._run.interrupt()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: Any) -> None:
        await self._entered.__aexit__(*error)

    async def __aiter__(self) -> AsyncIterator[Event]:
        if self._before is not None:
            async for event in self._before.events({}):
                yield event
        # Entering it starts cdktf.
        async for event in await self._entered.enter_async_context(self._run):
            if isinstance(event, Succeeded) and self._after is not None:
                async for told in self._after.events(event.outputs):
                    yield told
            yield event


def _written(folder: Path, stacks: Iterable[str]) -> dict[str, str]:
    return {stack: (folder / stack / "cdk.tf").read_text(encoding="utf-8") for stack in stacks}


def _refusing_others(config: ClusterConfig) -> _Part:
    def work(_: Outputs, __: Say) -> None:
        from wizard.manifests import refuse_others

        refuse_others(config)

    return _Part("looking for what others have made", work)


def _applying_manifests(config: ClusterConfig) -> _Part | None:
    def work(outputs: Outputs, say: Say) -> None:
        from wizard.manifests import apply_manifests

        apply_manifests(config, outputs[config.stack("identity")]["role_arns"], say)

    manifests = config.kubernetes.apply == "manifests"
    return _Part("applying manifests", work) if manifests else None


def _deleting_manifests(config: ClusterConfig) -> _Part | None:
    def work(_: Outputs, say: Say) -> None:
        from wizard.manifests import delete_manifests

        delete_manifests(config, say)

    manifests = config.kubernetes.apply == "manifests"
    return _Part("deleting manifests", work) if manifests else None


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
