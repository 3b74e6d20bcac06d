"""Plans and deployments in the app: how they go on, end, fail, are cancelled and left alone."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from project_files import STAGING
from scripted import CAUSE, CHANGES, LOG, OUTPUTS, Scripted, World, deploying, failing, planning
from textual.widgets import Input, ProgressBar
from textual.widgets._footer import FooterKey
from walking import (
    Walk,
    answer,
    choose,
    done,
    ended,
    on,
    shown,
    to_deployment,
    to_plan,
    toasts,
    until,
    walking,
    wizard,
)

from deployment.cdktf import applying
from deployment.cdktf.events import Event, Failed, OutputLine, PhaseStarted, Retrying, Succeeded
from deployment.cdktf.project import Project
from deployment.process import LONGEST_LINE
from deployment.runs import Run
from deployment.sequence import Deployment
from federation.errors import WorldError
from federation.model.config import ClusterConfig
from review.plan.changes import Plan, ResourceChange, StackPlan
from wizard.tui.outside import CheckResult
from wizard.tui.screens.deploy import ShowDeployment
from wizard.tui.screens.dialogs import Ask, Asked, Typed
from wizard.tui.screens.done import Done
from wizard.tui.screens.plan import ShowPlan
from wizard.tui.screens.questions import Questions
from wizard.tui.screens.start import Start
from wizard.tui.widgets.log_view import LogView

_ENDLESS = 300_000
"""Lines after which a key that was not taken never will be."""


@pytest.fixture(autouse=True)
def _file(project: Path, world: World) -> None:
    world.machine = ()
    (project / "clusters" / "staging.yaml").write_text(STAGING)


@pytest.fixture
def gate() -> asyncio.Event:
    """Lets a deployment end."""
    return asyncio.Event()


async def test_a_plan_that_fails_shows_the_cause_and_the_remedy_above_the_log(
    project: Path, world: World
) -> None:
    world.planned = Scripted(
        [OutputLine("prod-identity", "Planning failed."), Failed(1, (CAUSE,), LOG)]
    )
    async with walking(project, world) as walk:
        await to_plan(walk)
        assert shown(walk, "#summary") == "There is no plan."
        assert shown(walk, "#failure") == (
            "✗ These AWS credentials may not do iam:CreateRole\n"
            "  aws_iam_role.default_oidc-iam-pod\n"
            "  AccessDenied: User is not authorized to perform: iam:CreateRole\n"
            "  To do: Allow iam:CreateRole for them, or use other credentials\n"
            "  (AWS_PROFILE)."
        )
        failure, log = walk.app.screen.query_one("#failure"), walk.app.screen.query_one(LogView)
        assert failure.region.bottom <= log.region.y
        assert shown(walk, "LogView").endswith("prod-identity  Planning failed.")
        await walk.press("ctrl+n")
        assert isinstance(walk.app.screen, ShowPlan)
        world.planned = Scripted(planning())
        await walk.press("r")
        await ended(walk)
        assert shown(walk, "#summary") == "+ 3 to add   ~ 0 to change   - 0 to destroy"


async def test_a_plan_without_changes_leaves_the_manifests_to_be_done(
    project: Path, world: World
) -> None:
    world.planned = Scripted([Succeeded({}, Plan(()))])
    async with walking(project, world) as walk:
        await to_plan(walk)
        assert shown(walk, "#summary") == (
            "Terraform has nothing to change. The manifests are still to be applied."
        )
        assert not walk.app.screen.query_one("PlanTree").display


async def test_what_terraform_only_forgets_is_counted_and_marked(
    project: Path, world: World
) -> None:
    forget = ResourceChange("kubernetes_pod_v1.a", "kubernetes_pod_v1", "a", "forget")
    world.planned = Scripted(planning(Plan((StackPlan("prod-workloads", (forget,)),))))
    async with walking(project, world) as walk:
        await to_plan(walk)
        assert shown(walk, "#summary") == (
            "+ 0 to add   ~ 0 to change   - 0 to destroy   . 1 to forget"
        )
        assert shown(walk, "PlanTree") == (
            "▼ prod-workloads  +0 ~0 -0\n└ . kubernetes_pod_v1.a (forgotten, stays in the cluster)"
        )
        await walk.press("ctrl+n")
        await on(walk, ShowDeployment)
        await ended(walk)


async def test_a_deployment_without_resources_is_whole_in_the_end(
    project: Path, world: World, gate: asyncio.Event
) -> None:
    world.planned = Scripted([Succeeded({}, Plan(()))])
    world.deployed = Scripted([PhaseStarted(None, "deploying"), Succeeded(OUTPUTS)], gate)
    async with walking(project, world) as walk:
        await to_deployment(walk)
        bar = walk.app.screen.query_one(ProgressBar)
        assert bar.percentage is None
        gate.set()
        await ended(walk)
        assert bar.percentage == 1


async def test_what_a_deployment_lacks_stops_it_before_anything_runs(
    project: Path, world: World
) -> None:
    world.machine = (CheckResult("fail", "terraform", "not found.", "Install Terraform 1.10."),)
    async with walking(project, world) as walk:
        await to_plan(walk)
        assert shown(walk, "#failure") == (
            "✗ terraform\n  not found.\n  To do: Install Terraform 1.10."
        )
    assert not world.planned.waiting.is_set()


async def test_a_deployment_that_fails_shows_why_and_can_be_planned_again(
    project: Path, world: World
) -> None:
    world.deployed = Scripted(failing())
    (project / "state").mkdir()
    made = {"resources": [{"mode": "managed", "instances": [{}]}]}
    (project / "state" / "staging-identity.tfstate").write_text(json.dumps(made))
    async with walking(project, world) as walk:
        await to_deployment(walk)
        await ended(walk)
        assert shown(walk, "#working") == "✗ Stopped after 0 s."
        failure, log = walk.app.screen.query_one("#failure"), walk.app.screen.query_one(LogView)
        assert failure.region.bottom <= log.region.y
        assert toasts(walk) == ["staging could not be deployed."]
        world.planned = Scripted(planning())
        await walk.press("r")
        await on(walk, ShowPlan)
        await ended(walk)
        await walk.press("escape")
        await done(walk, "clusters")
        assert shown(walk, "#clusters") == (
            "+ New configuration\n◔ staging  deployed in part  staging.example.com"
        )
    assert world.asked == ["plan staging.yaml", "deploy staging.yaml", "plan staging.yaml"]


async def test_a_program_that_cannot_be_started_is_a_failure_too(
    project: Path, world: World
) -> None:
    class Refused(Scripted):
        async def __aenter__(self) -> Refused:
            raise WorldError("cdktf cannot be started: install the npm packages.")

    world.deployed = Refused([Succeeded({})])
    async with walking(project, world) as walk:
        await to_deployment(walk)
        await ended(walk)
        assert shown(walk, "#failure") == (
            "✗ The run could not start\n  cdktf cannot be started: install the npm packages."
        )


async def test_keys_are_taken_while_a_flood_of_lines_comes(project: Path, world: World) -> None:
    world.deployed = flood = Flood()
    async with walking(project, world) as walk:
        await to_deployment(walk)
        await walk.press("slash")
        await on(walk, Asked)
        search = walk.app.screen.query_one(Input)
        for letter in "9999":
            walk.app.simulate_key(letter)
        flood.begin(lambda: search.value == "9999")
        await flood.over.wait()
        assert search.value == "9999"
        await walk.press("enter")
        await on(walk, ShowDeployment)
        await ended(walk)
        assert walk.app.screen.query_one(LogView)._found == 9999


class Flood(Scripted):
    """Prints 10,000 lines without a pause, and goes on until what is typed meanwhile is taken.

    Attributes:
        over: Is set when nothing more comes.
    """

    def __init__(self) -> None:
        super().__init__([Succeeded(OUTPUTS)])
        self.over = asyncio.Event()
        self._begun = asyncio.Event()
        self._taken: Callable[[], bool] = lambda: True

    def begin(self, taken: Callable[[], bool]) -> None:
        """Begin to print; `taken` says whether all that was typed has arrived."""
        self._taken = taken
        self._begun.set()

    async def __aiter__(self) -> AsyncIterator[Event]:
        await self._begun.wait()
        for number in range(_ENDLESS):
            yield OutputLine("prod-identity", f"line {number}")
            if number >= 10_000 and self._taken():
                break
        self.over.set()
        async for event in super().__aiter__():
            yield event


async def test_output_that_is_no_text_or_has_no_end_is_shown_as_far_as_it_can_be(
    project: Path, world: World
) -> None:
    async with walking(project, Real(project)) as walk:
        await to_plan(walk, destroy=True)
        await walk.press("ctrl+n")
        await on(walk, Typed)
        await walk.press(*"staging", "enter")
        await on(walk, ShowDeployment)
        await ended(walk)
        lines = list(_lines(walk))
    cut = f"{'y' * 2000}…"
    pieces = 2**20 // LONGEST_LINE
    assert lines == ["a  \ufffdx", f"a  {cut[3:]}", *[cut] * (pieces - 1), "a  the end"]


class Real(World):
    """A world whose cdktf is a process that prints what nobody can read."""

    def __init__(self, folder: Path) -> None:
        super().__init__(planned=Scripted(planning(CHANGES)))
        self._folder = folder

    def deployment(self, path: Path, config: ClusterConfig, *, destroys: bool) -> Deployment:
        self.destroyed = self._unreadable()
        return super().deployment(path, config, destroys=destroys)

    def _unreadable(self) -> Run:
        program = self._folder / "node_modules" / ".bin" / "cdktf"
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(
            f"#!{sys.executable}\nimport sys\nwrite = sys.stdout.buffer.write\n"
            "write(b'a  \\xffx\\n   ' + b'y' * (2**20 - 3) + b'\\na  the end\\n')\n"
        )
        program.chmod(0o755)
        return applying.destroy(Project(self._folder, ("a",)), self._folder / "run.log")


async def test_cancelling_asks_and_interrupts_once(
    project: Path, world: World, gate: asyncio.Event
) -> None:
    world.deployed = Scripted(deploying(), gate)
    async with walking(project, world) as walk:
        await to_deployment(walk)
        await world.deployed.waiting.wait()
        await walk.press("c")
        await on(walk, Ask)
        await walk.press("enter")
        await on(walk, ShowDeployment)
        assert world.deployed.interrupts == 0
        await walk.press("c")
        await on(walk, Ask)
        await walk.press("right", "enter")
        await on(walk, ShowDeployment)
        await walk.press("c", "ctrl+c")
        await ended(walk)
        assert shown(walk, "#failure") == (
            "Interrupted. The state has what was done; the next run continues from there.\n"
            "The log: logs/run.log"
        )
    assert world.deployed.interrupts == 1


async def test_leaving_the_screen_does_not_end_the_deployment_and_quitting_is_refused(
    project: Path, world: World, gate: asyncio.Event
) -> None:
    world.deployed = Scripted(deploying(), gate)
    async with walking(project, world) as walk:
        await to_deployment(walk)
        await world.deployed.waiting.wait()
        await walk.press("escape")
        await on(walk, Start)
        wizard(walk)._show_meanwhile()
        await walk.pause()
        assert shown(walk, "Trail").endswith("▶ staging 3/3")
        await walk.press("ctrl+q")
        assert toasts(walk) == [
            "staging is being changed, and would be left half done. Wait for the end, or cancel on "
            "the deployment's screen."
        ]
        assert walk.app.is_running
        await walk.press("p")
        await until(walk, lambda: len(toasts(walk)) == 2)
        assert toasts(walk)[1] == "staging is being worked on: one at a time."
        await choose(walk, "Show the deployment")
        await on(walk, ShowDeployment)
        gate.set()
        await ended(walk)
        assert shown(walk, "#working") == "✓ Deployed in 0 s."
    assert world.deployed.interrupts == 0


async def test_a_deployment_that_ends_elsewhere_says_so(
    project: Path, world: World, gate: asyncio.Event
) -> None:
    world.deployed = Scripted(deploying(), gate)
    async with walking(project, world) as walk:
        await to_deployment(walk)
        await walk.press("escape", "n")
        await on(walk, Questions)
        await answer(walk, "issuer", "other.example.com")
        gate.set()
        await until(walk, lambda: toasts(walk))
        assert toasts(walk) == ["staging is deployed."]
        assert wizard(walk).session.draft.answer("issuer") == "other.example.com"


async def test_destroying_wants_the_name_of_the_cluster(project: Path, world: World) -> None:
    world.planned = Scripted(planning(CHANGES))
    async with walking(project, world) as walk:
        await to_plan(walk, destroy=True)
        await walk.press("ctrl+n")
        await on(walk, Typed)
        await walk.press(*"prod", "enter")
        assert isinstance(walk.app.screen, Typed)
        await walk.press("escape")
        await on(walk, ShowPlan)
        assert world.asked == ["plan staging.yaml to destroy"]
        await walk.press("ctrl+n")
        await on(walk, Typed)
        await walk.press(*"staging", "enter")
        await on(walk, ShowDeployment)
        await ended(walk)
        assert shown(walk, "#working") == "✓ Destroyed in 0 s."
    assert world.asked == ["plan staging.yaml to destroy", "destroy staging.yaml"]


async def test_what_is_said_of_a_run_that_destroys_is_about_destroying(
    project: Path, world: World, gate: asyncio.Event
) -> None:
    world.planned = Scripted(planning(CHANGES))
    world.destroyed = Scripted([Succeeded({})], gate)
    async with walking(project, world) as walk:
        await to_plan(walk, destroy=True)
        assert "Destroy" in _offered(walk)
        assert "Deploy" not in _offered(walk)
        await walk.press("ctrl+n")
        await on(walk, Typed)
        await walk.press(*"staging", "enter")
        await on(walk, ShowDeployment)
        await walk.press("ctrl+c")
        await on(walk, Ask)
        assert " ".join(shown(walk, "VerticalScroll Static").split()) == (
            "Terraform finishes the resources in flight and stops. Destroyed resources stay "
            "destroyed; the next destroy continues from there."
        )
        await walk.press("enter")
        gate.set()
        await ended(walk)
        assert "Next steps" in _offered(walk)
        assert "Outputs and proof" not in _offered(walk)
        await walk.press("ctrl+n")
        await on(walk, Done)


def _offered(walk: Walk) -> list[str]:
    """What the keys of the line below are for."""
    return [str(key.description) for key in walk.app.screen.query(FooterKey)]


async def test_leaving_a_plan_that_is_being_made_stops_it(
    project: Path, world: World, gate: asyncio.Event
) -> None:
    world.planned = Scripted(planning(), gate)
    async with walking(project, world) as walk:
        await walk.press("down", "p")
        await on(walk, ShowPlan)
        await world.planned.waiting.wait()
        await walk.press("escape")
        await on(walk, Start)
    assert world.planned.interrupts == 1


async def test_the_bar_the_stack_the_resource_and_the_time_are_shown(
    project: Path, world: World, gate: asyncio.Event
) -> None:
    events = [*deploying()[:8], Retrying("IAM CreateRole", "Throttling", 2, 25)]
    world.deployed = Scripted([*events, Succeeded(OUTPUTS)], gate)
    async with walking(project, world) as walk:
        await to_deployment(walk)
        await world.deployed.waiting.wait()
        world.time += 3725
        walk.app.screen.query_one(LogView).focus()
        screen = walk.app.screen
        assert isinstance(screen, ShowDeployment)
        screen.look()
        await walk.pause()
        assert shown(walk, "#counts").strip() == "1 of 3  1:02:05"
        assert shown(walk, "#working") == ("Retrying: IAM CreateRole: Throttling, attempt 2 of 25")
        gate.set()


async def test_the_log_is_searched_and_copied(project: Path, world: World) -> None:
    world.deployed = Scripted(failing())
    (project / "logs").mkdir()
    (project / LOG).write_text("all of it\n")
    async with walking(project, world) as walk:
        await to_deployment(walk)
        await ended(walk)
        log = walk.app.screen.query_one(LogView)
        await walk.press("slash")
        await on(walk, Asked)
        await walk.press(*"creating", "enter")
        await on(walk, ShowDeployment)
        found = [log._found]
        for key in ("n", "n", "N"):
            await walk.press(key)
            found.append(log._found)
        assert found == [0, 2, 3, 2]
        await walk.press("w")
        await on(walk, Asked)
        field = walk.app.screen.query_one(Input)
        assert field.value == "run.log"
        field.value = "copy.log"
        await walk.press("enter")
        await until(walk, lambda: "copy.log" in toasts(walk))
        assert (project / "copy.log").read_text() == "all of it\n"
        await walk.press("w")
        await on(walk, Asked)
        walk.app.screen.query_one(Input).value = "nowhere/copy.log"
        await walk.press("enter")
        await until(walk, lambda: len(toasts(walk)) == 3)
        assert toasts(walk)[-1] == "nowhere/copy.log: No such file or directory."


async def test_where_nothing_was_run_there_is_no_log_to_copy(project: Path, world: World) -> None:
    world.machine = (CheckResult("fail", "terraform", "not found.", "Install Terraform 1.10."),)
    async with walking(project, world) as walk:
        await to_plan(walk)
        await walk.press("w")
        await on(walk, Asked)
        await walk.press("enter")
        await until(walk, lambda: toasts(walk))
        assert toasts(walk) == ["There is no log: nothing was run."]


def _lines(walk: Walk) -> list[str]:
    activity = wizard(walk).session.activity
    assert activity is not None
    return list(activity.lines)
