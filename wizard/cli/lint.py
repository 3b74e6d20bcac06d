"""`lint`: what a security reviewer would object to in a federation, ours or anybody's.

Nothing is contacted: configurations, trust policies, plans and what is known of a cluster come from
files. Exit codes: 0 no error, 1 an error (with `--strict` a warning), 2 bad input.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from deployment.logs import keep_traceback
from federation.model.config import ClusterConfig
from federation.yaml import documents, files
from wizard import printer
from wizard.cli import acceptances, evidence
from wizard.cli.options import (
    is_stdout,
    json_option,
    only_configuration,
    relative,
    report_option,
    write_report,
)

if TYPE_CHECKING:
    from review.facts.estate import Estate
    from review.lint.finding import LintFinding, Seen
    from review.lint.linter import LintReport


@click.command()
@click.option(
    "--config",
    "-c",
    envvar="OIDC_IAM_CONFIG",
    metavar="FILE",
    help="The configuration; by default OIDC_IAM_CONFIG, or where neither a trust policy nor a "
    "plan is given, the only file in clusters/.",
)
@evidence.file_option("--trust-policy", "The trust policy of any role.")
@evidence.file_option("--plan", "A plan of any Terraform, as 'terraform show -json' prints it.")
@evidence.cluster_options
@json_option
@report_option("--sarif", "SARIF 2.1.0 for code scanning")
@click.option("--strict", is_flag=True, help="Exit 1 for warnings too.")
@evidence.today_option("The day to judge acceptances by; by default the day it is (UTC).")
def lint(
    config: str | None,
    as_json: bool,
    sarif: str | None,
    strict: bool,
    today: date | None,
    **given: tuple[str, ...],
) -> int:
    """Find what a reviewer would object to in a federation.

    The options that take a FILE can be repeated, and - is stdin. What a configuration accepts
    (below 'lint', with a reason and a last day) is not a finding. docs/lint.md lists the codes.

    Exit codes: 0 no error, 1 an error (with --strict a warning), 2 bad input.
    """
    from review.facts.estate import joined
    from review.lint import linter, reports

    quiet = is_stdout("-" if as_json else None, sarif)
    day = today or datetime.now(UTC).date()
    others = joined(evidence.read(given))
    path = _configuration_path(config, given)
    ours = _loaded(path) if path else None
    estate = _together(path, ours, others) if path and ours else others
    report = linter.lint(estate, ours.lint.accept if ours else (), day)
    for rule, error in report.errors:
        place = keep_traceback(error) or "no log could be written"
        printer.warn(f"{rule.code} raised an error; its traceback: {place}")
    if as_json:
        printer.show_json(reports.document(report))
    if sarif:
        log = reports.sarif(report, ours.cluster if ours else "files")
        write_report(sarif, printer.json_text(log) + "\n")
    if not quiet:
        _show(report)
    return int(report.fails(strict=strict))


def _configuration_path(config: str | None, given: Mapping[str, tuple[str, ...]]) -> Path | None:
    if config:
        return Path(config)
    return None if given["trust_policy"] or given["plan"] else only_configuration()


def _together(path: Path, config: ClusterConfig, others: Estate) -> Estate:
    """The facts of a configuration and of the other files; roles of both are the same."""
    from deployment.configuration_facts import configuration_facts
    from review.facts.configured import of_workloads
    from review.facts.estate import joined

    document = documents.read(files.read(path))
    ours = configuration_facts(path, config, relative(path), document)
    return joined([ours, of_workloads(others, config)])


def _loaded(path: Path) -> ClusterConfig:
    config = files.load(path)
    acceptances.check(path, config)
    return config


def _show(report: LintReport) -> None:
    for rule, findings in groupby(report.findings, key=lambda finding: finding.rule):
        printer.say(f"{rule.weight}: {rule.title} [{rule.code}]")
        for line in _lines(findings):
            printer.say(f"  {line}")
        printer.say(f"    why: {rule.reasoning}")
        printer.say(f"    fix: {rule.fix}")
        printer.say(f"    source: {rule.source}")
    acceptances.show(report, _place)
    counts = ", ".join(f"{weight}s: {count}" for weight, count in report.counts.items())
    printer.say(f"{counts}, accepted: {len(report.accepted)}")


def _lines(findings: Iterable[LintFinding]) -> Iterator[str]:
    for finding in findings:
        yield f"{_place(finding.seen)}: {finding.seen.text}"
        if finding.note:
            yield f"  {finding.note}"


def _place(seen: Seen) -> str:
    where = seen.where
    line = f":{where.line}" if where.line is not None else ""
    about = f" ({seen.about})" if seen.about and seen.about not in where.place else ""
    return ": ".join(filter(None, [f"{where.file}{line}", where.place])) + about
