"""Outputs that a stack will have, for planning the stacks that read them.

`terraform show -json` describes a saved plan; what it would change is `review.plan.changes`'s
business.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import zip_longest
from typing import Any


def planned_outputs(stack: str, shown: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs that a stack will have; text stands for what only applying it can tell."""
    placeholder = f"(known after {stack})"
    return {
        name: _filled(change.get("after"), change.get("after_unknown", False), placeholder)
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


def _filled(value: Any, unknown: Any, placeholder: str) -> Any:
    if unknown is True:
        return placeholder
    if isinstance(unknown, dict):
        known = value or {}
        return {
            key: _filled(known.get(key), unknown.get(key, False), placeholder)
            for key in {**known, **unknown}
        }
    if isinstance(unknown, list):
        pairs = zip_longest(value or (), unknown, fillvalue=None)
        return [_filled(item, each, placeholder) for item, each in pairs]
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
