"""Every case of trust_policies.yaml, decided exactly as it says."""

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from federation.errors import UserError
from federation.iam.evaluation import Decision, evaluate

TABLE = YAML(typ="safe").load(Path(__file__).with_name("trust_policies.yaml"))
DECIDED = [case for case in TABLE["cases"] if "allowed" in case]
REFUSED = [case for case in TABLE["cases"] if "error" in case]


def merged(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in (base | changes).items() if value is not None}


def policy_of(case: dict[str, Any]) -> dict[str, Any]:
    if "policy" in case:
        return dict(case["policy"])
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": TABLE["provider"]},
        "Action": "sts:AssumeRoleWithWebIdentity",
    }
    if "condition" in case:
        changes = [{"Condition": case["condition"]}]
    else:
        changes = case.get("statements") or [case["statement"]]
    return {"Version": "2012-10-17", "Statement": [merged(statement, one) for one in changes]}


def decide(case: dict[str, Any]) -> Decision:
    return evaluate(
        policy_of(case),
        merged(TABLE["token"], case.get("claims", {})),
        federated=case.get("federated"),
        context=case.get("context"),
    )


def name(case: dict[str, Any]) -> str:
    return str(case["case"]).replace(" ", "_")


@pytest.mark.parametrize("case", DECIDED, ids=name)
def test_decides(case: dict[str, Any]) -> None:
    by = case.get("by", 0 if case["allowed"] else None)

    assert decide(case) == Decision(case["allowed"], by, tuple(case.get("reasons", ())))


@pytest.mark.parametrize("case", REFUSED, ids=name)
def test_refuses(case: dict[str, Any]) -> None:
    with pytest.raises(UserError) as refusal:
        decide(case)

    assert str(refusal.value) == case["error"]


def test_each_case_has_a_name_of_its_own_and_a_source() -> None:
    cases = TABLE["cases"]

    assert len({case["case"] for case in cases}) == len(cases) == len(DECIDED) + len(REFUSED)
    assert [case["case"] for case in cases if not case.get("source")] == []
