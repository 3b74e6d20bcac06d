"""Deployments and destructions that are interrupted: what the command says is what the state says.

For real, since it is the CDKTF CLI that ends with 0 after an interrupt now and then.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from account import iam_of
from project_copy import Attach, ProjectCopy, project_copy

from federation.model.config import ClusterConfig
from federation.yaml.files import save
from sandbox.sandbox import Sandbox

pytestmark = pytest.mark.breadth

CONFIG = ClusterConfig.model_validate(
    {
        "cluster": "halted",
        "issuer": "https://c.example.com",
        "discovery": {"thumbprint": "omit"},
        "aws": {"region": "eu-west-1", "max_retries": 3},
        "kubernetes": {"apply": "manifests"},
        "workloads": [{"namespace": "default", "service_account": f"app-{n}"} for n in range(4)],
    }
)


@dataclass(frozen=True)
class Here:
    """A project with a configuration, and the account that it is for."""

    copy: ProjectCopy
    box: Sandbox

    def interrupted(self, verb: str, line: str, delay: float, number: signal.Signals) -> int:
        """Start a command, send it a signal twice after a line that it prints, and wait for it."""
        with subprocess.Popen(
            [sys.executable, "-m", "wizard", verb, "--yes"],
            cwd=self.copy.project,
            env={**self.copy.environment, **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            assert process.stdout
            seen = next(each for each in process.stdout if line in each)
            assert seen
            time.sleep(delay)
            process.send_signal(number)
            time.sleep(0.2)
            process.send_signal(number)
            rest = process.stdout.read()
        assert (process.returncode == 0) is ("Not finished: " not in rest), rest
        return process.returncode

    @property
    def environment(self) -> dict[str, str]:
        """What commands need to work in the account."""
        return {**self.box.environment(), "OIDC_IAM_CONFIG": "clusters/halted.yaml"}

    @property
    def states(self) -> Path:
        """Where the state is, and what is noted beside it."""
        return self.copy.project / "state"

    def left(self) -> int:
        """How many resources are in the state."""
        state = json.loads((self.states / "halted-identity.tfstate").read_text())
        return sum(len(each["instances"]) for each in state["resources"])

    def delete_lost_roles(self) -> None:
        """Delete what the provider made while it was cancelled: no state has it."""
        state = json.loads((self.states / "halted-identity.tfstate").read_text())
        roles = [each for each in state["resources"] if each["type"] == "aws_iam_role"]
        known = {one["attributes"]["name"] for each in roles for one in each["instances"]}
        iam = iam_of(self.box)
        for role in iam.list_roles()["Roles"]:
            if role["RoleName"] not in known:
                iam.delete_role(RoleName=role["RoleName"])

    def begun(self) -> str | None:
        """What has begun and not ended well, as it is noted."""
        place = self.states / "halted.begun.json"
        return json.loads(place.read_text())["doing"] if place.exists() else None


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, attach: Attach) -> Iterator[Here]:
    copy = project_copy(tmp_path_factory.mktemp("halted"))
    with Sandbox(copy.project / ".sandbox", CONFIG.issuer, kubernetes=False) as box:
        save(CONFIG, copy.project / "clusters" / "halted.yaml")
        yield Here(copy.having(attach(box.environment())), box)


def test_a_deployment_that_is_interrupted_is_not_recorded_as_done(here: Here) -> None:
    status = here.interrupted("deploy", "creating aws_iam_role.", 0, signal.SIGINT)
    assert (status, here.begun()) in ((130, "deploy"), (0, None))
    assert here.left() > 0
    here.delete_lost_roles()
    here.copy.wizard("deploy", "--yes", status=0, **here.environment)
    assert (here.left(), here.begun()) == (9, None)


@pytest.mark.parametrize(
    ("line", "delay", "number"),
    [
        ("s  destroying", 0.2, signal.SIGINT),
        ("s  destroying", 2.0, signal.SIGTERM),
        ("destroying aws_iam_role_policy_attachment", 0, signal.SIGINT),
    ],
)
def test_a_destroy_is_done_when_nothing_is_left_and_not_before(
    line: str, delay: float, number: signal.Signals, here: Here
) -> None:
    """Each goes on from where the one before ended; what is gone is deployed again."""
    if not here.left():
        here.copy.wizard("deploy", "--yes", status=0, **here.environment)
    status = here.interrupted("destroy", line, delay, number)
    gone = here.left() == 0
    assert (status, here.begun()) == ((0, None) if gone else (130, "destroy"))


def test_a_destroy_after_all_that_ends_well(here: Here) -> None:
    here.copy.wizard("destroy", "--yes", status=0, **here.environment)
    assert (here.left(), here.begun()) == (0, None)
