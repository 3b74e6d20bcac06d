"""The Terraform of whole configurations, compared with what is kept in `expected/`.

`OIDC_IAM_ACCEPT=1 pytest tests/stacks` writes it again; the difference is then read before it is
committed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from federation.yaml.files import PROJECT, load
from stacks.app import synth

HERE = Path(__file__).parent
KEYS = HERE / "keys"
CONFIGURATIONS = sorted(HERE.glob("configurations/*.yaml"))
ACCEPT = bool(os.environ.get("OIDC_IAM_ACCEPT"))


def written(folder: Path) -> dict[str, str]:
    """Each file below a folder with its text."""
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("configuration", CONFIGURATIONS, ids=lambda path: path.stem)
def test_a_configuration_becomes_exactly_this_terraform(
    configuration: Path, tmp_path: Path
) -> None:
    synth([load(configuration)], str(tmp_path))
    expected = HERE / "expected" / configuration.stem
    if ACCEPT:
        shutil.rmtree(expected, ignore_errors=True)
        shutil.copytree(tmp_path, expected)
    assert written(tmp_path) == written(expected)


def test_the_output_is_the_same_in_another_folder_of_another_user(tmp_path: Path) -> None:
    outputs = []
    for number, zone in enumerate(("UTC", "Pacific/Apia")):
        project = tmp_path / f"copy {number}"
        project.mkdir()
        for name in ("main.py", "federation", "formats", "stacks", "templates", "cdktf.json"):
            source = PROJECT / name
            copy = shutil.copytree if source.is_dir() else shutil.copy
            copy(source, project / name)
        (project / "clusters").mkdir()
        for configuration in CONFIGURATIONS:
            shutil.copy(configuration, project / "clusters")
        shutil.copytree(KEYS, project / KEYS.relative_to(PROJECT))
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path / f"home {number}"),
            # What jsii unpacks is the same for everyone, and takes seconds.
            "JSII_RUNTIME_PACKAGE_CACHE_ROOT": os.environ["JSII_RUNTIME_PACKAGE_CACHE_ROOT"],
            "TZ": zone,
            "PYTHONHASHSEED": str(number),
        }
        subprocess.run([sys.executable, "main.py"], cwd=project, env=environment, check=True)
        outputs.append(written(project / "cdktf.out"))
    assert outputs[0] == outputs[1]
    assert len(outputs[0]) == 25  # three stacks of seven clusters, three of two others, a manifest


def test_no_machine_and_no_time_is_named_in_the_output() -> None:
    texts = "".join(written(HERE / "expected").values())
    assert str(PROJECT) not in texts
    assert str(Path.home()) not in texts


def test_what_another_form_of_synth_left_is_removed(tmp_path: Path) -> None:
    stale = tmp_path / "stacks" / "article-identity" / "cdk.tf"
    stale.parent.mkdir(parents=True)
    stale.write_text("# by cdktf synth --hcl")
    synth([load(HERE / "configurations" / "article.yaml")], str(tmp_path))
    assert [path.name for path in stale.parent.iterdir()] == ["cdk.tf.json"]


class TestMain:
    """`python main.py`, as `cdktf synth` runs it."""

    def run(self, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "main.py"],
            cwd=PROJECT,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    def test_a_mistake_is_one_message_without_a_traceback(self, tmp_path: Path) -> None:
        (tmp_path / "bad.yaml").write_text("cluster: a\n")
        done = self.run(OIDC_IAM_CONFIG=str(tmp_path / "bad.yaml"))
        assert done.stdout == ""
        assert done.stderr.splitlines() == [
            f"{tmp_path}/bad.yaml:1: aws: is missing: add it.",
            f"{tmp_path}/bad.yaml:1: issuer: is missing: The cluster's issuer, "
            "https://CLUSTER-DNS: the API server's first --service-account-issuer, byte for byte. "
            "AWS reads the documents there, on port 443.",
            f"{tmp_path}/bad.yaml:1: kubernetes: is missing: add it.",
            f"{tmp_path}/bad.yaml:1: workloads: is missing: add it.",
        ]
        assert done.returncode == 2

    def test_a_key_that_cannot_be_read_is_one_message_too(self, tmp_path: Path) -> None:
        text = (HERE / "configurations" / "bucket.yaml").read_text()
        (tmp_path / "bad.yaml").write_text(text.replace("keys/rsa.pub", "keys/none.pub"))
        done = self.run(OIDC_IAM_CONFIG=str(tmp_path / "bad.yaml"))
        assert done.stdout == ""
        assert done.stderr == (
            "tests/stacks/keys/none.pub: there is no such file. Check the name.\n"
        )
        assert done.returncode == 2

    def test_a_configuration_that_is_not_there_is_said(self, tmp_path: Path) -> None:
        done = self.run(OIDC_IAM_CONFIG=str(tmp_path / "none.yaml"))
        assert done.stderr == (
            f"{tmp_path}/none.yaml: there is no such file. Check the name. 'python -m wizard init' "
            "makes one.\n"
        )
        assert done.returncode == 2
