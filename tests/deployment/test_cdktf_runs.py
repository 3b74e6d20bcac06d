"""Runs against the real CDKTF CLI and Terraform where that is quick, else against scripted ones.

The real ones need no provider: their only resource is `terraform_data`, which is built in.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cdktf_app import project_of, stack

from deployment.causes import Cause
from deployment.cdktf import applying, hands, planning, synthesis
from deployment.cdktf.events import (
    Counted,
    Event,
    Extent,
    Failed,
    Interrupted,
    OutputLine,
    PartLine,
    PhaseStarted,
    ResourceDone,
    ResourceStarted,
    Retrying,
    StackDone,
    StackPlanned,
    Succeeded,
)
from deployment.cdktf.handover import Behind
from deployment.cdktf.hands import Configuration, Hands, State
from deployment.cdktf.project import Project, terraform_program
from deployment.cdktf.run import CdktfRun, Outputs, Part, Say
from deployment.cdktf.state import backend_of, state_place
from federation.errors import UserError, WorldError
from review.plan.changes import UNKNOWN, AttributeChange, ResourceChange

IDENTITY = stack(
    "demo-identity",
    resource={"terraform_data": {"role": {"input": "app"}}},
    output={
        "role_arns": {"value": {"default/app": "${terraform_data.role.id}", "fixed": "arn"}},
        "name": {"value": "app"},
    },
)
WORKLOADS = stack(
    "demo-workloads",
    data={
        "terraform_remote_state": {
            "identity": {
                "backend": "local",
                "config": {"path": "../../../state/demo-identity.tfstate"},
            }
        }
    },
    resource={
        "terraform_data": {
            "pod": {
                "input": {
                    "role": "${data.terraform_remote_state.identity.outputs"
                    '.role_arns["default/app"]}',
                    "fixed": "${data.terraform_remote_state.identity.outputs.role_arns.fixed}",
                }
            }
        }
    },
)
STACKS = {"demo-identity": IDENTITY, "demo-workloads": WORKLOADS}


async def events_of(run: CdktfRun) -> list[Event]:
    async with run:
        return [event async for event in run]


async def news_of(run: CdktfRun) -> list[Event]:
    return [event for event in await events_of(run) if not isinstance(event, OutputLine | Retrying)]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "run.log"


async def test_a_plan_is_whole_before_anything_is_applied(tmp_path: Path, log: Path) -> None:
    project = project_of(tmp_path, STACKS)
    *steps, outcome = await news_of(planning.plan(project, log))
    assert isinstance(outcome, Succeeded)
    assert outcome.plan is not None
    assert [step for step in steps if not isinstance(step, StackPlanned)] == [
        PhaseStarted(None, "synthesizing"),
        PhaseStarted("demo-identity", "planning demo-identity"),
        Counted("demo-identity", 1, 0, 0),
        PhaseStarted("demo-workloads", "planning demo-workloads"),
        ResourceStarted("demo-workloads", "data.terraform_remote_state.identity", "read"),
        ResourceDone("demo-workloads", "data.terraform_remote_state.identity", "read", 0),
        Counted("demo-workloads", 1, 0, 0),
    ]
    assert [step.plan for step in steps if isinstance(step, StackPlanned)] == [*outcome.plan.stacks]
    [_, workloads] = outcome.plan.stacks
    assert workloads.changes == (
        ResourceChange(
            "terraform_data.pod",
            "terraform_data",
            "pod",
            "create",
            (
                AttributeChange("id", None, UNKNOWN),
                AttributeChange("input.fixed", None, '"arn"'),
                AttributeChange("input.role", None, '"(known after demo-identity)"'),
                AttributeChange("output", None, UNKNOWN),
            ),
        ),
    )
    assert (outcome.plan.add, outcome.plan.change, outcome.plan.destroy) == (2, 0, 0)


async def test_a_plan_leaves_nothing_in_the_stacks_folders(tmp_path: Path, log: Path) -> None:
    project = project_of(tmp_path, STACKS)
    await events_of(planning.plan(project, log))
    folders = {
        name: sorted(path.name for path in project.stack_folder(name).iterdir()) for name in STACKS
    }
    assert folders == {name: [".terraform", "cdk.tf.json"] for name in STACKS}
    assert list((tmp_path / "state").iterdir()) == []


async def test_the_whole_way_plan_deploy_change_and_destroy(tmp_path: Path, log: Path) -> None:
    project = project_of(tmp_path, STACKS)
    await events_of(planning.plan(project, log))

    deployed = await news_of(applying.deploy(project, log))
    role_id = deployed[-1].outputs["demo-identity"]["role_arns"]["default/app"]  # type: ignore[union-attr]
    assert deployed == [
        PhaseStarted(None, "deploying"),
        Counted("demo-identity", 1, 0, 0),
        ResourceStarted("demo-identity", "terraform_data.role", "create"),
        ResourceDone("demo-identity", "terraform_data.role", "create", 0),
        StackDone("demo-identity", 1, 0, 0),
        ResourceStarted("demo-workloads", "data.terraform_remote_state.identity", "read"),
        ResourceDone("demo-workloads", "data.terraform_remote_state.identity", "read", 0),
        Counted("demo-workloads", 1, 0, 0),
        ResourceStarted("demo-workloads", "terraform_data.pod", "create"),
        ResourceDone("demo-workloads", "terraform_data.pod", "create", 0),
        StackDone("demo-workloads", 1, 0, 0),
        Succeeded(
            {
                "demo-identity": {
                    "name": "app",
                    "role_arns": {"default/app": role_id, "fixed": "arn"},
                },
            }
        ),
    ]

    unchanged = (await events_of(planning.plan(project, log)))[-1]
    assert isinstance(unchanged, Succeeded)
    assert unchanged.plan is not None
    assert unchanged.plan.empty

    removal = (await events_of(planning.plan(project, log, destroy=True)))[-1]
    assert isinstance(removal, Succeeded)
    assert removal.plan is not None
    assert [(each.stack, each.destroy) for each in removal.plan.stacks] == [
        ("demo-workloads", 1),
        ("demo-identity", 1),
    ]

    assert await news_of(applying.destroy(project, log)) == [
        PhaseStarted(None, "destroying"),
        ResourceStarted("demo-workloads", "data.terraform_remote_state.identity", "read"),
        ResourceDone("demo-workloads", "data.terraform_remote_state.identity", "read", 0),
        Counted("demo-workloads", 0, 0, 1),
        ResourceStarted("demo-workloads", "terraform_data.pod", "delete"),
        ResourceDone("demo-workloads", "terraform_data.pod", "delete", 0),
        StackDone("demo-workloads", 0, 0, 1),
        Counted("demo-identity", 0, 0, 1),
        ResourceStarted("demo-identity", "terraform_data.role", "delete"),
        ResourceDone("demo-identity", "terraform_data.role", "delete", 0),
        StackDone("demo-identity", 0, 0, 1),
        Succeeded({}),
    ]


async def test_a_new_output_can_be_planned_with_beside_old_ones(tmp_path: Path, log: Path) -> None:
    only = {"demo-identity": stack("demo-identity", output={"role_arns": {"value": {"a": "b"}}})}
    project = project_of(tmp_path, only)
    await events_of(planning.plan(project, log))
    await events_of(applying.deploy(project, log))

    outcome = (await events_of(planning.plan(project_of(tmp_path, STACKS), log)))[-1]
    assert isinstance(outcome, Succeeded)
    assert outcome.plan is not None
    assert (outcome.plan.add, outcome.plan.change, outcome.plan.destroy) == (2, 0, 0)


async def test_a_cli_configuration_that_is_missing_is_no_failure(tmp_path: Path, log: Path) -> None:
    project = project_of(tmp_path, STACKS, TF_CLI_CONFIG_FILE=str(tmp_path / "none"))
    assert isinstance((await events_of(planning.plan(project, log)))[-1], Succeeded)
    assert isinstance((await events_of(applying.deploy(project, log)))[-1], Succeeded)


async def test_a_failing_resource_fails_the_run_with_its_cause(tmp_path: Path, log: Path) -> None:
    command = "echo 'AccessDenied: User: me is not authorized to perform: iam:CreateRole'; exit 3"
    bad = {"provisioner": [{"local-exec": {"command": command}}]}
    project = project_of(
        tmp_path, {"demo-identity": stack("demo-identity", resource={"terraform_data": {"r": bad}})}
    )
    await events_of(planning.plan(project, log))
    outcome = (await events_of(applying.deploy(project, log)))[-1]
    assert isinstance(outcome, Failed)
    assert (outcome.status, outcome.log) == (1, log)
    assert [(cause.title, cause.where) for cause in outcome.causes] == [
        ("These AWS credentials may not do iam:CreateRole", "terraform_data.r")
    ]


async def test_a_failing_plan_ends_the_run(tmp_path: Path, log: Path) -> None:
    broken = stack("demo-identity", output={"x": {"value": "${terraform_data.none.id}"}})
    project = project_of(tmp_path, {"demo-identity": broken, "demo-workloads": WORKLOADS})
    events = await news_of(planning.plan(project, log))
    outcome = events[-1]
    assert isinstance(outcome, Failed)
    assert [cause.title for cause in outcome.causes] == ["Reference to undeclared resource"]
    assert PhaseStarted("demo-workloads", "planning demo-workloads") not in events


async def test_an_app_that_fails_ends_the_run_with_what_it_said(tmp_path: Path, log: Path) -> None:
    project = project_of(tmp_path, STACKS)
    (tmp_path / "main.py").write_text("raise SystemExit('clusters/a.yaml:3: no such field')")
    events = await events_of(planning.plan(project, log))
    assert events == [
        PhaseStarted(None, "synthesizing"),
        OutputLine(None, "clusters/a.yaml:3: no such field"),
        Failed(
            1,
            (
                Cause(
                    "clusters/a.yaml:3: no such field",
                    "clusters/a.yaml:3: no such field",
                    "The log has the full output. Run the command again when it is solved.",
                ),
            ),
            log,
        ),
    ]


class _Backend(BaseHTTPRequestHandler):
    """A state backend over HTTP (Terraform's "http" backend) that takes its time to save."""

    saving: threading.Event
    saved: threading.Event
    calls: list[str]

    def do_GET(self) -> None:
        self.calls.append("GET")
        self._answer(404)

    def do_POST(self) -> None:
        self.calls.append("POST")
        self.saving.set()
        self.saved.wait(60)
        self._answer(200)

    def do_LOCK(self) -> None:
        self.calls.append("LOCK")
        self._answer(200)

    def do_UNLOCK(self) -> None:
        self.calls.append("UNLOCK")
        self._answer(200)

    def log_message(self, *_: object) -> None:
        """Print nothing."""

    def _answer(self, status: int) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()


@pytest.fixture
def backend() -> Iterator[tuple[str, type[_Backend]]]:
    class Backend(_Backend):
        saving = threading.Event()
        saved = threading.Event()
        calls: list[str] = []  # noqa: RUF012 - one for the test

    with ThreadingHTTPServer(("127.0.0.1", 0), Backend) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/state", Backend
        Backend.saved.set()
        server.shutdown()
        thread.join()


async def test_an_interrupt_lets_terraform_save_its_state_and_release_its_lock(
    tmp_path: Path, log: Path, backend: tuple[str, type[_Backend]]
) -> None:
    url, server = backend
    places = dict.fromkeys(("address", "lock_address", "unlock_address"), url)
    long = {
        "depends_on": ["terraform_data.quick"],
        "provisioner": [{"local-exec": {"command": "exec sleep 600"}}],
    }
    project = project_of(
        tmp_path,
        {
            "demo-a": {
                "terraform": {"backend": {"http": places}},
                "resource": {"terraform_data": {"quick": {}, "slow": long}},
            },
            "demo-b": stack("demo-b", resource={"terraform_data": {"r": {}}}),
        },
    )
    await events_of(planning.plan(project, log))
    server.calls.clear()
    events: list[Event] = []
    async with applying.deploy(project, log) as run:
        async for event in run:
            events.append(event)
            if isinstance(event, OutputLine) and "exec sleep 600" in event.text:
                run.interrupt()
                assert await asyncio.to_thread(server.saving.wait, 60)
                run.interrupt()
                server.saved.set()
    assert events[-1] == Interrupted(log, Extent((), ("demo-a", "demo-b")))
    assert (server.calls[-2:], server.calls.count("LOCK")) == (["POST", "UNLOCK"], 1)
    assert ResourceDone("demo-a", "terraform_data.quick", "create", 0) in events
    assert not (tmp_path / "state" / "demo-b.tfstate").exists()


def summary(stack: str, verb: str = "Apply") -> str:
    """A line of a script that prints what Terraform prints at the end of a stack."""
    counts = "0 added, 0 changed, 0 destroyed" if verb == "Apply" else "0 destroyed"
    return f"print('{stack}  {verb} complete! Resources: {counts}.')"


def summaries(*stacks: str, verb: str = "Apply") -> str:
    """The same for several stacks."""
    return "\n".join(summary(stack, verb) for stack in stacks)


WRITES_OUTPUTS = "open(sys.argv[-1], 'w').write('{}')"
DESTROYED_A = summary("a", "Destroy")
DONE_A: list[Event] = [
    OutputLine("a", "Destroy complete! Resources: 0 destroyed."),
    StackDone("a", 0, 0, 0),
]


def scripted(folder: Path, code: str, *stacks: str) -> Project:
    """A project whose CDKTF CLI is a Python program."""
    program = folder / "node_modules" / ".bin" / "cdktf"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!{sys.executable} -u\nimport json, os, signal, sys, time\n{code}")
    program.chmod(0o755)
    return Project(folder, stacks)


async def test_cdktf_gets_exact_stacks_and_no_questions(tmp_path: Path, log: Path) -> None:
    code = "print(json.dumps([*sys.argv[1:-1], os.environ['CI'], os.environ['TF_INPUT']]))"
    code += f"\n{WRITES_OUTPUTS}\n{summaries('prod-discovery', 'prod-identity')}"
    project = scripted(tmp_path, code, "prod-discovery", "prod-identity")
    events = await events_of(applying.deploy(project, log))
    assert [events[1], events[-1]] == [
        OutputLine(
            None,
            json.dumps(
                [
                    *("deploy", "prod-discovery", "prod-identity"),
                    *("--auto-approve", "--skip-synth", "--skip-provider-lock", "--no-color"),
                    *("--outputs-file", "true", "0"),
                ]
            ),
        ),
        Succeeded({}),
    ]


async def test_what_comes_before_ends_before_cdktf_starts(tmp_path: Path, log: Path) -> None:
    seen = tmp_path / "started"
    project = scripted(tmp_path, f"open({str(seen)!r}, 'w'); {DESTROYED_A}", "a")

    def work(_: Outputs, say: Say) -> None:
        say(f"started: {seen.exists()}")

    assert await events_of(applying.destroy(project, log, before=Part("looking", work))) == [
        PhaseStarted(None, "looking"),
        PartLine("started: False"),
        PhaseStarted(None, "destroying"),
        *DONE_A,
        Succeeded({}),
    ]
    assert seen.exists()
    assert log.read_text().splitlines()[:2] == ["# looking", "started: False"]


async def test_where_what_comes_before_refuses_cdktf_never_starts(
    tmp_path: Path, log: Path
) -> None:
    def refuse(_: Outputs, __: Say) -> None:
        raise UserError("There is something of others.")

    run = applying.destroy(scripted(tmp_path, "", "a"), log, before=Part("looking", refuse))
    with pytest.raises(UserError, match=r"^There is something of others\.$"):
        await events_of(run)
    assert log.read_text() == "# looking\nThere is something of others.\n"


DEPLOYED = f"""open(sys.argv[-1], 'w').write('{{"a": {{"arn": "arn:1"}}}}'); {summary("a")}"""
APPLIED_A = OutputLine("a", "Apply complete! Resources: 0 added, 0 changed, 0 destroyed.")


async def test_what_comes_after_gets_the_outputs_and_is_in_the_log(
    tmp_path: Path, log: Path
) -> None:
    after = Part("applying manifests", lambda outputs, say: say(outputs["a"]["arn"]))
    run = applying.deploy(scripted(tmp_path, DEPLOYED, "a"), log, after=after)
    assert await events_of(run) == [
        PhaseStarted(None, "deploying"),
        APPLIED_A,
        StackDone("a", 0, 0, 0),
        PhaseStarted(None, "applying manifests"),
        PartLine("arn:1"),
        Succeeded({"a": {"arn": "arn:1"}}),
    ]
    assert log.read_text().splitlines()[1:] == [
        f"a  {APPLIED_A.text}",
        *("exit status 0", "# applying manifests", "arn:1"),
    ]


async def test_an_interrupt_before_what_comes_after_leaves_that_out(
    tmp_path: Path, log: Path
) -> None:
    run = applying.deploy(
        scripted(tmp_path, DEPLOYED, "a"), log, after=Part("applying", lambda _, say: say("done"))
    )
    events = []
    async with run:
        async for event in run:
            events.append(event)
            if event == APPLIED_A:
                run.interrupted = True  # as by an interrupt that found nothing to stop any more
    assert events[-1] == Interrupted(log, Extent(("a",), ("applying",)))


OLD_STATE = {
    "version": 4,
    "terraform_version": "1.5.0",
    "serial": 1,
    "lineage": "old",
    "outputs": {},
    "resources": [
        {
            "mode": "managed",
            "type": "terraform_data",
            "name": "bucket",
            "provider": 'provider["terraform.io/builtin/terraform"]',
            "instances": [
                {
                    "schema_version": 0,
                    "attributes": {
                        "id": "1",
                        "input": None,
                        "output": None,
                        "triggers_replace": None,
                    },
                }
            ],
        }
    ],
}
"""Of a stack with one resource."""
TAKEN_DOWN = [
    PhaseStarted(None, "synthesizing"),
    PhaseStarted("demo-old", "destroying demo-old"),
    Counted("demo-old", 0, 0, 1),
    ResourceStarted("demo-old", "terraform_data.bucket", "delete"),
    ResourceDone("demo-old", "terraform_data.bucket", "delete", 0),
    StackDone("demo-old", 0, 0, 1),
]


def left_behind(folder: Path) -> tuple[Project, Behind]:
    """A project with nothing in it, whose CDKTF CLI is a script, and a stack that it had once."""
    done = summary("demo-now")
    scripted(folder, f"{done}\nif sys.argv[1] == 'deploy': {WRITES_OUTPUTS}")
    old = stack("demo-old", resource={"terraform_data": {"bucket": {}}})
    whole = project_of(folder, {"demo-now": stack("demo-now"), "demo-old": old})
    (folder / "state").mkdir()
    (folder / "state" / "demo-old.tfstate").write_text(json.dumps(OLD_STATE))
    left = replace(whole, stacks=("demo-old",))
    return replace(whole, stacks=("demo-now",)), Behind((left,))


@pytest.mark.parametrize("destroy", [False, True])
async def test_what_is_left_behind_comes_last_in_a_plan(
    destroy: bool, tmp_path: Path, log: Path
) -> None:
    project, behind = left_behind(tmp_path)
    run = planning.plan(project, log, destroy=destroy, behind=lambda: behind)
    outcome = (await events_of(run))[-1]
    assert isinstance(outcome, Succeeded)
    assert outcome.plan is not None
    assert [(each.stack, each.destroy) for each in outcome.plan.stacks] == [
        ("demo-now", 0),
        ("demo-old", 1),
    ]


async def test_what_is_left_behind_is_taken_down_when_all_else_is_deployed(
    tmp_path: Path, log: Path
) -> None:
    project, behind = left_behind(tmp_path)
    after = Part("applying manifests", lambda _, __: None)
    run = applying.deploy(project, log, after=after, behind=lambda: behind)
    synthesizing, *destroying = TAKEN_DOWN
    assert await news_of(run) == [
        PhaseStarted(None, "deploying"),
        StackDone("demo-now", 0, 0, 0),
        PhaseStarted(None, "applying manifests"),
        synthesizing,
        *destroying,
        Succeeded({}),
    ]


async def test_what_is_left_behind_is_taken_down_when_all_else_is_destroyed(
    tmp_path: Path, log: Path
) -> None:
    project, behind = left_behind(tmp_path)
    run = applying.destroy(project, log, behind=lambda: behind)
    assert await news_of(run) == [
        PhaseStarted(None, "destroying"),
        StackDone("demo-now", 0, 0, 0),
        *TAKEN_DOWN,
        Succeeded({}),
    ]


def changing_hands(folder: Path) -> tuple[Project, Behind]:
    """A project with a stack whose state has a resource that becomes someone else's."""
    code = f"print('a  ' + ' '.join(sorted(os.listdir('cdktf.out/stacks/a'))))\n{summary('a')}"
    scripted(folder, f"{code}\nif sys.argv[1] == 'deploy': {WRITES_OUTPUTS}")
    guard = {"count": 0, "lifecycle": {"prevent_destroy": True}}
    made = {"terraform_data": {"bucket": guard, "taken": {}}}
    (folder / "state").mkdir()
    (folder / "state" / "a.tfstate").write_text(json.dumps(OLD_STATE))

    def find(_: str, state: State, configuration: Configuration) -> Hands:
        gone = (
            hands.managed_resources(state).keys() - hands.declared_resources(configuration).keys()
        )
        return Hands(tuple(gone), imports={"terraform_data.taken": "t"}, notes=("Look.",))

    return project_of(folder, {"a": stack("a", resource=made)}), Behind(find=find)


async def test_a_plan_forgets_and_takes_over_what_changes_hands(tmp_path: Path, log: Path) -> None:
    project, behind = changing_hands(tmp_path)
    events = await events_of(planning.plan(project, log, behind=lambda: behind))
    outcome = events[-1]
    assert isinstance(outcome, Succeeded)
    assert outcome.plan is not None
    [plan] = outcome.plan.stacks
    assert [(each.address, each.action, each.imported) for each in plan.changes] == [
        ("terraform_data.taken", "import", "t"),
        ("terraform_data.bucket", "forget", None),
    ]
    assert OutputLine("a", "Look.") in events
    assert json.loads((tmp_path / "state" / "a.tfstate").read_text()) == OLD_STATE


async def test_a_deployment_forgets_and_takes_over_what_was_planned(
    tmp_path: Path, log: Path
) -> None:
    project, behind = changing_hands(tmp_path)
    await events_of(planning.plan(project, log, behind=lambda: behind))
    events = await events_of(applying.deploy(project, log, behind=lambda: behind))
    assert events[-1] == Succeeded({})
    assert OutputLine("a", ".terraform cdk.tf.json hands.tf.json") in events
    assert json.loads((tmp_path / "state" / "a.tfstate").read_text())["resources"] == []
    left = sorted(path.name for path in project.stack_folder("a").iterdir())
    assert left == [".terraform", "cdk.tf.json"]


async def test_what_is_destroyed_after_all_has_its_guard_lifted(tmp_path: Path, log: Path) -> None:
    project, _ = changing_hands(tmp_path)
    behind = Behind(find=lambda *_: Hands())
    outcome = (await events_of(planning.plan(project, log, behind=lambda: behind)))[-1]
    assert isinstance(outcome, Succeeded)
    assert outcome.plan is not None
    assert (outcome.plan.add, outcome.plan.destroy) == (1, 1)
    events = await events_of(applying.deploy(project, log, behind=lambda: behind))
    assert OutputLine("a", ".terraform cdk.tf.json hands_override.tf.json") in events


async def test_a_plan_says_what_it_could_not_plan_to_take_down(tmp_path: Path, log: Path) -> None:
    project, behind = left_behind(tmp_path)
    (tmp_path / "state" / "demo-old.tfstate").write_text("{")
    outcome = (await events_of(planning.plan(project, log, behind=lambda: behind)))[-1]
    assert isinstance(outcome, Failed)
    assert outcome.causes[-1] == Cause(
        "demo-old cannot be taken down",
        "It was deployed, and is no longer in the configuration.",
        "Solve the problem above. To keep the stack and forget it, remove its records in state/: "
        "demo.applied.json, demo.begun.json and demo-old.left-behind.yaml.",
    )


async def test_a_deployment_whose_left_behind_stays_has_not_succeeded(
    tmp_path: Path, log: Path
) -> None:
    project, behind = left_behind(tmp_path)
    (tmp_path / "state" / "demo-old.tfstate").write_text("{")
    outcome = (await events_of(applying.deploy(project, log, behind=lambda: behind)))[-1]
    assert isinstance(outcome, Failed)


async def test_what_is_left_behind_is_gone_only_when_terraform_says_so(
    tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, behind = left_behind(tmp_path)
    program = tmp_path / "terraform-that-is-halted"
    program.write_text("#!/bin/sh\necho 'Error: execution halted'\n")
    program.chmod(0o755)
    monkeypatch.setenv("TERRAFORM_BINARY_NAME", str(program))
    outcome = (await events_of(applying.destroy(project, log, behind=lambda: behind)))[-1]
    assert isinstance(outcome, Failed)
    assert [each.title for each in outcome.causes] == ["demo-old is not finished"]
    assert outcome.extent == Extent(("demo-now",), ("demo-old",))


async def test_synthesizing_writes_what_cdktf_deploys(tmp_path: Path, log: Path) -> None:
    project = project_of(tmp_path, STACKS)
    assert await events_of(synthesis.synth(project, log)) == [
        PhaseStarted(None, "synthesizing"),
        Succeeded({}),
    ]
    assert {name: project.stack_folder(name).is_dir() for name in STACKS} == {
        "demo-identity": True,
        "demo-workloads": True,
    }


async def test_synthesizing_as_hcl_is_asked_of_cdktf(tmp_path: Path, log: Path) -> None:
    code = "print(*sys.argv[1:]); os.makedirs('cdktf.out/stacks/a')\n"
    code += "open('cdktf.out/stacks/a/cdk.tf', 'w').close()"
    project = scripted(tmp_path, code, "a")
    assert await events_of(synthesis.synth(project, log, hcl=True)) == [
        PhaseStarted(None, "synthesizing"),
        OutputLine(None, "synth --hcl"),
        Succeeded({}),
    ]


async def test_a_secret_in_the_environment_stays_out_of_the_log(tmp_path: Path, log: Path) -> None:
    code = f"print(len(os.environ['AWS_SECRET_ACCESS_KEY']))\n{DESTROYED_A}"
    project = scripted(tmp_path, code, "a")
    secret = replace(project, environment={"AWS_SECRET_ACCESS_KEY": "hush"})
    await events_of(applying.destroy(secret, log))
    text = log.read_text()
    assert ("hush" in text, text.splitlines()[1]) == (False, "4")
    assert "hush" not in repr(secret)


async def test_a_flood_is_told_whole_and_in_order(tmp_path: Path, log: Path) -> None:
    code = "print('prod-identity  0')\nfor i in range(1, 10_000): print(f'               {i}')"
    project = scripted(tmp_path, code, "prod-identity")
    lines = [
        event
        for event in await events_of(applying.destroy(project, log))
        if type(event) is OutputLine
    ]
    assert lines == [OutputLine("prod-identity", str(number)) for number in range(10_000)]


async def test_a_run_does_not_wait_for_whoever_reads_it(tmp_path: Path, log: Path) -> None:
    project = scripted(tmp_path, f"for i in range(100_000): print(i)\n{DESTROYED_A}", "a")
    async with applying.destroy(project, log) as run:
        while not log.exists() or "exit status" not in log.read_text()[-20:]:
            await asyncio.sleep(0.01)
        events = [event async for event in run]
    assert (len(events), events[-1]) == (100_004, Succeeded({}))


NOT_A = Extent((), ("a",))
STOPPED = ["a  Stopping operation...", "exit status 1", "Not finished: a."]
PATIENT = """
def stop(*_):
    print("a  Stopping operation...")
    raise SystemExit(1)
signal.signal(signal.SIGINT, stop)
print("a  terraform_data.r: Creating...")
while True: time.sleep(0.01)
"""


async def test_a_run_that_was_interrupted_says_so(tmp_path: Path, log: Path) -> None:
    async with applying.destroy(scripted(tmp_path, PATIENT, "a"), log) as run:
        events = []
        async for event in run:
            events.append(event)
            if isinstance(event, ResourceStarted):
                run.interrupt()
    assert events[-2:] == [OutputLine("a", "Stopping operation..."), Interrupted(log, NOT_A)]


async def test_an_interrupt_before_the_start_starts_nothing(tmp_path: Path, log: Path) -> None:
    run = applying.destroy(scripted(tmp_path, "print('started')", "a"), log)
    run.interrupt()
    assert await events_of(run) == [PhaseStarted(None, "destroying"), Interrupted(log, NOT_A)]


async def test_a_plan_that_was_interrupted_says_that_nothing_was_changed(
    tmp_path: Path, log: Path
) -> None:
    project = project_of(tmp_path, STACKS)
    events = []
    async with planning.plan(project, log) as run:
        async for event in run:
            events.append(event)
            if event == PhaseStarted("demo-identity", "planning demo-identity"):
                run.interrupt()
    assert events[-1] == Interrupted(log, harmless="planning")


async def test_what_comes_before_a_plan_can_be_interrupted_too(tmp_path: Path, log: Path) -> None:
    part = Part("looking", lambda _, say: say("looked"))
    run = planning.plan(project_of(tmp_path, STACKS), log, destroy=True, before=part)
    run.interrupt()
    assert await events_of(run) == [Interrupted(log, harmless="planning")]


async def test_a_synthesis_that_was_interrupted_says_that_nothing_was_changed(
    tmp_path: Path, log: Path
) -> None:
    run = synthesis.synth(project_of(tmp_path, STACKS), log)
    run.interrupt()
    assert await events_of(run) == [
        PhaseStarted(None, "synthesizing"),
        Interrupted(log, harmless="synthesizing"),
    ]


async def test_an_interrupt_that_comes_too_late_changes_nothing(tmp_path: Path, log: Path) -> None:
    run = applying.destroy(scripted(tmp_path, DESTROYED_A, "a"), log)
    events = await events_of(run)
    run.interrupt()
    assert events[-1] == Succeeded({})


HALTED = "print('a  Error: execution halted')"
"""What Terraform prints when it is interrupted; the CDKTF CLI then ends with 0 at times."""


@pytest.mark.parametrize("verb", ["deploy", "destroy"])
@pytest.mark.parametrize(
    ("code", "finished", "unfinished"),
    [
        ("", [], ["a", "b"]),
        (summary("a"), ["a"], ["b"]),
        (f"{summary('b')}\n{HALTED}", ["b"], ["a"]),
        ("print('Apply complete! Resources: 0 added, 0 changed, 0 destroyed.')", [], ["a", "b"]),
    ],
    ids=["no summary", "one stack left out", "halted", "a summary of no stack"],
)
async def test_an_exit_status_of_0_without_a_summary_of_each_stack_is_a_failure(
    verb: str, code: str, finished: list[str], unfinished: list[str], tmp_path: Path, log: Path
) -> None:
    project = scripted(tmp_path, f"{WRITES_OUTPUTS}\n{code}", "a", "b")
    run = applying.deploy(project, log) if verb == "deploy" else applying.destroy(project, log)
    outcome = (await events_of(run))[-1]
    assert isinstance(outcome, Failed)
    assert outcome.status == 1
    assert [each.title for each in outcome.causes] == [
        f"{each} is not finished" for each in unfinished
    ]
    assert [*outcome.extent.finished] == finished
    assert sorted(outcome.extent.unfinished) == unfinished
    assert log.read_text().splitlines()[-1] == str(outcome.extent)


async def test_an_interrupt_that_cdktf_ends_with_0_is_no_success(tmp_path: Path, log: Path) -> None:
    code = f"""
def stop(*_):
    {HALTED}
    raise SystemExit(0)
signal.signal(signal.SIGINT, stop)
{summary("b", "Destroy")}
print("a  terraform_data.r: Refreshing state...")
while True: time.sleep(0.01)
"""
    async with applying.destroy(scripted(tmp_path, code, "a", "b"), log) as run:
        async for event in run:
            if event == OutputLine("a", "terraform_data.r: Refreshing state..."):
                run.interrupt()
                run.interrupt()
    assert event == Interrupted(log, Extent(("b",), ("a",)))


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("", "cdktf wrote no outputs that can be read ([Errno 2] No such file or directory: "),
        ("open(sys.argv[-1], 'w').write('{')", "cdktf wrote no outputs that can be read (Expect"),
        (WRITES_OUTPUTS, "cdktf wrote no outputs of a. Run the command again."),
    ],
    ids=["no file", "half a file", "a stack left out"],
)
async def test_a_deploy_without_the_outputs_of_a_stack_is_no_success(
    code: str, why: str, tmp_path: Path, log: Path
) -> None:
    project = scripted(tmp_path, f"{summary('a')}\n{code}", "a")
    project.stack_folder("a").mkdir(parents=True)
    declared = json.dumps({"output": {"arn": {}}})
    (project.stack_folder("a") / "cdk.tf.json").write_text(declared)
    with pytest.raises(WorldError) as caught:
        await events_of(applying.deploy(project, log))
    assert str(caught.value).startswith(f"The stacks are applied, but {why}")


@pytest.mark.parametrize("hcl", [False, True])
async def test_a_synthesis_that_leaves_a_stack_out_is_no_success(
    hcl: bool, tmp_path: Path, log: Path
) -> None:
    """Also where an earlier one has written it."""
    project = scripted(tmp_path, "", "a")
    (tmp_path / "main.py").touch()
    project.stack_folder("a").mkdir(parents=True)
    for stale in ("cdk.tf", "cdk.tf.json"):
        (project.stack_folder("a") / stale).write_text("{}")
    outcome = (await events_of(synthesis.synth(project, log, hcl=hcl)))[-1]
    name = "cdk.tf" if hcl else "cdk.tf.json"
    assert outcome == Failed(
        1,
        (
            Cause(
                "a was not synthesized",
                "The command ended without an error, but did not write "
                f"{project.stack_folder('a') / name}.",
                "The log has the full output.",
            ),
        ),
        log,
    )


async def test_an_interrupt_ends_a_part_between_two_of_its_steps(tmp_path: Path, log: Path) -> None:
    goes_on = threading.Event()

    def work(_: Outputs, say: Say) -> None:
        say("deleted one")
        assert goes_on.wait(60)
        say("deleted two")
        say("deleted three")

    run = applying.destroy(
        scripted(tmp_path, "", "a"), log, before=Part("deleting manifests", work)
    )
    events = []
    async with run:
        async for event in run:
            events.append(event)
            if event == PartLine("deleted one"):
                run.interrupt()
                goes_on.set()
    assert events == [
        PhaseStarted(None, "deleting manifests"),
        PartLine("deleted one"),
        PartLine("deleted two"),
        Interrupted(log, Extent((), ("deleting manifests", "a"))),
    ]


async def test_an_empty_line_of_a_part_is_not_told_and_ends_it_after_an_interrupt(
    tmp_path: Path, log: Path
) -> None:
    goes_on = threading.Event()

    def work(_: Outputs, say: Say) -> None:
        say("")
        say("looks")
        assert goes_on.wait(60)
        say("")
        say("looks again")

    run = applying.destroy(scripted(tmp_path, "", "a"), log, before=Part("waiting", work))
    events = []
    async with run:
        async for event in run:
            events.append(event)
            if event == PartLine("looks"):
                run.interrupt()
                goes_on.set()
    assert events == [
        PhaseStarted(None, "waiting"),
        PartLine("looks"),
        Interrupted(log, Extent((), ("waiting", "a"))),
    ]


async def test_leaving_early_interrupts_and_waits(tmp_path: Path, log: Path) -> None:
    async with applying.destroy(scripted(tmp_path, PATIENT, "a"), log) as run:
        async for event in run:
            if isinstance(event, ResourceStarted):
                break
    assert log.read_text().splitlines()[-3:] == STOPPED


async def test_cancelling_interrupts_and_waits(tmp_path: Path, log: Path) -> None:
    creating = asyncio.Event()

    async def watch() -> None:
        async with applying.destroy(scripted(tmp_path, PATIENT, "a"), log) as run:
            async for event in run:
                if isinstance(event, ResourceStarted):
                    creating.set()

    task = asyncio.create_task(watch())
    await creating.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert log.read_text().splitlines()[-3:] == STOPPED


async def test_a_cdktf_that_is_not_there_is_named(
    tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(WorldError) as caught:
        await events_of(applying.deploy(Project(tmp_path, ("a",)), log))
    assert str(caught.value) == (
        "'cdktf' cannot be started: there is no such program on the PATH. "
        "Install it, or add its folder to the PATH."
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
async def test_a_full_disk_spoils_the_log_and_not_the_run(tmp_path: Path) -> None:
    run = applying.destroy(scripted(tmp_path, DESTROYED_A, "a"), Path("/dev/full"))
    events = await events_of(run)
    assert (events[-1], run.log_error) == (Succeeded({}), "No space left on device")


@pytest.mark.parametrize(
    ("programs", "named", "chosen"),
    [
        (["terraform", "tofu"], None, "terraform"),
        (["tofu"], None, "tofu"),
        ([], None, "terraform"),
        (["terraform"], "/opt/tofu-1.9", "/opt/tofu-1.9"),
    ],
)
def test_terraform_is_what_is_named_or_what_is_there(
    programs: list[str],
    named: str | None,
    chosen: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for program in programs:
        (tmp_path / program).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("TERRAFORM_BINARY_NAME", raising=False)
    if named:
        monkeypatch.setenv("TERRAFORM_BINARY_NAME", named)
    assert terraform_program() == chosen


@pytest.mark.parametrize(
    ("reference", "backend", "same"),
    [
        (
            {"backend": "s3", "config": {"bucket": "b", "key": "k", "region": "r"}},
            {"s3": {"bucket": "b", "key": "k", "encrypt": True, "use_lockfile": True}},
            True,
        ),
        (
            {"backend": "s3", "config": {"bucket": "b", "key": "other"}},
            {"s3": {"bucket": "b", "key": "k"}},
            False,
        ),
        (
            {"backend": "local", "config": {"path": "p"}},
            {"local": {"path": "p", "workspace_dir": None}},
            True,
        ),
    ],
)
def test_a_reference_is_matched_to_the_stack_whose_state_it_reads(
    reference: dict[str, Any], backend: dict[str, Any], same: bool, tmp_path: Path
) -> None:
    configuration = {"terraform": {"backend": backend}}
    (tmp_path / "cdk.tf.json").write_text(json.dumps(configuration))
    assert (backend_of(tmp_path) == state_place(reference)) is same
