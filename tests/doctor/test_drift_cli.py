"""`wizard drift` as a person and a pipeline call it."""

from __future__ import annotations

import json
from pathlib import Path

import breaking
import pytest
from click.testing import CliRunner, Result
from live_federation import LiveFederation
from stand_in_server import CONTEXT, answering, kubeconfig, respond

from federation.errors import UserError
from federation.yaml import files
from wizard.cli.drift import drift

CHANGED = """\
role oidc-iam-pod: max_session_duration
  live        7200
  configured  3600
  to do       A deploy restores it. To keep it, change 'role.max_session_duration'.
Places: as configured: 12, different: 1, not seen: 0, left out: 0
"""
NOT_SEEN = """\
not seen: there are no AWS credentials
  places      OIDC provider oidc.example.com, role prod_default_app
  to do       Give what it takes to see it, or leave it out with --skip.
not seen: there is no kubeconfig, and the configuration has no context
  places      API server, anonymous requests, ClusterRoleBinding oidc-reviewer, \
ConfigMap default/app-role, ServiceAccount default/app
  to do       Give what it takes to see it, or leave it out with --skip.
Places: as configured: 0, different: 0, not seen: 7, left out: 0
"""
NOWHERE = {
    "cluster": "prod",
    "issuer": "https://oidc.example.com",
    "discovery": {"thumbprint": "omit"},
    "aws": {"region": "eu-west-1"},
    "kubernetes": {"apply": "manifests"},
    "workloads": [{"namespace": "default", "service_account": "app"}],
}


@pytest.fixture
def configured(live: LiveFederation, in_folder: Path) -> LiveFederation:
    """cluster.yaml, of a federation that works."""
    files.save(live.config, in_folder / "cluster.yaml")
    return live


@pytest.fixture
def _nowhere(in_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """cluster.yaml, where neither credentials nor a kubeconfig are."""
    monkeypatch.setenv("KUBECONFIG", str(in_folder / "none"))
    files.save(files.validate(NOWHERE), in_folder / "cluster.yaml")


def run(*arguments: str) -> Result:
    """Compare; the exit code is in `return_value`."""
    given = ("--config", "cluster.yaml", *arguments)
    return CliRunner().invoke(drift, given, standalone_mode=False, catch_exceptions=False)


@pytest.mark.usefixtures("configured")
def test_no_drift_is_a_line_and_exit_code_0() -> None:
    result = run()

    assert (result.return_value, result.output) == (
        0,
        "Places: as configured: 13, different: 0, not seen: 0, left out: 0\n",
    )


def test_drift_is_told_and_exit_code_1(configured: LiveFederation) -> None:
    with breaking.session_duration(7200)(configured):
        result = run()

    assert (result.return_value, result.output) == (1, CHANGED)


def test_json_says_the_same(configured: LiveFederation) -> None:
    with breaking.session_duration(7200)(configured):
        result = run("--json", "--skip", "control-plane", "--skip", "tls")

    document = json.loads(result.output)
    provider = "OIDC provider oidc.sandbox.internal"
    places = {each.pop("name"): each for each in document.pop("places")}
    assert (result.return_value, document) == (
        1,
        {
            "cluster": "sandbox",
            "issuer": "https://oidc.sandbox.internal",
            "drift": True,
            "counts": {"same": 2, "differs": 1, "unseen": 0, "skipped": 10},
        },
    )
    assert [places[provider], places[f"thumbprint of the {provider}"], places["API server"]] == [
        {"verdict": "same", "differences": [], "unseen": "", "skipped": ""},
        {"verdict": "skipped", "differences": [], "unseen": "", "skipped": "tls"},
        {"verdict": "skipped", "differences": [], "unseen": "", "skipped": "control-plane"},
    ]
    assert places["role oidc-iam-pod"] == {
        "verdict": "differs",
        "differences": [
            {
                "field": "max_session_duration",
                "live": "7200",
                "configured": "3600",
                "remedy": "A deploy restores it. To keep it, change 'role.max_session_duration'.",
            }
        ],
        "unseen": "",
        "skipped": "",
    }


@pytest.mark.usefixtures("_nowhere")
def test_what_cannot_be_seen_is_no_absence_of_drift() -> None:
    result = run()

    assert (result.return_value, result.output) == (1, NOT_SEEN)
    assert json.loads(run("--json").output)["drift"] is None


@pytest.mark.usefixtures("_nowhere")
def test_what_is_left_out_is_said_and_counts_as_nothing() -> None:
    result = run("--skip", "control-plane")

    assert result.return_value == 1
    assert result.output.splitlines()[3:] == [
        "left out with --skip control-plane: API server, anonymous requests, ClusterRoleBinding "
        "oidc-reviewer, ConfigMap default/app-role, ServiceAccount default/app",
        "Places: as configured: 0, different: 0, not seen: 2, left out: 5",
    ]


def test_a_cluster_that_gives_no_answer_is_not_seen(in_folder: Path) -> None:
    with answering(lambda handler: respond(handler, 500, "{}")) as port:
        (in_folder / "kubeconfig").write_text(kubeconfig(port))
        settings = {"kubeconfig": str(in_folder / "kubeconfig"), "context": CONTEXT}
        files.save(files.validate({**NOWHERE, "kubernetes": settings}), Path("cluster.yaml"))
        result = run("--skip", "aws", "--timeout", "5")

    assert (result.return_value, result.output.splitlines()[0]) == (
        1,
        "not seen: HTTP 500: 'Internal Server Error' (expected: an API server behind the context "
        "'stand-in')",
    )


@pytest.mark.usefixtures("_nowhere")
def test_nothing_to_compare_is_refused() -> None:
    with pytest.raises(UserError) as refusal:
        run("--skip", "aws", "--skip", "control-plane")

    assert str(refusal.value) == (
        "--skip aws and --skip control-plane together leave nothing to compare."
    )
