"""The project that cdktf and Terraform run in, and the commands that start them."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from deployment.process import Command
from deployment.surroundings import kubeconfig_paths
from federation.model.config import ClusterConfig
from federation.yaml.files import PROJECT


@dataclass(frozen=True)
class Project:
    """Where cdktf runs, and on what.

    Attributes:
        folder: The folder with `cdktf.json`.
        stacks: The names of the stacks, in the order in which they are applied.
        environment: What Terraform and the app find in their environment besides ours.
    """

    folder: Path
    stacks: tuple[str, ...]
    environment: Mapping[str, str | None] = field(default_factory=dict, repr=False)

    def with_environment(self, environment: Mapping[str, str | None]) -> Project:
        """The same with more in the environment."""
        return replace(self, environment={**self.environment, **environment})

    def stack_folder(self, stack: str) -> Path:
        """Where a stack's Terraform is, and runs."""
        return self.folder / "cdktf.out" / "stacks" / stack

    def command(self, *args: str, cwd: Path | None = None, **environment: str) -> Command:
        """A command of this project, with all that cdktf and Terraform need around them."""
        return Command(
            args,
            cwd or self.folder,
            {**_environment(self.folder), **self.environment, **environment},
            # Interrupted itself, the CDKTF CLI ends at once, and its pseudo-terminal hangs up on a
            # Terraform that has yet to write its state and to release the lock.
            interrupt_first=frozenset({"terraform", "tofu", Path(terraform_program()).name}),
        )


def project_of(
    path: Path, config: ClusterConfig, environment: Mapping[str, str | None] | None = None
) -> Project:
    """The project that deploys a configuration.

    Args:
        path: The configuration's file.
        config: What it holds.
        environment: More for Terraform's environment.
    """
    return Project(
        PROJECT,
        config.stacks,
        {
            "OIDC_IAM_CONFIG": str(path.resolve()),
            # The kubernetes provider does not read KUBECONFIG.
            "TF_VAR_kubeconfig_paths": json.dumps(kubeconfig_paths()),
            **(environment or {}),
        },
    )


def terraform_program() -> str:
    """The Terraform to use: TERRAFORM_BINARY_NAME, as for the CDKTF CLI, or what is there."""
    if named := os.environ.get("TERRAFORM_BINARY_NAME"):
        return named
    return "tofu" if not shutil.which("terraform") and shutil.which("tofu") else "terraform"


def cdktf_program(folder: Path) -> str:
    """The CDKTF CLI to use: the project's own, or else what the PATH has."""
    own = folder / "node_modules" / ".bin" / "cdktf"
    return str(own) if own.exists() else "cdktf"


def app_command(project: Project) -> Command:
    """The app that cdktf.json names: what `cdktf synth` runs, without the seconds around it."""
    return project.command(
        sys.executable, "main.py", CDKTF_OUTDIR=str(project.folder / "cdktf.out")
    )


def _environment(folder: Path) -> dict[str, str | None]:
    """What makes cdktf and Terraform print for a program: no colours, no spinners, no questions."""
    programs = (Path(sys.executable).parent, folder / "node_modules" / ".bin")
    return {
        "PATH": os.pathsep.join([*map(str, programs), os.environ.get("PATH", "")]),
        "TERRAFORM_BINARY_NAME": terraform_program(),
        # Ink, which draws the CLI's output, then only appends.
        "CI": "true",
        "FORCE_COLOR": "0",
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
        # One folder for all stacks would have them overwrite each other's.
        "TF_DATA_DIR": None,
        "CHECKPOINT_DISABLE": "1",
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "18,20",
    }
