"""Outputs of a plan become what later stacks read."""

from __future__ import annotations

import json

from deployment.cdktf.outputs import planned_outputs, state_with

OUTPUTS = {
    "output_changes": {
        "provider_arn": {
            "actions": ["create"],
            "before": None,
            "after_unknown": True,
        },
        "role_arns": {
            "actions": ["update"],
            "before": {"default/a": "arn:a"},
            "after": {"default/a": "arn:a"},
            "after_unknown": {"default/b": True},
        },
        "thumbprint": {
            "actions": ["no-op"],
            "before": ["ab"],
            "after": ["ab"],
            "after_unknown": False,
        },
        "mixed": {
            "actions": ["create"],
            "after": ["known", None],
            "after_unknown": [False, True],
        },
        "empty": {"actions": ["create"], "after": [1], "after_unknown": []},
        "gone": {"actions": ["delete"], "before": "x", "after": None, "after_unknown": False},
    }
}


def test_outputs_that_are_not_known_are_named_after_the_stack_that_makes_them() -> None:
    assert planned_outputs("prod-identity", OUTPUTS) == {
        "provider_arn": "(known after prod-identity)",
        "role_arns": {"default/a": "arn:a", "default/b": "(known after prod-identity)"},
        "thumbprint": ["ab"],
        "mixed": ["known", "(known after prod-identity)"],
        "empty": [1],
    }


def test_planned_outputs_become_a_state() -> None:
    state = json.loads(state_with({"a": {"b": ["c", 1, True, None]}, "d": "e"}))
    assert state["outputs"] == {
        "a": {
            "value": {"b": ["c", 1, True, None]},
            "type": ["object", {"b": ["tuple", ["string", "number", "bool", "dynamic"]]}],
        },
        "d": {"value": "e", "type": "string"},
    }
    assert (state["version"], state["resources"]) == (4, [])
