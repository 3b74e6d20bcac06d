"""The terminal app, the whole way for real: it deploys, proves, changes and destroys a federation.

`wizard_walk` presses the keys, in a copy of the project with a sandbox; the tests look at what the
screens said. The objects in the cluster are applied as manifests: one stack takes a third of the
time, and no kubernetes provider. `test_federation` has Terraform make them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from project_copy import Attach, project_copy

from federation.model.config import ClusterConfig
from federation.yaml.files import load, save
from sandbox.sandbox import Sandbox

pytestmark = pytest.mark.breadth

Said = dict[str, Any]


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory, attach: Attach) -> Iterator[Said]:
    copy = project_copy(tmp_path_factory.mktemp("e2e"))
    copy.wizard("sandbox", "up")
    try:
        box = Sandbox.of(copy.project / ".sandbox")
        assert box is not None
        if box.missing:
            pytest.skip("\n".join(box.missing))
        describe(box, copy.project / "clusters" / "sandbox.yaml")
        sandbox = box.environment()
        copy = copy.having({**sandbox, **attach(sandbox), "PYTHONPATH": str(copy.project)})
        walk = str(Path(__file__).with_name("wizard_walk.py"))
        yield json.loads(copy.run(sys.executable, walk))
    finally:
        copy.wizard("sandbox", "down")


def describe(box: Sandbox, path: Path) -> None:
    """Have the only configuration say where the sandbox is, with manifests for one stack alone."""
    document = load(path).model_dump(mode="json")
    document["aws"]["endpoint_url"] = None
    document["discovery"]["endpoint"] = box.discovery_endpoint
    document["kubernetes"]["apply"] = "manifests"
    save(ClusterConfig.model_validate(document), path)


def test_the_first_screen_knows_how_the_configuration_stands_after_each_step(said: Said) -> None:
    assert said["stands"] == [
        "sandbox: never applied",
        "sandbox: deployed",
        "sandbox: deployed",
        "sandbox: never applied",
    ]


def test_the_probe_finds_the_one_thing_that_the_deployment_is_for(said: Said) -> None:
    assert said["probe"] == [
        "Requests without credentials do not get HTTP 403 (/.well-known/openid-configuration)"
    ]


def test_the_review_shows_the_terraform_and_counts_what_changes(said: Said) -> None:
    """The second one is left for the plan before its Terraform is there."""
    assert said["reviews"] == [
        {
            "summary": "clusters/sandbox.yaml is up to date.",
            "terraform": True,
            "trust": 2,
        },
        {
            "summary": "clusters/sandbox.yaml will change: +7 -1 lines.",
            "terraform": False,
            "trust": 3,
        },
    ]


def test_each_plan_counts_what_its_run_then_does(said: Said) -> None:
    assert said["plans"] == [
        ["+ 5 to add   ~ 0 to change   - 0 to destroy", "Succeeded"],
        ["+ 2 to add   ~ 3 to change   - 0 to destroy", "Succeeded"],
        ["+ 0 to add   ~ 0 to change   - 7 to destroy", "Succeeded"],
    ]


def test_what_was_deployed_is_proven_each_time(said: Said) -> None:
    """STS gives each role for a token of its own account, and for no other."""
    assert said["proofs"] == [
        {"failed": [], "roles given": ["(default/oidc-iam-pod)", "(reports/report-writer)"]},
        {
            "failed": [],
            "roles given": [
                "(default/oidc-iam-pod)",
                "(reports/auditor)",
                "(reports/report-writer)",
            ],
        },
    ]
