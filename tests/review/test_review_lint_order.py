"""Findings are the same whatever the order of what was read."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from review_examples import HOST, SAFE, TODAY, policy, statement

from federation.yaml import files
from review.facts.configured import configured
from review.facts.estate import joined
from review.facts.evidence import service_accounts, trust_policy_file
from review.lint.linter import lint
from review.lint.reports import document
from review.plan.facts import plan_facts

PLAN = json.loads(Path(__file__).with_name("others_plan.json").read_text())
POLICY = policy(
    statement(Principal="*"),
    statement({"StringEquals": {f"{HOST}:sub": ["system:serviceaccount:default:default", "x"]}}),
    statement(
        {
            "StringLike": {
                f"{HOST}:sub": ["system:serviceaccount:*:web", "system:serviceaccount:prod:*"]
            },
            "StringEqualsIfExists": {f"{HOST}:aud": ["a", "b"]},
        }
    ),
    statement({"StringEquals": {f"{HOST}:sub": "system:serviceaccount:prod:web"}}),
)
ACCOUNTS = {
    "items": [
        {"kind": "ServiceAccount", "metadata": {"namespace": namespace, "name": name}}
        for namespace in ("prod", "test", "default")
        for name in ("web", "api", "default")
    ]
}
CONFIGURATION = SAFE | {
    "backend": {"type": "local"},
    "aws": {"region": "eu-west-1", "tags": {"password": "a", "token": "b", "team": "c"}},
    "discovery": {"thumbprint": ["a" * 40, "b" * 40]},
    "workloads": [
        {
            "namespace": namespace,
            "service_account": "web",
            "trust": trust,
            "role": {"managed_policy_arns": ["AdministratorAccess", "AmazonS3FullAccess"]},
        }
        for namespace in ("prod", "test")
        for trust in ("audience-only",)
    ],
    "lint": {
        "accept": [
            {"code": "local-state", "reason": "a trial", "until": "2027-01-31"},
            {"code": "broad-policy", "reason": "a", "until": "2027-01-01", "workload": "prod/web"},
            {"code": "broad-policy", "reason": "b", "until": "2027-01-02"},
        ]
    },
}


def shuffled(value: Any, random: Random) -> Any:
    """The same data with another order of every mapping and list."""
    if isinstance(value, dict):
        items = [(key, shuffled(each, random)) for key, each in value.items()]
        random.shuffle(items)
        return dict(items)
    if isinstance(value, list):
        entries = [shuffled(each, random) for each in value]
        random.shuffle(entries)
        return entries
    return value


def reported(plan: Any, trust: Any, accounts: Any, config: Any, random: Random) -> dict[str, Any]:
    ours = files.validate(config)
    estates = [
        plan_facts(json.dumps(plan), "plan.json"),
        trust_policy_file(json.dumps(trust), "role.json"),
        service_accounts(json.dumps(accounts), "accounts.json"),
        configured(ours, "prod.yaml"),
    ]
    random.shuffle(estates)
    return document(lint(joined(estates), ours.lint.accept, TODAY))


EXPECTED = reported(PLAN, POLICY, ACCOUNTS, CONFIGURATION, Random(0))


def test_there_is_enough_to_tell_apart() -> None:
    assert EXPECTED["counts"] == {"error": 20, "warning": 10, "note": 9}


@given(st.randoms(use_true_random=False))
def test_the_order_of_the_input_changes_nothing(random: Random) -> None:
    changes = list(PLAN["resource_changes"])
    random.shuffle(changes)
    again = reported(
        PLAN | {"resource_changes": changes},
        shuffled(POLICY, random),
        shuffled(ACCOUNTS, random),
        shuffled(CONFIGURATION, random),
        random,
    )
    assert again == EXPECTED


def test_the_same_file_twice_gives_each_finding_once() -> None:
    estate = trust_policy_file(json.dumps(POLICY), "role.json")
    assert lint(joined([estate, estate]), (), TODAY) == lint(estate, (), TODAY)
