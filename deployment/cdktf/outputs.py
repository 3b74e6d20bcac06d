"""Outputs of stacks: those that a plan foresees, and those that were applied."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Any

from deployment.cdktf.project import Project
from federation.errors import WorldError


def planned_outputs(stack: str, shown: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs that a stack will have; text stands for what only applying it can tell."""
    placeholder = f"(known after {stack})"
    return {
        name: _fill(change.get("after"), change.get("after_unknown", False), placeholder)
        for name, change in shown.get("output_changes", {}).items()
        if change["actions"] != ["delete"]
    }


def state_with(outputs: Mapping[str, Any]) -> str:
    """A Terraform state (version 4) that holds these outputs and nothing else, as JSON."""
    return json.dumps(
        {
            "version": 4,
            "terraform_version": "1.5.0",
            "serial": 1,
            "lineage": "planned",
            "outputs": {
                name: {"value": value, "type": _cty_type(value)} for name, value in outputs.items()
            },
            "resources": [],
        }
    )


def read_outputs(project: Project, place: Path) -> dict[str, dict[str, Any]]:
    """What the CDKTF CLI wrote of the outputs.

    Raises:
        WorldError: it is not there, or lacks a stack that has outputs.
    """
    try:
        made: dict[str, dict[str, Any]] = json.loads(place.read_text(encoding="utf-8"))
        missing = [
            each for each in project.stacks if each not in made and _has_outputs(project, each)
        ]
    except (OSError, ValueError) as error:
        raise WorldError(
            f"The stacks are applied, but cdktf wrote no outputs that can be read ({error}). "
            "Run the command again."
        ) from error
    if missing:
        raise WorldError(
            f"The stacks are applied, but cdktf wrote no outputs of {', '.join(missing)}. "
            "Run the command again."
        )
    return made


def _has_outputs(project: Project, stack: str) -> bool:
    place = project.stack_folder(stack) / "cdk.tf.json"
    return place.exists() and bool(json.loads(place.read_text(encoding="utf-8")).get("output"))


def _fill(value: Any, unknown: Any, placeholder: str) -> Any:
    if unknown is True:
        return placeholder
    if isinstance(unknown, dict):
        known = value or {}
        return {
            key: _fill(known.get(key), unknown.get(key, False), placeholder)
            for key in {**known, **unknown}
        }
    if isinstance(unknown, list):
        pairs = zip_longest(value or (), unknown, fillvalue=None)
        return [_fill(item, each, placeholder) for item, each in pairs]
    return value


def _cty_type(value: Any) -> Any:
    """The type of a value as a state file names it."""
    if isinstance(value, dict):
        return ["object", {key: _cty_type(item) for key, item in value.items()}]
    if isinstance(value, list):
        return ["tuple", [_cty_type(item) for item in value]]
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "number"
    return "string" if isinstance(value, str) else "dynamic"
