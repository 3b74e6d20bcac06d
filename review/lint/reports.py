"""What the linter found, as documents: data for JSON, and results for `formats.sarif`.

docs/lint.md says what each key of the JSON means; keys are only ever added.
"""

from __future__ import annotations

from typing import Any

from federation.rules.registry import RULES, LintRule
from formats import sarif as formatted
from review.lint.finding import LintFinding
from review.lint.linter import LintReport

TOOL = "oidc-iam-lint"


def document(report: LintReport) -> dict[str, Any]:
    """A run as data."""
    return {
        "counts": dict(report.counts),
        "findings": [_members(finding) for finding in report.findings],
        "accepted": [
            {**_members(each.finding), "reason": each.reason, "until": each.until}
            for each in report.accepted
        ],
        "unused_acceptances": [each.model_dump() for each in report.unused],
        "unjudged_acceptances": [each.model_dump() for each in report.unjudged],
    }


def sarif(report: LintReport, about: str) -> dict[str, Any]:
    """A run as SARIF; `about` keeps runs of several clusters apart."""
    results = [
        *(_result(finding, None) for finding in report.findings),
        *(_result(e.finding, f"until {e.until}: {e.reason}") for e in report.accepted),
    ]
    return formatted.sarif(TOOL, about, [_rule(rule) for rule in RULES], results)


def _members(finding: LintFinding) -> dict[str, Any]:
    rule, seen = finding.rule, finding.seen
    return {
        "code": rule.code,
        "weight": rule.weight,
        "title": rule.title,
        "file": seen.where.file,
        "line": seen.where.line,
        "place": seen.where.place,
        "about": seen.about,
        "seen": seen.text,
        "reasoning": rule.reasoning,
        "fix": rule.fix,
        "source": rule.source,
        "note": finding.note,
    }


def _rule(rule: LintRule) -> formatted.SarifRule:
    help_text = f"Fix: {rule.fix}\nSource: {rule.source}."
    return formatted.SarifRule(
        rule.code, f"{rule.title}.", rule.reasoning, help_text, ("security",)
    )


def _result(finding: LintFinding, accepted: str | None) -> formatted.SarifResult:
    rule, seen = finding.rule, finding.seen
    about = f" ({seen.about})" if seen.about else ""
    lines = (
        f"{rule.title}{about}.",
        f"Seen: {': '.join(filter(None, [seen.where.place, seen.text]))}",
        finding.note,
        f"Fix: {rule.fix}",
    )
    return formatted.SarifResult(
        rule.code,
        rule.weight,
        "\n".join(filter(None, lines)),
        seen.where.file,
        seen.where.line,
        identity=f"{seen.about} {seen.where.place}",
        accepted=accepted,
    )
