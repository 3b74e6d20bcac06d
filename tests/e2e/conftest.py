"""A process of the AWS provider that runs as long as a module's tests, where Terraform allows it.

A command of Terraform starts a provider once for its schema and once for each walk over the
resources; the AWS provider makes this half of what the command costs. Attached, it is the same
program, started once
(https://developer.hashicorp.com/terraform/plugin/debugging#running-terraform-with-a-provider-in-debug-mode).
The chain of `test_federation` does without it: there Terraform installs and starts what it needs.

Where a test is not about `aws.endpoint_url`, `AWS_ENDPOINT_URL` leads to the sandbox: with a block
`endpoints` a plan takes three seconds of processor time more, since the provider names each of its
four hundred services by writing out all of them.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from project_copy import Attach

from federation.providers import PROVIDERS
from sandbox import mirrors

_WANTED = f"""
terraform {{
  required_providers {{
    aws = {{
      source  = "hashicorp/aws"
      version = "{PROVIDERS["aws"].constraint}"
    }}
  }}
}}
"""
_ATTACH = re.compile(r"TF_REATTACH_PROVIDERS='(.*)'")


@pytest.fixture(scope="session")
def aws_provider(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program of the AWS provider that `terraform init` finds."""
    return _installed(tmp_path_factory.mktemp("provider"))


@pytest.fixture(scope="module")
def attach(aws_provider: Path) -> Iterator[Attach]:
    """Starts the AWS provider with an environment, its credentials and AWS's address among it.

    Returns what Terraform needs in its own environment to use it.
    """
    with ExitStack() as running:
        yield lambda environment: running.enter_context(_attached(aws_provider, environment))


@contextmanager
def _attached(program: Path, environment: Mapping[str, str]) -> Iterator[dict[str, str]]:
    others = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    with subprocess.Popen(
        [program, "-debug"],
        env={**others, **environment},
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
    configuration = folder / "terraform.rc"
    configuration.write_text(mirrors.terraform_configuration(mirrors.mirrors()))
    (folder / "main.tf").write_text(_WANTED)
    environment = {**os.environ, "TF_CLI_CONFIG_FILE": str(configuration)}
    subprocess.run(["terraform", "init"], cwd=folder, env=environment, check=True)
    [program] = folder.glob(".terraform/providers/*/*/*/*/*/terraform-provider-aws*")
    return program
