"""`wizard sandbox status` and `down`, with the AWS half alone, which takes no program but ours."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

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
    assert said.startswith(f"aws: running\naws at {box.aws_endpoint}\n  export ")
    assert json.loads(run("status", "--json")) == {
        "processes": {"aws": True},
        "endpoints": {"aws": box.aws_endpoint},
    }


def test_what_has_ended_has_no_address(box: Sandbox) -> None:
    processes.stop(processes.started_for(box.folder))
    assert run("status").startswith("aws: not running\n  export ")
    assert json.loads(run("status", "--json")) == {"processes": {"aws": False}, "endpoints": {}}


def test_what_a_start_left_that_was_cut_short_is_ended(box: Sandbox) -> None:
    (box.folder / "state.json").unlink()
    assert run("down") == "Down.\n"
    assert processes.started_for(box.folder) == []


def test_a_shell_that_takes_what_is_exported_works_on_the_sandbox(box: Sandbox) -> None:
    exports = run("status").partition("  export ")[1:]
    shown = ["env", "-i", "bash", "-c", "".join(exports) + "env"]
    there = subprocess.run(shown, capture_output=True, text=True, check=True).stdout.splitlines()
    wanted = {**box.environment(), "OIDC_IAM_CONFIG": relative(command.CONFIGURATION)}
    assert {f"{name}={value}" for name, value in wanted.items()} <= set(there)


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
