"""One process of the AWS provider for all modules that Terraform need not start it for.

A command of Terraform starts a provider once for its schema and once for each walk over the
resources; the AWS provider makes this half of what the command costs. Attached, it is the same
program, started once
(https://developer.hashicorp.com/terraform/plugin/debugging#running-terraform-with-a-provider-in-debug-mode).
The chain of `test_federation` does without it: there Terraform installs and starts what it needs.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import mirrors

_WANTED = """
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.81, < 7.0"
    }
  }
}
"""
_ATTACH = re.compile(r"TF_REATTACH_PROVIDERS='(.*)'")


@pytest.fixture(scope="session")
def attached_provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What Terraform needs in its environment to use the AWS provider that runs."""
    program = _installed(tmp_path_factory.mktemp("provider"))
    # It has settings of its own, whatever Terraform is started with; every sandbox takes these.
    keys = {"AWS_ACCESS_KEY_ID": "sandbox", "AWS_SECRET_ACCESS_KEY": "sandbox"}
    others = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    with subprocess.Popen(
        [program, "-debug"],
        env={**others, **keys, "AWS_EC2_METADATA_DISABLED": "true"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as provider:
        try:
            assert provider.stdout
            [attach] = next(filter(None, map(_ATTACH.findall, provider.stdout)))
            yield {"TF_REATTACH_PROVIDERS": attach}
        finally:
            provider.terminate()


def _installed(folder: Path) -> Path:
    """The provider that `terraform init` finds."""
    configuration = folder / "terraform.rc"
    configuration.write_text(mirrors.terraform_configuration(mirrors.mirrors()))
    (folder / "main.tf").write_text(_WANTED)
    environment = {**os.environ, "TF_CLI_CONFIG_FILE": str(configuration)}
    subprocess.run(["terraform", "init"], cwd=folder, env=environment, check=True)
    [program] = folder.glob(".terraform/providers/*/*/*/*/*/terraform-provider-aws*")
    return program
