"""What is told of a trust policy that was edited."""

from __future__ import annotations

import json
from typing import Any

import pytest

from doctor.policies import differences
from federation.iam.trust_policy import trust_policy

KEY = "oidc.example.com"
ARN = f"arn:aws:iam::123456789012:oidc-provider/{KEY}"
OURS = trust_policy(ARN, KEY, ["sts.amazonaws.com", "vault"], "system:serviceaccount:default:app")


def edited(**changes: Any) -> dict[str, Any]:
    """Our policy, with changes to its statement."""
    return {"Version": "2012-10-17", "Statement": [OURS["Statement"][0] | changes]}


def conditions(**operators: object) -> dict[str, Any]:
    return edited(Condition=operators)


SUB = {f"{KEY}:sub": "system:serviceaccount:default:app"}
AUD = {f"{KEY}:aud": ["sts.amazonaws.com", "vault"]}
EQUAL = {
    "the same": OURS,
    "a name for the statement": edited(Sid="Pods"),
    "another order of values": conditions(
        StringEquals={f"{KEY}:aud": ["vault", "sts.amazonaws.com"], **SUB}
    ),
    "a list of one": edited(Action=["sts:AssumeRoleWithWebIdentity"]),
    "one statement without a list": {"Statement": edited()["Statement"][0]},
}
EDITED: dict[str, tuple[dict[str, Any], list[tuple[str, str, str]]]] = {
    "another subject": (
        conditions(StringEquals=AUD | {f"{KEY}:sub": ["a", "b"]}),
        [
            (
                f"Statement[0].Condition.StringEquals.{KEY}:sub",
                '["a", "b"]',
                '"system:serviceaccount:default:app"',
            )
        ],
    ),
    "a condition less": (
        conditions(StringEquals=SUB),
        [
            (
                f"Statement[0].Condition.StringEquals.{KEY}:aud",
                "nothing",
                '["sts.amazonaws.com", "vault"]',
            )
        ],
    ),
    "a pattern, and a list of one that does not count": (
        edited(
            Action=["sts:AssumeRoleWithWebIdentity"],
            Condition={"StringEquals": AUD, "StringLike": {f"{KEY}:sub": "*"}},
        ),
        [
            (
                f"Statement[0].Condition.StringEquals.{KEY}:sub",
                "nothing",
                '"system:serviceaccount:default:app"',
            ),
            ("Statement[0].Condition.StringLike", f'{{"{KEY}:sub": "*"}}', "nothing"),
        ],
    ),
    "a statement more": (
        {"Statement": [*OURS["Statement"], {"Effect": "Deny", "Principal": "*", "Action": "*"}]},
        [
            (
                "Statement",
                json.dumps(
                    [*OURS["Statement"], {"Effect": "Deny", "Principal": "*", "Action": "*"}]
                ),
                json.dumps(OURS["Statement"]),
            )
        ],
    ),
    "nothing at all": ({}, [("Statement", "nothing", json.dumps(OURS["Statement"]))]),
}


@pytest.mark.parametrize("policy", EQUAL.values(), ids=EQUAL)
def test_what_means_the_same_is_no_difference(policy: dict[str, Any]) -> None:
    assert list(differences(policy, OURS)) == []


@pytest.mark.parametrize(("policy", "apart"), EDITED.values(), ids=EDITED)
def test_an_edit_is_told_by_its_place(
    policy: dict[str, Any], apart: list[tuple[str, str, str]]
) -> None:
    assert [tuple(each) for each in differences(policy, OURS)] == apart
