"""Where the state of a stack is, and what is in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deployment.cdktf.project import Project, terraform_program
from deployment.process import capture
from federation.errors import WorldError
from federation.strict_json import json_object

TIMEOUT = 120.0
"""Seconds for a command that only reads."""


def pull_state(project: Project, stack: str) -> dict[str, Any]:
    """A stack's state, from wherever it is; its folder is initialized. It may hold secrets."""
    folder = project.stack_folder(stack)
    captured = capture(project.command(terraform_program(), "state", "pull", cwd=folder), TIMEOUT)
    if captured.status:
        raise WorldError(f"Terraform cannot read the state of {stack}: {captured.stderr}")
    return json_object(f"The state of {stack}", captured.stdout or "{}")


def backend_of(folder: Path) -> dict[str, Any]:
    """Where the Terraform in a folder keeps its state."""
    configuration = json.loads((folder / "cdk.tf.json").read_text())
    [(kind, config)] = configuration["terraform"]["backend"].items()
    return state_place({"backend": kind, "config": config})


def state_place(state: Mapping[str, Any]) -> dict[str, Any]:
    """Where a state is, without how it is written (encryption, locking)."""
    config = state["config"]
    return {"backend": state["backend"]} | {
        key: config[key] for key in ("path", "bucket", "key") if key in config
    }
