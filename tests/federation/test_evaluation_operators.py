"""The operators that compare by size, below, at and above their limit."""

import pytest

from federation.iam.evaluation import evaluate

OUTCOMES = {
    "Equals": (False, True, False),
    "NotEquals": (True, False, True),
    "LessThan": (True, False, False),
    "LessThanEquals": (True, True, False),
    "GreaterThan": (False, False, True),
    "GreaterThanEquals": (False, True, True),
}


def holds(operator: str, limit: str, value: str) -> bool:
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {operator: {"example:key": limit}},
    }
    claims = {"iss": "https://cluster.example.com"}
    return evaluate({"Statement": statement}, claims, context={"example:key": value}).allowed


@pytest.mark.parametrize(("order", "outcomes"), OUTCOMES.items())
def test_numbers_compare_as_numbers(order: str, outcomes: tuple[bool, ...]) -> None:
    seen = [holds(f"Numeric{order}", "100", value) for value in ("99.5", "100.0", "1000")]

    assert tuple(seen) == outcomes


@pytest.mark.parametrize(("order", "outcomes"), OUTCOMES.items())
def test_dates_compare_as_times(order: str, outcomes: tuple[bool, ...]) -> None:
    values = ("2029-12-31T23:59:59Z", "2030-01-01T01:00:00+01:00", "1893456001")
    seen = [holds(f"Date{order}", "2030-01-01", value) for value in values]

    assert tuple(seen) == outcomes


@pytest.mark.parametrize("value", ["a lot", "1e3", "", "NaN"])
def test_what_is_no_number_compares_with_none(value: str) -> None:
    assert not holds("NumericLessThan", "100", value)


@pytest.mark.parametrize("value", ["10.0.0.9", "10.0.0.9/32"])
def test_an_address_is_within_its_own_version_only(value: str) -> None:
    assert holds("IpAddress", "10.0.0.0/8", value)
    assert not holds("IpAddress", "::/0", value)
