"""Accepted findings as one typed answer, and back."""

from __future__ import annotations

import pytest

from federation.errors import UserError
from wizard.questions import questions

ACCEPTED = next(question for question in questions() if question.key == "lint.accept")


def test_an_answer_names_codes_workloads_days_and_reasons() -> None:
    text = (
        "local-state until 2027-01-31 because a trial; we move; "
        "test-pod of default/app until 2027-02-28 because of a demonstration"
    )
    value = ACCEPTED.value(text)
    assert value == [
        {"code": "local-state", "until": "2027-01-31", "reason": "a trial; we move"},
        {
            "code": "test-pod",
            "workload": "default/app",
            "until": "2027-02-28",
            "reason": "of a demonstration",
        },
    ]
    assert ACCEPTED.text([{"workload": None} | each for each in value]) == text


def test_no_accepted_finding_is_no_answer() -> None:
    assert (ACCEPTED.text([]), ACCEPTED.value("")) == ("", None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "local-state",
            "'local-state' is not a valid acceptance: write 'CODE until YYYY-MM-DD because "
            "REASON', or 'CODE of NAMESPACE/SERVICE_ACCOUNT until ...', with '; ' between two.",
        ),
        (
            "local-state until tomorrow because a trial",
            "'tomorrow' is not a day: write it like '2027-01-31'.",
        ),
    ],
)
def test_another_answer_is_refused(text: str, message: str) -> None:
    with pytest.raises(UserError) as refusal:
        ACCEPTED.check(text)
    assert str(refusal.value) == message
