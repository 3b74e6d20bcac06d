"""Runs cdktf and Terraform on the stacks of one configuration.

`synth`, `plan`, `deploy` and `destroy` each return a `Run`, which a presenter iterates over: it
yields the events of `deployment.cdktf.events`, the last of which is the outcome. What belongs to a
run besides cdktf is a `Part` of it. Deploying is `cdktf deploy` itself. The plan comes from
Terraform directly: `cdktf diff` takes one stack and prints for a person, and cannot plan a stack
that reads outputs of one that is not applied yet.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from deployment.causes import Cause, explain_all
from deployment.cdktf import hands, retries
from deployment.cdktf.events import (
    Event,
    Extent,
    Failed,
    Interrupted,
    Line,
    Outcome,
    StackPlanned,
    Step,
    Succeeded,
)
from deployment.cdktf.hands import FindHands, Hands
from deployment.cdktf.log import CdktfLog, TerraformLog
from deployment.cdktf.plan import planned_outputs, state_with
from deployment.process import Child, Command, Log, capture, started
from deployment.surroundings import kubeconfig_paths
from federation.errors import OidcIamError, WorldError
from federation.model.config import ClusterConfig
from federation.private import close
from federation.strict_json import json_object
from federation.yaml.files import PROJECT
from review.plan.changes import Plan, StackPlan, stack_plan

_TIMEOUT = 120.0
_STOPPED = 130
_OWN_STATE = "own.tfstate"
_QUIET = ("-input=false", "-no-color")


@dataclass(frozen=True)
class Project:
    """Where cdktf runs, and on what.

    Attributes:
        folder: The folder with `cdktf.json`.
        stacks: The names of the stacks, in the order in which they are applied.
        environment: What Terraform and the app find in their environment besides ours.
    """

    folder: Path
    stacks: tuple[str, ...]
    environment: Mapping[str, str | None] = field(default_factory=dict, repr=False)

    def with_environment(self, environment: Mapping[str, str | None]) -> Project:
        """The same with more in the environment."""
        return replace(self, environment={**self.environment, **environment})

    def stack_folder(self, stack: str) -> Path:
        """Where a stack's Terraform is, and runs."""
        return self.folder / "cdktf.out" / "stacks" / stack

    def command(self, *args: str, cwd: Path | None = None, **environment: str) -> Command:
        """A command of this project, with all that cdktf and Terraform need around them."""
        return Command(
            args,
            cwd or self.folder,
            {**_environment(self.folder), **self.environment, **environment},
            # Interrupted itself, the CDKTF CLI ends at once, and its pseudo-terminal hangs up on a
            # Terraform that has yet to write its state and to release the lock.
            interrupt_first=frozenset({"terraform", "tofu", Path(terraform_program()).name}),
        )


def project(
    path: Path, config: ClusterConfig, environment: Mapping[str, str | None] | None = None
) -> Project:
    """The project that deploys a configuration.

    Args:
        path: The configuration's file.
        config: What it holds.
        environment: More for Terraform's environment.
    """
    return Project(
        PROJECT,
        config.stacks,
        {
            "OIDC_IAM_CONFIG": str(path.resolve()),
            # The kubernetes provider does not read KUBECONFIG.
            "TF_VAR_kubeconfig_paths": json.dumps(kubeconfig_paths()),
            **(environment or {}),
        },
    )


def terraform_program() -> str:
    """The Terraform to use: TERRAFORM_BINARY_NAME, as for the CDKTF CLI, or what is there."""
    if named := os.environ.get("TERRAFORM_BINARY_NAME"):
        return named
    return "tofu" if not shutil.which("terraform") and shutil.which("tofu") else "terraform"


def cdktf_program(folder: Path) -> str:
    """The CDKTF CLI to use: the project's own, or else what the PATH has."""
    own = folder / "node_modules" / ".bin" / "cdktf"
    return str(own) if own.exists() else "cdktf"


Outputs = Mapping[str, Mapping[str, Any]]
"""Stack to output to value."""
Say = Callable[[str], object]
"""Reports a line. It raises if the run was interrupted, so that a part ends between two steps."""


@dataclass(frozen=True)
class Part:
    """What belongs to a run besides cdktf: manifests, say.

    Attributes:
        doing: What it does, in words.
        work: Does it in a thread, with the outputs of the stacks, and says what it does.
    """

    doing: str
    work: Callable[[Outputs, Say], object]


@dataclass(frozen=True)
class Behind:
    """What earlier configurations have left to be done.

    Attributes:
        projects: Each has a stack to take down, in this order, with the configuration that made it.
        find: Finds what changes hands in a stack of any of these projects, instead of being
            destroyed or made.
    """

    projects: tuple[Project, ...] = ()
    find: FindHands | None = None

    @property
    def stacks(self) -> tuple[str, ...]:
        """The stacks to take down."""
        return tuple(stack for project in self.projects for stack in project.stacks)


FindBehind = Callable[[], Behind]
"""Finds it, in a thread: it reads files."""


def synth(project: Project, log: Path, *, hcl: bool = False) -> Run:
    """Write the stacks' Terraform below `cdktf.out`, as JSON or as HCL."""
    return Run(
        project, log, lambda run: _synthesized(run, run.project, hcl=hcl), harmless="synthesizing"
    )


def plan(
    project: Project,
    log: Path,
    *,
    destroy: bool = False,
    before: Part | None = None,
    behind: FindBehind = Behind,
) -> Run:
    """Synthesize, and say what a deployment (or taking everything down) would change.

    A stack that reads outputs which are not known yet is planned with text in their place, so that
    the plan is whole before anything is applied. The plan for destroying is made from the state
    alone: it does not ask a cluster that may be gone.

    Args:
        project: What to plan.
        log: Where all that is printed goes.
        destroy: Whether it is all to be taken down.
        before: What is done first.
        behind: Finds what comes last in the plan.
    """
    return Run(
        project, log, lambda run: _planned(run, destroy, behind), before, harmless="planning"
    )


def deploy(
    project: Project, log: Path, *, after: Part | None = None, behind: FindBehind = Behind
) -> Run:
    """Run `cdktf deploy` on what was synthesized, without asking: the plan has been agreed to.

    It succeeds only with Terraform's own summary of each stack: the CDKTF CLI can end with 0 after
    an interrupt with nothing done (measured: one of eight tries).

    Args:
        project: What to deploy.
        log: Where all that is printed goes.
        after: What is done with the outputs then.
        behind: Finds what changes hands, and what is taken down after all that.
    """
    return Run(project, log, lambda run: _deployed(run, after, behind), due=project.stacks)


def destroy(
    project: Project, log: Path, *, before: Part | None = None, behind: FindBehind = Behind
) -> Run:
    """Run `cdktf destroy` on what was synthesized, without asking; see `deploy` for its success.

    Args:
        project: What to destroy.
        log: Where all that is printed goes.
        before: What is done first.
        behind: Finds what changes hands, and what is taken down after all that.
    """
    due = project.stacks[::-1]
    return Run(project, log, lambda run: _destroyed(run, behind), before, due)


class Run:
    """One run: an iterator of events, which runs while its `async with` block lasts.

    It does not wait for whoever reads the events. Leaving the block early, or being cancelled,
    interrupts what runs and waits for its end.
    """

    def __init__(
        self,
        project: Project,
        log: Path,
        steps: Callable[[Run], Coroutine[Any, Any, Outcome]],
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
        async with started(command, self._log) as self._child:
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
            self.tell(Line(None, line))

        def say_or_stop(line: str) -> None:
            stops = self.interrupted
            loop.call_soon_threadsafe(say, line)
            if stops:
                raise _StoppedError

        self.tell(Step(None, part.doing))
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
            async with retries.watched(self.tell) as environment:
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


async def _applied(run: Run, doing: str, verb: str, *more: str) -> Failed | Interrupted | None:
    """Have the CDKTF CLI apply or destroy the stacks; how that failed, or None."""
    run.tell(Step(None, doing))
    reader = CdktfLog(run.project.stacks)
    # The lock of providers needs the public registry, which a mirror may stand in for.
    options = ("--auto-approve", "--skip-synth", "--skip-provider-lock", "--no-color")
    args = (verb, *run.project.stacks, *options, *more)
    program = cdktf_program(run.project.folder)
    try:
        status = await run.execute(run.project.command(program, *args), reader)
    finally:
        for stack in run.project.stacks:
            hands.remove(run.project.stack_folder(stack))
    run.finish(*(stack for stack in run.project.stacks if stack in reader.done))
    unproven = [stack for stack in run.project.stacks if stack not in reader.done]
    if status or unproven:
        return run.failure(status, reader, *(() if status else map(_unproven, unproven)))
    return None


def _unproven(stack: str) -> Cause:
    return Cause(
        f"{stack} is not finished",
        "The command ended without an error, but Terraform did not report that it is done.",
        "Run the command again: it continues from the state. The log has all that was printed.",
    )


async def _deployed(run: Run, after: Part | None, behind: FindBehind) -> Outcome:
    found = await asyncio.to_thread(behind)
    run.expect(*((after.doing,) if after else ()), *found.stacks)
    if failure := await _hand_over(run, run.project, found.find):
        return failure
    with tempfile.TemporaryDirectory() as folder:
        outputs = Path(folder) / "outputs.json"
        args = ("deploy", "--outputs-file", str(outputs))
        if failure := await _applied(run, "deploying", *args):
            return failure
        made = await asyncio.to_thread(_outputs, run.project, outputs)
    if after is not None and (stopped := await run.do(after, made)):
        return stopped
    return await _take_down(run, found) or Succeeded(made)


def _outputs(project: Project, place: Path) -> dict[str, dict[str, Any]]:
    """What the CDKTF CLI wrote of the outputs.

    Raises:
        WorldError: it is not there, or lacks a stack that has outputs.
    """
    try:
        made: dict[str, dict[str, Any]] = json.loads(place.read_text(encoding="utf-8"))
        missing = [
            each for each in project.stacks if each not in made and _has_outputs(project, each)
        ]
    except (OSError, ValueError) as error:
        raise WorldError(
            f"The stacks are applied, but cdktf wrote no outputs that can be read ({error}). "
            "Run the command again."
        ) from error
    if missing:
        raise WorldError(
            f"The stacks are applied, but cdktf wrote no outputs of {', '.join(missing)}. "
            "Run the command again."
        )
    return made


def _has_outputs(project: Project, stack: str) -> bool:
    place = project.stack_folder(stack) / "cdk.tf.json"
    return place.exists() and bool(json.loads(place.read_text(encoding="utf-8")).get("output"))


async def _destroyed(run: Run, behind: FindBehind) -> Outcome:
    found = await asyncio.to_thread(behind)
    run.expect(*found.stacks)
    if failure := await _hand_over(run, run.project, found.find):
        return failure
    if failure := await _applied(run, "destroying", "destroy"):
        return failure
    return await _take_down(run, found) or Succeeded({})


async def _synthesized(run: Run, project: Project, *, hcl: bool = False) -> Outcome:
    """Write the stacks' Terraform; what an earlier synthesis wrote does not count."""
    run.tell(Step(None, "synthesizing"))
    await asyncio.to_thread(_remove_synthesized, project)
    reader: CdktfLog | TerraformLog = CdktfLog(project.stacks) if hcl else TerraformLog(None)
    program = cdktf_program(project.folder)
    command = project.command(program, "synth", "--hcl") if hcl else _app(project)
    status = await run.execute(command, reader)
    name = "cdk.tf" if hcl else "cdk.tf.json"
    places = (project.stack_folder(stack) / name for stack in project.stacks)
    missing = () if status else tuple(_unwritten(each) for each in places if not each.exists())
    return run.failure(status, reader, *missing) if status or missing else Succeeded({})


def _remove_synthesized(project: Project) -> None:
    for stack in project.stacks:
        for name in ("cdk.tf", "cdk.tf.json"):
            (project.stack_folder(stack) / name).unlink(missing_ok=True)
        hands.remove(project.stack_folder(stack))


def _unwritten(place: Path) -> Cause:
    return Cause(
        f"{place.parent.name} was not synthesized",
        f"The command ended without an error, but did not write {place}.",
        "The log has all that was printed.",
    )


async def _take_down(run: Run, behind: Behind) -> Failed | Interrupted | None:
    """Destroy stacks alone; how that failed, or None.

    Terraform does it itself: the CDKTF CLI takes no stack without those that depend on it. It goes
    by the state alone, as the plan for it does: what the stack reads of others may be gone.
    """
    for project in map(run.around, behind.projects):
        outcome = await _synthesized(run, project)
        if not isinstance(outcome, Succeeded):
            return outcome
        if failure := await _hand_over(run, project, behind.find, left=True):
            return failure
        for stack in project.stacks:
            run.tell(Step(stack, f"destroying {stack}"))
            if failure := await _terraform(run, project, stack, "init", *_QUIET):
                return failure
            args = ("destroy", "-auto-approve", "-refresh=false", *_QUIET)
            if failure := await _terraform(run, project, stack, *args, summary=True):
                return failure
            run.finish(stack)
    return None


async def _hand_over(
    run: Run, project: Project, find: FindHands | None, *, left: bool = False
) -> Failed | Interrupted | None:
    """Have the stacks' states and folders say what changes hands; how that failed, or None."""
    for stack in project.stacks if find else ():
        state = await _pulled(run, project, stack)
        if isinstance(state, Failed | Interrupted):
            return state
        found, lifted = await asyncio.to_thread(
            _changing_hands, project, stack, state, find, left=left
        )
        await asyncio.to_thread(hands.write, project.stack_folder(stack), found, lifted)
        for note in found.notes:
            run.tell(Line(stack, note))
        if found.removed and (failure := await _remove(run, project, stack, found)):
            return failure
    return None


def _changing_hands(
    project: Project, stack: str, state: hands.State, find: FindHands | None, *, left: bool
) -> tuple[Hands, set[str]]:
    """What changes hands in a stack, and the guards in the way of what is to be destroyed."""
    if find is None:
        return Hands(), set()
    place = project.stack_folder(stack) / "cdk.tf.json"
    configuration = json.loads(place.read_text(encoding="utf-8"))
    found = find(stack, state, {} if left else configuration)
    there = hands.managed(hands.without(state, found.removed))
    return found, hands.guarded(configuration) & there.keys()


async def _remove(
    run: Run, project: Project, stack: str, found: Hands
) -> Failed | Interrupted | None:
    """Take resources out of a stack's state, and make sure that they are out of it."""
    run.tell(Step(stack, f"letting Terraform forget {', '.join(found.removed)}"))
    if failure := await _terraform(run, project, stack, "state", "rm", *found.removed):
        return failure
    state = await asyncio.to_thread(_state, project, stack)
    if stay := hands.managed(state).keys() & set(found.removed):
        raise WorldError(
            f"'terraform state rm' ended without an error, but the state of {stack} still has "
            f"{', '.join(sorted(stay))}. Nothing was destroyed. Run the command again."
        )
    for backup in project.stack_folder(stack).glob("terraform.tfstate.*.backup"):
        backup.unlink()  # the whole state, which may hold secrets
    return None


async def _pulled(run: Run, project: Project, stack: str) -> dict[str, Any] | Failed | Interrupted:
    """A stack's state; its folder is initialized if it has to be."""
    if (project.stack_folder(stack) / ".terraform").exists():
        with suppress(WorldError):
            return await asyncio.to_thread(_state, project, stack)
    if failure := await _terraform(run, project, stack, "init", *_QUIET):
        return failure
    return await asyncio.to_thread(_state, project, stack)


async def _terraform(
    run: Run, project: Project, stack: str, *args: str, summary: bool = False
) -> Failed | Interrupted | None:
    """Run Terraform in a stack's folder; how that failed, or None."""
    command = project.command(terraform_program(), *args, cwd=project.stack_folder(stack))
    return await _execute(run, stack, command, summary=summary)


async def _execute(
    run: Run, stack: str, command: Command, *, summary: bool = False
) -> Failed | Interrupted | None:
    """Run a command of Terraform on a stack; how that failed, or None.

    With `summary` it has to print that the stack is applied or destroyed.
    """
    reader = TerraformLog(stack)
    status = await run.execute(command, reader)
    if status or (summary and not reader.done):
        return run.failure(status, reader, *(() if status else (_unproven(stack),)))
    return None


async def _planned(run: Run, destroy: bool, behind: FindBehind) -> Outcome:
    found = await asyncio.to_thread(behind)
    left: list[StackPlan] = []
    for project in map(run.around, found.projects):
        # First, since the folders of the project's own stacks have to be whole in the end.
        planned = await _plans(run, project, found.find, destroy=True, left_behind=True)
        if isinstance(planned, Failed):
            return replace(planned, causes=(*planned.causes, *map(_stays, project.stacks)))
        if isinstance(planned, Interrupted):
            return planned
        left += planned
    planned = await _plans(run, run.project, found.find, destroy=destroy)
    if not isinstance(planned, list):
        return planned
    return Succeeded({}, Plan((*planned, *left)))


def _stays(stack: str) -> Cause:
    cluster = stack.rpartition("-")[0]
    return Cause(
        f"{stack} cannot be taken down",
        "It was deployed, and is no longer in the configuration.",
        "Solve what is said above. To leave it as it is, and forget it, remove what is noted of it "
        f"in state/: {cluster}.applied.json, {cluster}.begun.json and {stack}.left-behind.yaml.",
    )


async def _plans(
    run: Run,
    project: Project,
    find: FindHands | None,
    *,
    destroy: bool,
    left_behind: bool = False,
) -> list[StackPlan] | Failed | Interrupted:
    outcome = await _synthesized(run, project)
    if not isinstance(outcome, Succeeded):
        return outcome
    planning = _Planning(run, project, find, destroy=destroy, left_behind=left_behind)
    for stack in project.stacks:
        run.tell(Step(stack, f"planning {stack}"))
        if failure := await planning.add(stack):
            return failure
    return planning.plans[::-1] if destroy else planning.plans


class _Planning:
    """Plans stack after stack, in copies of their folders below `cdktf.out/plans`.

    The copies read the planned outputs of the stacks before them in place of the real ones. A
    stack's own folder stays as it was synthesized, since `cdktf deploy` takes all that is in it.
    """

    def __init__(
        self,
        run: Run,
        project: Project,
        find: FindHands | None,
        *,
        destroy: bool,
        left_behind: bool,
    ) -> None:
        self.plans: list[StackPlan] = []
        self._run = run
        self._project = project
        self._destroy = destroy
        self._find = find
        self._left_behind = left_behind
        self._outputs: dict[str, dict[str, Any]] = {}

    async def add(self, stack: str) -> Failed | Interrupted | None:
        """Plan one more; how it failed, or None."""
        folder = self._copy(stack)
        try:
            return await self._plan(stack, folder)
        finally:
            for each in ("plan", _OWN_STATE):
                (folder / each).unlink(missing_ok=True)  # they hold all values, secret ones too

    async def _plan(self, stack: str, folder: Path) -> Failed | Interrupted | None:
        if failure := await self._do(stack, folder, "init"):
            return failure
        found = Hands()
        if self._find is not None:
            found = await asyncio.to_thread(self._hand_over, stack, folder)
            for note in found.notes:
                self._run.tell(Line(stack, note))
            if found.removed and (failure := await self._do(stack, folder, "init")):
                return failure
        whole = ["-destroy", "-refresh=false"] if self._destroy else []
        if failure := await self._do(stack, folder, "plan", *whole, "-out=plan"):
            return failure
        shown = await asyncio.to_thread(self._shown, stack, folder)
        plan = stack_plan(stack, shown)
        self.plans.append(replace(plan, changes=(*plan.changes, *found.changes)))
        self._outputs[stack] = planned_outputs(stack, shown)
        self._run.tell(StackPlanned(self.plans[-1]))
        return None

    async def _do(self, stack: str, folder: Path, *args: str) -> Failed | Interrupted | None:
        return await _execute(self._run, stack, self._terraform(stack, folder, *args, *_QUIET))

    def _hand_over(self, stack: str, folder: Path) -> Hands:
        """Let the copy have what changes hands, with a state of its own where that is less."""
        state = _state(self._project, stack)
        found, lifted = _changing_hands(
            self._project, stack, state, self._find, left=self._left_behind
        )
        hands.write(folder, found, lifted)
        if found.removed:
            (folder / _OWN_STATE).write_text(json.dumps(hands.without(state, found.removed)))
            place = folder / "cdk.tf.json"
            configuration = json.loads(place.read_text())
            configuration["terraform"]["backend"] = {"local": {"path": _OWN_STATE}}
            place.write_text(json.dumps(configuration))
        return found

    def _copy(self, stack: str) -> Path:
        source = self._project.stack_folder(stack)
        # As deep as the stack's own folder, so that relative paths in it lead to the same places.
        folder = source.parents[1] / "plans" / stack
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700, parents=True)  # what is planned, with all values, comes here
        lock = source / ".terraform.lock.hcl"
        if lock.exists():
            shutil.copy(lock, folder)
        configuration = json.loads((source / "cdk.tf.json").read_text())
        self._redirect(configuration, folder)
        (folder / "cdk.tf.json").write_text(json.dumps(configuration))
        return folder

    def _redirect(self, configuration: dict[str, Any], folder: Path) -> None:
        """Let references to stacks that are planned already read their planned outputs."""
        references = configuration.get("data", {}).get("terraform_remote_state", {})
        for name, reference in references.items():
            for stack, outputs in self._outputs.items():
                if _backend_of(self._project.stack_folder(stack)) == _place(reference):
                    state = f"{name}.tfstate"
                    (folder / state).write_text(state_with(outputs))
                    references[name] = {"backend": "local", "config": {"path": state}}

    def _terraform(self, stack: str, folder: Path, *args: str) -> Command:
        # The providers that are installed here are those that cdktf finds installed later; but
        # Terraform would ask whether a state that is elsewhere is to be moved.
        own = (folder / _OWN_STATE).exists()
        data = (folder if own else self._project.stack_folder(stack)) / ".terraform"
        return self._project.command(terraform_program(), *args, cwd=folder, TF_DATA_DIR=str(data))

    def _shown(self, stack: str, folder: Path) -> dict[str, Any]:
        command = self._terraform(stack, folder, "show", "-json", "plan")
        captured = capture(command, _TIMEOUT)
        if captured.status:
            raise WorldError(f"Terraform cannot show its plan of {stack}: {captured.stderr}")
        return json_object(f"The plan of {stack}", captured.stdout)


def _state(project: Project, stack: str) -> dict[str, Any]:
    """A stack's state, from wherever it is; its folder is initialized. It may hold secrets."""
    folder = project.stack_folder(stack)
    captured = capture(project.command(terraform_program(), "state", "pull", cwd=folder), _TIMEOUT)
    if captured.status:
        raise WorldError(f"Terraform cannot read the state of {stack}: {captured.stderr}")
    return json_object(f"The state of {stack}", captured.stdout or "{}")


def _backend_of(folder: Path) -> dict[str, Any]:
    configuration = json.loads((folder / "cdk.tf.json").read_text())
    [(kind, config)] = configuration["terraform"]["backend"].items()
    return _place({"backend": kind, "config": config})


def _place(state: Mapping[str, Any]) -> dict[str, Any]:
    """Where a state is, without how it is written (encryption, locking)."""
    config = state["config"]
    return {"backend": state["backend"]} | {
        key: config[key] for key in ("path", "bucket", "key") if key in config
    }


def _app(project: Project) -> Command:
    """The app that cdktf.json names: what `cdktf synth` runs, without the seconds around it."""
    return project.command(
        sys.executable, "main.py", CDKTF_OUTDIR=str(project.folder / "cdktf.out")
    )


def _environment(folder: Path) -> dict[str, str | None]:
    """What makes cdktf and Terraform print for a program: no colours, no spinners, no questions."""
    programs = (Path(sys.executable).parent, folder / "node_modules" / ".bin")
    return {
        "PATH": os.pathsep.join([*map(str, programs), os.environ.get("PATH", "")]),
        "TERRAFORM_BINARY_NAME": terraform_program(),
        # Ink, which draws the CLI's output, then only appends.
        "CI": "true",
        "FORCE_COLOR": "0",
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
        # One folder for all stacks would have them overwrite each other's.
        "TF_DATA_DIR": None,
        "CHECKPOINT_DISABLE": "1",
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "18,20",
    }
