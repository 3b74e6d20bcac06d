"""The commands of the pipelines in docs/pipelines/, run as they stand there.

One copy of the project and one account serve all three; a line that several have runs once. The
cluster is not one that a runner reaches: the objects are written for GitOps.
"""

from __future__ import annotations

import json
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from documented import PIPELINE_FILES, pipeline_lines
from project_copy import Attach, ProjectCopy, project_copy

from federation.model.config import ClusterConfig
from federation.yaml.files import save
from sandbox.sandbox import Sandbox

pytestmark = pytest.mark.breadth

ORDER = ("check", "lint", "synth", "review", "plan", "deploy", "drift")
CONFIG = ClusterConfig.model_validate(
    {
        "cluster": "prod",
        "issuer": "https://c.example.com",
        "discovery": {"thumbprint": "omit"},
        "aws": {"region": "eu-west-1", "account_id": "123456789012", "max_retries": 3},
        "kubernetes": {"apply": "manifests"},
        "workloads": [{"namespace": "shop", "service_account": "web"}],
    }
)


@dataclass(frozen=True)
class Runner:
    """A runner of a pipeline: a checkout, and credentials."""

    copy: ProjectCopy
    box: Sandbox

    def run(self, line: str) -> str:
        """What a line prints in the shell of a pipeline, which gives up at the first error."""
        return self.copy.run(
            "bash",
            "-euo",
            "pipefail",
            "-c",
            line,
            status=0,
            **self.box.environment(),
            PATH=f"{Path(sys.executable).parent}:{self.copy.environment['PATH']}",
            OIDC_IAM_CONFIG="clusters/prod.yaml",
        )


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory, attach: Attach) -> Iterator[Runner]:
    copy = project_copy(tmp_path_factory.mktemp("pipelines"))
    with Sandbox(copy.project / ".sandbox", "https://c.example.com", kubernetes=False) as box:
        save(CONFIG, copy.project / "clusters" / "prod.yaml")
        yield Runner(copy.having(attach(box.environment())), box)


def lines() -> list[str]:
    """Each line of ours once, in the order in which a change goes through a pipeline."""
    distinct = {
        line: ORDER.index(line.split()[3])
        for path in PIPELINE_FILES
        for line in pipeline_lines(path)
        if line.startswith("python -m wizard ")
    }
    return sorted(distinct, key=lambda line: distinct[line])


@pytest.mark.parametrize("line", lines())
def test_a_line_of_a_pipeline_does_what_it_is_there_for(line: str, runner: Runner) -> None:
    said = runner.run(line)

    project, command = runner.copy.project, line.split()[3]
    if command == "lint" and "--sarif" in line:
        assert json.loads((project / "lint.sarif").read_text())["version"] == "2.1.0"
    elif command == "review":
        assert zipfile.is_zipfile(project / "bundle.zip")
    elif command == "plan":
        assert "Plan: 3 to add, 0 to change, 0 to destroy.\n" in said
    elif command == "deploy":
        assert sorted(each.name for each in (project / "cdktf.out/manifests/prod").iterdir()) == [
            "discovery.yaml",
            "shop_web.yaml",
        ]
    elif command == "drift":
        assert "Places: as configured: 2, different: 0, not seen: 0, left out: 5\n" in said
