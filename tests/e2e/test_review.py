"""The review as others get it: the same on every machine, and Terraform that Terraform takes.

That it applies, and changes nothing of what is deployed, stands in `test_federation`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from project_copy import Attach, project_copy

from federation.yaml.files import PROJECT, load
from review.terraform.folder import terraform
from sandbox import mirrors

STACKS = PROJECT / "tests" / "stacks"

CONFIGURATION = """\
cluster: edge
issuer: https://edge-issuer.s3.eu-west-1.amazonaws.com
discovery:
  hosting: s3
  s3: {bucket: edge-issuer, keys: [keys/rsa.pub]}
aws: {region: eu-west-1, account_id: "123456789012", tags: {owner: Größe}}
kubernetes: {context: edge, kubeconfig: keys/admin.conf}
workloads:
  - {namespace: shop, service_account: web, test_pod: true}
  - {namespace: apps, service_account: api, role: {managed_policy_arns: [AmazonS3ReadOnlyAccess]}}
"""
ANOTHER_CLOCK = """\
import time

now = time.time
time.time = lambda: now() + 10**8
"""


def archived(folder: Path, review: str, **environment: str) -> bytes:
    """The archive that the command writes on a machine with a folder and an environment."""
    folder.mkdir()
    copy = project_copy(folder)
    (copy.project / "keys").mkdir()
    shutil.copy(PROJECT / "tests" / "stacks" / "keys" / "rsa.pub", copy.project / "keys")
    (copy.project / "clusters" / "edge.yaml").write_text(CONFIGURATION, encoding="utf-8")
    # Python imports it at its start.
    (folder / "sitecustomize.py").write_text(ANOTHER_CLOCK if environment else "")
    here = {"HOME": str(folder), "PYTHONPATH": str(folder), **environment}
    options = ("--config", "clusters/edge.yaml", "--output", review, "--zip")
    said = copy.wizard("review", *options, status=0, **here)
    assert said.splitlines()[-1] == f"Wrote {review}.zip."
    return (copy.project / f"{review}.zip").read_bytes()


def test_the_same_configuration_gives_the_same_bytes_on_every_machine(tmp_path: Path) -> None:
    ours = archived(tmp_path / "ours", "review-edge")
    theirs = archived(
        tmp_path / "of another user",
        "theirs",
        TZ="Pacific/Apia",
        LC_ALL="POSIX",
        PYTHONCOERCECLOCALE="0",
        PYTHONUTF8="0",
        PYTHONHASHSEED="1",
    )
    assert ours == theirs
    for named in (str(tmp_path), "another user"):
        assert named.encode() not in ours


def test_terraform_finds_every_configuration_valid(tmp_path: Path, attach: Attach) -> None:
    """Each folder is a module of one root, so that the providers are installed and asked once."""
    if not mirrors.can_install("kubernetes"):
        pytest.skip("the kubernetes provider cannot be installed here")
    found = mirrors.with_tls(mirrors.mirrors(), print)
    providers = tmp_path / "terraform.tfrc"
    providers.write_text(mirrors.terraform_configuration(found))
    calls = list(modules(tmp_path))
    (tmp_path / "main.tf.json").write_text(json.dumps({"module": dict(calls)}))
    settings = {"TF_CLI_CONFIG_FILE": str(providers), "TF_PLUGIN_CACHE_DIR": ""}
    environment = {**os.environ, **settings, **attach({})}
    said = ""
    for arguments in (("init", "-input=false"), ("validate", "-json")):
        command = ["terraform", *arguments]
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        said = done.stdout
        assert done.returncode == 0, f"{said}{done.stderr}"
    summaries = [each["summary"] for each in json.loads(said)["diagnostics"]]
    assert summaries == ["Backend configuration ignored"] * len(calls)


def modules(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Write the Terraform of each configuration; a call for each stack, by its name."""
    for path in sorted((STACKS / "configurations").glob("*.yaml")):
        config = load(path)
        expected = STACKS / "expected" / path.stem / "stacks"
        synthesized = {
            stack: json.loads((expected / stack / "cdk.tf.json").read_text())
            for stack in config.stacks
        }
        texts = terraform(config, synthesized)
        for name, text in texts.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        for stack in config.stacks:
            reads = 'variable "role_arns"' in texts.get(f"{stack}/variables.tf", "")
            yield stack, {"source": f"./{stack}", **({"role_arns": {}} if reads else {})}
