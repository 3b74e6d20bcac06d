"""`check`: whether a configuration is valid, and what was found in it, a line each."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from federation.keys import key_files
from federation.yaml import files
from wizard import printer
from wizard.cli import acceptances, evidence
from wizard.cli.options import config_option, json_option, relative

if TYPE_CHECKING:
    from federation.rules.registry import Weight
    from review.lint.finding import LintFinding, Seen
    from review.lint.linter import LintReport


@click.command()
@config_option
@json_option
@click.option("--offline", is_flag=True, help="Do not look at discovery.endpoint's certificates.")
@evidence.today_option("The day to judge acceptances by; by default today (UTC).")
def check(path: Path, as_json: bool, offline: bool, today: date | None) -> int:
    """Check a configuration: whether it is valid, and what 'lint' finds in it.

    Only discovery.endpoint is contacted, if it is set and Terraform is to take the thumbprint from
    it. What the configuration accepts (below 'lint') does not count. docs/lint-codes.md lists the
    codes.

    Exit codes: 0 no error, 1 an error, 2 the configuration is not valid.
    """
    from deployment.configuration_facts import configuration_facts
    from review.lint.linter import lint

    config = files.load(path)
    key_files.check(config)
    acceptances.check(path, config)
    facts = configuration_facts(path, config, relative(path), network=not offline)
    report = lint(facts, config.lint.accept, today or datetime.now(UTC).date())
    if as_json:
        printer.show_json({"cluster": config.cluster, **_members(report)})
    else:
        for each in report.findings:
            place = _place(each.seen)
            printer.say(f"{each.rule.weight}: {place}: {each.advice} [{each.rule.code}]")
        acceptances.show(report, _place)
        about = f"{config.issuer}, workloads: {len(config.workloads)}"
        printer.say(f"{relative(path)} {_judged(report)}: {about}, {_counts(report)}.")
    return int(report.fails(strict=False))


def _place(seen: Seen) -> str:
    return seen.where.place


def _judged(report: LintReport) -> str:
    errors = report.counts["error"]
    return f"has {errors} error{'s' * (errors > 1)}" if errors else "is valid"


def _counts(report: LintReport) -> str:
    counts = report.counts
    return (
        f"warnings: {counts['warning']}, notes: {counts['note']}, accepted: {len(report.accepted)}"
    )


def _members(report: LintReport) -> dict[str, Any]:
    return {
        "valid": not report.counts["error"],
        "errors": _of(report, "error"),
        "warnings": _of(report, "warning"),
        "notes": _of(report, "note"),
        "accepted": [
            {**_finding(each.finding), "reason": each.reason, "until": each.until}
            for each in report.accepted
        ],
    }


def _of(report: LintReport, weight: Weight) -> list[dict[str, str]]:
    return [_finding(each) for each in report.findings if each.rule.weight == weight]


def _finding(found: LintFinding) -> dict[str, str]:
    return {"code": found.rule.code, "place": _place(found.seen), "text": found.advice}
