"""Terraform's own description of a plan becomes records of what would change."""

from __future__ import annotations

import json
from typing import Any

import pytest

from federation.errors import UserError
from review.plan.changes import (
    SENSITIVE,
    UNKNOWN,
    AttributeChange,
    Plan,
    ResourceChange,
    StackPlan,
    stack_plan,
)
from review.plan.words import fate, sentence


def shown(*actions: str, **change: Any) -> dict[str, Any]:
    resource = {
        "address": "aws_iam_role.a",
        "mode": "managed",
        "type": "aws_iam_role",
        "name": "a",
        "change": {"actions": list(actions), **change},
    }
    return {"format_version": "1.2", "resource_changes": [resource]}


def attributes(*actions: str, **change: Any) -> list[AttributeChange]:
    [resource] = stack_plan("s", shown(*actions, **change)).changes
    return list(resource.attributes)


@pytest.mark.parametrize(
    ("actions", "action", "counts"),
    [
        (("create",), "create", (1, 0, 0)),
        (("update",), "update", (0, 1, 0)),
        (("delete",), "delete", (0, 0, 1)),
        (("delete", "create"), "replace", (1, 0, 1)),
        (("create", "delete"), "replace", (1, 0, 1)),
        (("read",), "read", (0, 0, 0)),
        (("forget",), "forget", (0, 0, 0)),
    ],
)
def test_actions_are_named_and_counted_as_terraform_does(
    actions: tuple[str, ...], action: str, counts: tuple[int, int, int]
) -> None:
    plan = stack_plan("s", shown(*actions))
    assert [change.action for change in plan.changes] == [action]
    assert (plan.add, plan.change, plan.destroy) == counts


@pytest.mark.parametrize("actions", [("create", "forget"), ("replicate",), ()])
def test_an_action_that_is_not_known_is_reported(actions: tuple[str, ...]) -> None:
    plan = Plan((stack_plan("s", shown(*actions)),))

    [resource] = plan.stacks[0].changes
    assert (resource.action, resource.unknown_actions) == ("unknown", actions)
    assert (plan.unknown, plan.steps, plan.empty) == (1, 0, False)
    assert plan.counts == "0 to add, 0 to change, 0 to destroy, 1 with an unknown action"


def test_an_unknown_action_is_named_in_the_plan_and_in_words() -> None:
    [resource] = stack_plan("s", shown("create", "forget")).changes

    assert fate(resource) == " (unknown action: 'create', 'forget')"
    assert sentence(resource) == "An unknown action ('create', 'forget') on the role"


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"resource_changes": 1}, "The plan of s is not a Terraform plan."),
        ({"values": {}}, "The plan of s is not a Terraform plan."),
        (
            {"resource_changes": ["x"]},
            "The plan of s: resource_changes[0] is not a change of a resource.",
        ),
    ],
)
def test_what_does_not_have_the_form_of_a_plan_is_refused(
    document: dict[str, Any], said: str
) -> None:
    with pytest.raises(UserError) as refusal:
        stack_plan("s", document)

    assert str(refusal.value) == said


def test_a_resource_that_stays_is_left_out() -> None:
    assert stack_plan("s", shown("no-op")) == StackPlan("s", ())


def test_a_plan_without_resources_is_empty() -> None:
    plan = Plan((stack_plan("s", {"planned_values": {"root_module": {}}}),))
    assert (plan.empty, plan.steps) == (True, 0)


def test_a_plan_counts_over_its_stacks() -> None:
    plan = Plan(
        (
            stack_plan("a", shown("create")),
            stack_plan("b", shown("delete", "create")),
            stack_plan("c", shown("update")),
        )
    )
    assert (plan.add, plan.change, plan.destroy, plan.steps, plan.empty) == (2, 1, 1, 4, False)


def test_a_new_resource_shows_all_that_is_known_and_what_is_not() -> None:
    change = {
        "before": None,
        "after": {"name": "a", "path": None, "tags": {"b": "c"}, "rules": [{"port": 443}]},
        "after_unknown": {"arn": True, "rules": [{"id": True}]},
    }
    assert stack_plan("s", shown("create", **change)).changes == (
        ResourceChange(
            "aws_iam_role.a",
            "aws_iam_role",
            "a",
            "create",
            (
                AttributeChange("arn", None, UNKNOWN),
                AttributeChange("name", None, '"a"'),
                AttributeChange("rules[0].id", None, UNKNOWN),
                AttributeChange("rules[0].port", None, "443"),
                AttributeChange("tags.b", None, '"c"'),
            ),
        ),
    )


def test_a_change_shows_what_differs_alone() -> None:
    change = {
        "before": {"name": "a", "max": 3600, "tags": {"x": "1", "y": "2"}, "on": False},
        "after": {"name": "a", "max": 7200, "tags": {"x": "1"}, "on": True},
    }
    assert attributes("update", **change) == [
        AttributeChange("max", "3600", "7200"),
        AttributeChange("on", "false", "true"),
        AttributeChange("tags.y", '"2"', None),
    ]


def test_a_replacement_shows_its_reason() -> None:
    change = {
        "before": {"name": "a", "path": "/"},
        "after": {"name": "b", "path": "/x/"},
        "replace_paths": [["name"]],
    }
    assert attributes("delete", "create", **change) == [
        AttributeChange("name", '"a"', '"b"', replaces=True),
        AttributeChange("path", '"/"', '"/x/"'),
    ]


def test_what_is_sensitive_is_not_shown() -> None:
    change = {
        "before": {"password": "old", "data": {"a": "1"}},
        "after": {"password": "new", "data": {"a": "2"}, "more": "secret"},
        "before_sensitive": {"password": True},
        "after_sensitive": {"password": True, "data": True, "more": True},
    }
    assert attributes("update", **change) == [
        AttributeChange("data.a", SENSITIVE, SENSITIVE),
        AttributeChange("more", None, SENSITIVE),
        AttributeChange("password", SENSITIVE, SENSITIVE),
    ]


def test_text_beyond_ascii_is_shown_as_it_is() -> None:
    assert attributes("create", before=None, after={"name": "größe"}) == [
        AttributeChange("name", None, '"größe"')
    ]


def test_what_looks_like_a_secret_is_masked_whatever_terraform_calls_it() -> None:
    key = "AKIA" + "IOSFODNN7EXAMPLE"
    policy = json.dumps({"Statement": [{"Sid": key, "token": "hunter2"}]})
    change = {
        "before": {"description": f"use {key}", "tags": {"api-key": "x1", key: "a"}},
        "after": {
            "description": "none",
            "tags": {"api-key": "x2"},
            "policy": policy,
            "env": [{"name": "DB_PASSWORD", "value": "hunter2"}, {"name": "A", "value": "b"}],
        },
    }
    assert attributes("update", **change) == [
        AttributeChange("description", '"use AKIA... (20 characters)"', '"none"'),
        AttributeChange("env[0].name", None, '"DB_PASSWORD"'),
        AttributeChange("env[0].value", None, '"... (7 characters)"'),
        AttributeChange("env[1].name", None, '"A"'),
        AttributeChange("env[1].value", None, '"b"'),
        AttributeChange(
            "policy",
            None,
            json.dumps(policy.replace(key, "AKIA... (20 characters)").replace("hunter2", MASKED)),
        ),
        AttributeChange("tags.AKIA... (20 characters)", '"a"', None),
        AttributeChange("tags.api-key", '"... (2 characters)"', '"... (2 characters)"'),
    ]


MASKED = "... (7 characters)"
