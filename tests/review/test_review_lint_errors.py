"""A rule that raises: a finding of its own, and no secret passes for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from review_examples import TODAY, workload

from federation.errors import UserError
from federation.model.config import Acceptance
from review.facts.estate import Estate
from review.lint import linter
from review.lint.finding import Seen
from review.lint.linter import lint, refuse_secrets
from review.lint.reports import document

ERROR = KeyError("data")
LOOSE = workload(trust="audience-only")


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """The rule that the test names raises."""

    def look(_: Estate) -> Iterator[Seen]:
        raise ERROR

    monkeypatch.setitem(linter.LOOKS, request.param, look)


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize("broken", ["long-token"], indirect=True)
def test_a_rule_that_raises_is_a_finding_and_the_others_are_judged() -> None:
    accept = Acceptance(code="rule-error", reason="none", until="2027-12-31")

    report = lint(LOOSE, (accept,), TODAY)

    seen = [(each["code"], each["place"], each["seen"]) for each in document(report)["findings"]]
    assert seen[1:] == [("rule-error", "long-token", "it raised KeyError.")]
    assert seen[0][0] == "audience-only-trust"
    assert [(rule.code, error) for rule, error in report.errors] == [("long-token", ERROR)]
    assert report.accepted == ()
    assert report.fails(strict=False)


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize("broken", ["long-token"], indirect=True)
def test_the_error_of_another_rule_does_not_keep_a_review_from_being_written() -> None:
    refuse_secrets(LOOSE, (), TODAY)


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize("broken", ["secret-like-value"], indirect=True)
def test_what_was_not_searched_for_secrets_is_not_handed_out() -> None:
    with pytest.raises(KeyError):
        refuse_secrets(LOOSE, (), TODAY)


def test_a_message_for_a_person_stays_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def look(_: Estate) -> Iterator[Seen]:
        raise UserError("correct this")

    monkeypatch.setitem(linter.LOOKS, "long-token", look)

    with pytest.raises(UserError):
        lint(LOOSE, (), TODAY)
