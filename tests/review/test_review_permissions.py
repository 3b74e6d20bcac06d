"""What stands out in a policy of permissions, by its text alone."""

from __future__ import annotations

from typing import Any

import pytest

from review.facts.permissions import judge


def policy(**statement: Any) -> dict[str, Any]:
    return {"Statement": [{"Effect": "Allow", "Resource": "*", **statement}]}


@pytest.mark.parametrize("action", ["*", "*:*", "**", "*:**", "iam:*", "IAM:*", "iam:**"])
def test_everything_and_everything_with_iam_is_administration(action: str) -> None:
    judged = judge(policy(Action=action))

    assert [each.actions for each in judged.administration] == [(action,)]
    assert (judged.is_escalation, judged.is_whole_service) == (False, False)


@pytest.mark.parametrize(
    "statement",
    [
        {"Action": "s3:*"},
        {"Action": "iam:Get*"},
        {"Action": "*:*", "Resource": "arn:aws:s3:::a"},
        {"Action": "*:*", "Condition": {"Bool": {"aws:SecureTransport": "true"}}},
    ],
    ids=["a service", "some actions", "a resource", "a condition"],
)
def test_less_than_everything_everywhere_is_not_administration(statement: dict[str, Any]) -> None:
    assert judge(policy(**statement)).administration == ()
