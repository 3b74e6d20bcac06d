"""What commands ask before they run something."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import pytest
from click import Command
from click.testing import CliRunner

from deployment.cdktf.events import Event, Outcome, Succeeded
from deployment.preflight import Requirement
from deployment.runs import Run
from deployment.sequence import Deployment
from federation.errors import UserError, WorldError
from federation.model.config import ClusterConfig
from review.plan.changes import Plan, ResourceChange, StackPlan
from wizard.cli import running
from wizard.cli.deploy import deploy
from wizard.cli.destroy import destroy

CONFIG = ClusterConfig.model_validate(
    {
        "cluster": "prod",
        "issuer": "https://c.example.com",
        "aws": {"region": "eu-west-1"},
        "kubernetes": {"context": "prod"},
        "workloads": [{"namespace": "default", "service_account": "app"}],
    }
)
DEPLOYMENT = Deployment(Path("prod.yaml"), CONFIG)
DOWN = Requirement("cluster", "fail", "no answer.", "Is it up?")
OLD = Requirement("node", "warn", "v20.", "Install 22.")
Seen = Callable[..., None]


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Seen:
    """Lets the preflight see some checks."""

    def see(*checks: Requirement) -> None:
        monkeypatch.setattr("deployment.preflight.preflight", lambda _: iter(checks))

    return see


@pytest.mark.parametrize("command", [deploy, destroy])
def test_a_broken_configuration_is_said_before_that_there_is_no_terminal(
    command: Command, tmp_path: Path
) -> None:
    path = tmp_path / "prod.yaml"
    path.write_text("cluster:\n\tprod: a\n")
    with pytest.raises(UserError) as caught:
        CliRunner().invoke(command, ["--config", str(path)], catch_exceptions=False)
    assert str(caught.value) == (
        f"{path}:2: is not YAML: a tab stands where only spaces may: replace it."
    )


def test_what_changes_a_cluster_is_refused_where_it_cannot_be_asked(seen: Seen) -> None:
    seen(OLD, DOWN)
    with pytest.raises(WorldError) as caught:
        running.require_ready(DEPLOYMENT)
    assert str(caught.value) == "cluster: no answer. Is it up?"


def test_a_plan_is_made_without_the_cluster_and_warns(
    seen: Seen, capsys: pytest.CaptureFixture[str]
) -> None:
    seen(OLD, DOWN)
    running.require_ready(DEPLOYMENT, plan_only=True)
    assert capsys.readouterr().err == (
        "warning: node: v20. Install 22.\nwarning: cluster: no answer. Is it up?\n"
    )


def test_a_plan_needs_everything_else(seen: Seen) -> None:
    seen(Requirement("terraform", "fail", "too old.", "Update it."), DOWN)
    with pytest.raises(WorldError) as caught:
        running.require_ready(DEPLOYMENT, plan_only=True)
    assert str(caught.value) == "terraform: too old. Update it."


@pytest.mark.parametrize(
    ("destroy", "said"),
    [
        (False, "No changes: everything matches the configuration.\n"),
        (True, "No changes: nothing is left to destroy.\n"),
    ],
)
def test_an_empty_plan_says_why_it_is_empty(
    destroy: bool, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    running.show_plan(Plan(()), destroy=destroy)
    assert capsys.readouterr().out == said


def test_what_terraform_only_forgets_is_something_to_agree_to(
    capsys: pytest.CaptureFixture[str],
) -> None:
    forget = ResourceChange("kubernetes_pod_v1.a", "kubernetes_pod_v1", "a", "forget")
    plan = Plan((StackPlan("prod-workloads", (forget,)),))
    assert not plan.empty
    running.show_plan(plan)
    assert capsys.readouterr().out == (
        "    . prod-workloads: kubernetes_pod_v1.a (forgotten, stays in the cluster)\n"
        "Plan: 0 to add, 0 to change, 0 to destroy. Terraform stops managing 1, which stay.\n"
    )


@dataclass(frozen=True)
class Asked(Deployment):
    """A deployment that notes what is run, and plans to destroy a role."""

    ran: list[str] = field(default_factory=list)

    def plan(self, *, plan_only: bool = False) -> Run:
        self.ran.append("plan")
        return Ending(Succeeded({}, DESTROYS))

    def carry_out(self) -> Run:
        self.ran.append("deploy")
        return Ending(Succeeded({}))


class Ending:
    """A run that ends at once."""

    log = Path("run.log")
    log_error = None

    def __init__(self, outcome: Outcome) -> None:
        self._outcome = outcome

    def interrupt(self) -> None:
        """Nothing runs."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    async def __aiter__(self) -> AsyncIterator[Event]:
        yield self._outcome


DESTROYS = Plan(
    (
        StackPlan(
            "prod-identity", (ResourceChange("aws_iam_role.a", "aws_iam_role", "a", "delete"),)
        ),
    )
)


@pytest.mark.parametrize(
    ("answer", "ran"), [("y", ["plan"]), ("prod", ["plan", "deploy"]), ("", ["plan"])]
)
def test_a_plan_that_destroys_something_is_applied_only_for_the_name_of_the_cluster(
    answer: str, ran: list[str], seen: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen()
    questions: list[str] = []

    def ask(question: str, default: str | None = None) -> str:
        questions.append(question)
        return answer

    monkeypatch.setattr(running, "require_answer", lambda _: None)
    monkeypatch.setattr("wizard.printer.ask", ask)
    deployment = Asked(Path("prod.yaml"), CONFIG)
    done = running.carry_out(deployment, yes=False)
    assert (deployment.ran, done is not None) == (ran, "deploy" in ran)
    assert questions == [
        "The plan for prod destroys 1 of its resources, creates 0 and changes 0. Type 'prod' to "
        "deploy"
    ]


def test_with_yes_nothing_is_asked(seen: Seen) -> None:
    seen()
    deployment = Asked(Path("prod.yaml"), CONFIG)
    assert running.carry_out(deployment, yes=True) == Succeeded({})
    assert deployment.ran == ["plan", "deploy"]
