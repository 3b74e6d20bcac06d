"""The registry of findings: each code once, each rule evaluated in one place."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from federation_examples import configured

from deployment.neighbours import neighbours
from federation.rules.registry import BY_CODE, NOT_JUDGED, RENAMED, RULES
from review.lint import configuration
from review.lint.linter import OF_ESTATES


def test_codes_are_unique() -> None:
    assert {
        code: count for code, count in Counter(r.code for r in RULES).items() if count > 1
    } == {}


def test_each_rule_is_evaluated_in_one_place() -> None:
    of_neighbours = neighbours(Path("elsewhere.yaml"), configured())
    places = [*OF_ESTATES, *configuration.LOOKS, *of_neighbours, NOT_JUDGED]
    assert sorted(places) == sorted(BY_CODE)


def test_a_retired_code_is_no_rule_and_the_codes_that_replace_it_are() -> None:
    assert RENAMED.keys().isdisjoint(BY_CODE)
    assert {new for codes in RENAMED.values() for new in codes} <= BY_CODE.keys()


def test_rules_are_written_in_whole_sentences() -> None:
    for rule in RULES:
        assert not rule.title.endswith(".")
        assert rule.reasoning.endswith(".")
        assert rule.fix.endswith(".")
