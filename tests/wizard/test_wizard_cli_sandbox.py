"""`wizard sandbox status`, `env` and `down`, with only the AWS half, which is all ours."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from federation.errors import WorldError
from federation.yaml import files
from sandbox import here, processes
from sandbox.sandbox import Sandbox
from wizard.cli import sandbox as command
from wizard.cli.options import relative

ISSUER = "https://oidc.sandbox.internal"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a sandbox of its own, in a project of its own."""
    monkeypatch.setattr(files, "PROJECT", tmp_path)
    for module in (command, here):
        monkeypatch.setattr(module, "FOLDER", tmp_path / ".sandbox")
    return tmp_path / ".sandbox"


@pytest.fixture
def box(folder: Path) -> Iterator[Sandbox]:
    with Sandbox(folder, ISSUER, kubernetes=False) as running:
        yield running


def run(*arguments: str) -> str:
    result = CliRunner().invoke(command.sandbox, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def test_without_a_sandbox_there_is_nothing_to_tell() -> None:
    assert run("status") == "No sandbox is running.\n"
    assert json.loads(run("status", "--json")) == {"processes": {}, "endpoints": {}}


def test_only_what_runs_has_an_address(box: Sandbox) -> None:
    said = run("status")
    assert said == (
        f"aws: running\naws at {box.aws_endpoint}\n"
        "Set its variables in this shell:\n"
        '  eval "$(python -m wizard sandbox env)"\n'
    )
    assert json.loads(run("status", "--json")) == {
        "processes": {"aws": True},
        "endpoints": {"aws": box.aws_endpoint},
    }


def test_what_has_ended_has_no_address(box: Sandbox) -> None:
    processes.stop(processes.started_for(box.folder))
    assert run("status") == "aws: not running\n"
    assert json.loads(run("status", "--json")) == {"processes": {"aws": False}, "endpoints": {}}


def test_what_a_start_left_that_was_cut_short_is_ended(box: Sandbox) -> None:
    (box.folder / "state.json").unlink()
    assert run("down") == "Down.\n"
    assert processes.started_for(box.folder) == []


def wanted(box: Sandbox) -> dict[str, str]:
    return {
        **box.environment(),
        "AWS_DEFAULT_REGION": "ap-southeast-2",
        "AWS_REGION": "ap-southeast-2",
        "OIDC_IAM_CONFIG": relative(command.CONFIGURATION),
    }


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_a_shell_that_evaluates_the_variables_works_on_the_sandbox(
    box: Sandbox, tmp_path: Path, shell: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is in a value, the shell takes it as a value."""
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    monkeypatch.setenv("NO_PROXY", 'it\'s $(touch run) `touch run`; \\ "*" !!')
    (bin_folder / "wizard").write_text(f"#!/bin/sh\ncat {tmp_path}/variables\n")
    (bin_folder / "wizard").chmod(0o755)
    (tmp_path / "variables").write_text(run("env"))
    script = 'eval "$(wizard)"; env -0'
    environment = {"PATH": f"{bin_folder}:/usr/bin:/bin"}
    shown = subprocess.run(
        [shell, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
        cwd=tmp_path,
    )
    there = dict(line.split("=", 1) for line in shown.stdout.split("\0") if line)
    assert {name: there.get(name) for name in wanted(box)} == wanted(box)
    assert not (tmp_path / "run").exists()


def test_the_variables_are_exports_and_nothing_else(box: Sandbox) -> None:
    assert run("env").splitlines() == [
        f"export {name}={shlex.quote(value)}" for name, value in wanted(box).items()
    ]


NOT_UP = "'python -m wizard sandbox up' starts one."


def test_there_are_no_variables_without_a_sandbox() -> None:
    with pytest.raises(WorldError) as caught:
        run("env")
    assert str(caught.value) == f"No sandbox is running. {NOT_UP}"


def test_there_are_no_variables_of_a_sandbox_that_has_ended(box: Sandbox) -> None:
    processes.stop(processes.started_for(box.folder))
    with pytest.raises(WorldError) as caught:
        run("env")
    assert str(caught.value) == f"The sandbox has ended (aws does not run). {NOT_UP}"


def test_credentials_are_printed_by_env_only(box: Sandbox) -> None:
    said = run("status") + run("status", "--json")
    assert box.access_key.id not in said
    assert box.access_key.secret not in said
    assert box.access_key.secret in run("env")


def test_what_another_process_started_is_ended(box: Sandbox) -> None:
    assert box.is_up
    assert run("down") == "Down.\n"
    assert not box.is_up


def test_the_state_of_what_was_in_it_goes_and_that_of_other_clusters_stays(tmp_path: Path) -> None:
    names = ("sandbox-identity.tfstate", "sandbox-identity.tfstate.backup", "sandbox.applied.json")
    (tmp_path / "state").mkdir()
    for name in (*names, "sandbox-eu-identity.tfstate", "prod-identity.tfstate"):
        (tmp_path / "state" / name).touch()
    run("down")
    assert sorted(path.name for path in (tmp_path / "state").iterdir()) == [
        "prod-identity.tfstate",
        "sandbox-eu-identity.tfstate",
    ]
