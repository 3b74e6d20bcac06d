"""`lint`: what a security reviewer would object to in a federation, ours or anybody's.

Nothing is contacted: configurations, trust policies, plans and what is known of a cluster come from
files. Exit codes: 0 no error, 1 an error (with `--strict` a warning), 2 bad input.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from federation import documents, files
from federation.config import ClusterConfig
from federation.errors import UserError
from wizard.cli.options import (
    is_stdout,
    json_option,
    only_configuration,
    print_json,
    read_text,
    relative,
    report_option,
    write_report,
)

if TYPE_CHECKING:
    from review.estate import Estate
    from review.lint.finding import Finding, Seen
    from review.lint.linter import Report

SIZE_LIMIT = 200_000_000
"""Bytes of a file; plans of large estates have tens of millions."""


def _file_option(name: str, what: str) -> Callable[[click.decorators.FC], click.decorators.FC]:
    return click.option(name, metavar="FILE", multiple=True, help=what)


@click.command()
@click.option(
    "--config",
    "-c",
    envvar="OIDC_IAM_CONFIG",
    metavar="FILE",
    help="The configuration; by default OIDC_IAM_CONFIG, or where neither a trust policy nor a "
    "plan is given, the only file in clusters/.",
)
@_file_option("--trust-policy", "The trust policy of any role.")
@_file_option("--plan", "A plan of any Terraform, as 'terraform show -json' prints it.")
@_file_option("--service-accounts", "What 'kubectl get serviceaccounts -A -o json' prints.")
@_file_option("--apiserver-manifest", "The manifest of a kube-apiserver's static pod.")
@_file_option("--chain", "The certificates that the issuer presents, in PEM, its own first.")
@json_option
@report_option("--sarif", "SARIF 2.1.0 for code scanning")
@click.option("--strict", is_flag=True, help="Exit 1 for warnings too.")
@click.option(
    "--today",
    metavar="YYYY-MM-DD",
    help="The day to judge acceptances by; by default the day it is (UTC).",
)
def lint(
    config: str | None,
    as_json: bool,
    sarif: str | None,
    strict: bool,
    today: str | None,
    **given: tuple[str, ...],
) -> int:
    """Find what a reviewer would object to in a federation.

    The options that take a FILE can be repeated, and - is stdin. What a configuration accepts
    (below 'lint', with a reason and a last day) is no finding. docs/lint.md lists the codes.

    Exit codes: 0 no error, 1 an error (with --strict a warning), 2 bad input.
    """
    from review.estate import joined
    from review.lint import linter, reports

    quiet = is_stdout("-" if as_json else None, sarif)
    day = _day(today)
    others = joined(_read(given))
    path = _configuration_path(config, given)
    ours = _loaded(path) if path else None
    estate = _together(path, ours, others) if path and ours else others
    report = linter.lint(estate, ours.lint.accept if ours else (), day)
    if as_json:
        print_json(reports.document(report))
    if sarif:
        log = reports.sarif(report, ours.cluster if ours else "files")
        write_report(sarif, json.dumps(log, indent=2, ensure_ascii=False) + "\n")
    if not quiet:
        _show(report)
    return int(report.fails(strict=strict))


def _day(text: str | None) -> date:
    try:
        return date.fromisoformat(text) if text else datetime.now(UTC).date()
    except ValueError:
        raise UserError(f"--today {text!r} is not a day: write it like '2027-01-31'.") from None


def _read(given: Mapping[str, tuple[str, ...]]) -> Iterator[Estate]:
    """The facts of every file but the configuration."""
    from review import evidence
    from review.plan import plan_facts

    readers: Mapping[str, Callable[[str, str], Estate]] = {
        "trust_policy": evidence.trust_policy_file,
        "plan": plan_facts,
        "service_accounts": evidence.service_accounts,
        "apiserver_manifest": evidence.api_server,
        "chain": evidence.chain_file,
    }
    if [name for names in given.values() for name in names].count("-") > 1:
        raise UserError("stdin can be read once: give the others as files.")
    for option, read in readers.items():
        for name in given[option]:
            yield _facts(option, name, read)


def _facts(option: str, name: str, read: Callable[[str, str], Estate]) -> Estate:
    try:
        text = read_text(f"--{option.replace('_', '-')}", name, SIZE_LIMIT)
        return read(text, "stdin" if name == "-" else relative(Path(name)))
    except UserError as error:
        raise UserError(f"{error}{_HINTS.get(option, '')}") from error


_HINTS = {"plan": " A plan is read as 'terraform show -json PLAN' prints it."}


def _configuration_path(config: str | None, given: Mapping[str, tuple[str, ...]]) -> Path | None:
    if config:
        return Path(config)
    return None if given["trust_policy"] or given["plan"] else only_configuration()


def _together(path: Path, config: ClusterConfig, others: Estate) -> Estate:
    """The facts of a configuration and of the other files; roles of both are the same."""
    from review.configured import configured, of_workloads
    from review.estate import joined

    document = documents.read(files.read(path))
    return joined([configured(config, relative(path), document), of_workloads(others, config)])


def _loaded(path: Path) -> ClusterConfig:
    from review.lint.linter import check_codes

    config = files.load(path)
    check_codes(config.lint.accept, relative(path))
    return config


def _show(report: Report) -> None:
    for rule, findings in groupby(report.findings, key=lambda finding: finding.rule):
        _say(f"{rule.weight}: {rule.title} [{rule.code}]")
        for line in _lines(findings):
            _say(f"  {line}")
        _say(f"    why: {rule.reasoning}")
        _say(f"    fix: {rule.fix}")
        _say(f"    source: {rule.source}")
    for each in report.accepted:
        _say(f"accepted until {each.until}: {_place(each.finding.seen)}: {each.reason}")
    for unused in report.unused:
        about = f" for {unused.workload}" if unused.workload else ""
        _say(f"unused: lint.accept: nothing is found of {unused.code!r}{about}: remove it.")
    counts = ", ".join(f"{weight}s: {count}" for weight, count in report.counts.items())
    _say(f"{counts}, accepted: {len(report.accepted)}")


def _say(text: str) -> None:
    """Print a line, in which nothing is a command to Azure Pipelines (`##vso[...]`)."""
    click.echo(text.replace("##", "#\\x23"))


def _lines(findings: Iterable[Finding]) -> Iterator[str]:
    for finding in findings:
        yield f"{_place(finding.seen)}: {finding.seen.text}"
        if finding.note:
            yield f"  {finding.note}"


def _place(seen: Seen) -> str:
    where = seen.where
    line = f":{where.line}" if where.line is not None else ""
    about = f" ({seen.about})" if seen.about and seen.about not in where.place else ""
    return ": ".join(filter(None, [f"{where.file}{line}", where.place])) + about
