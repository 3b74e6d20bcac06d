"""What a configuration accepts, as `check`, `lint` and `review` show it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from federation.model.config import ClusterConfig
from federation.rules.registry import check_codes
from wizard import printer
from wizard.cli.options import relative

if TYPE_CHECKING:
    from federation.model.config import Acceptance
    from review.lint.finding import Seen
    from review.lint.linter import LintReport


def check(path: Path, config: ClusterConfig) -> None:
    """Check the codes of a configuration's acceptances, and warn about those of earlier versions.

    Raises:
        UserError: a code is unknown.
    """
    for warning in check_codes(config.lint.accept, relative(path)):
        printer.warn(f"warning: {warning}")


def show(report: LintReport, place: Callable[[Seen], str]) -> None:
    """Print what is accepted, and acceptances without a finding."""
    for each in report.accepted:
        found = f"{place(each.finding.seen)}: {each.reason} [{each.finding.rule.code}]"
        printer.say(f"accepted until {each.until}: {found}")
    for unused in report.unused:
        printer.say(f"unused: lint.accept: nothing is found of {_called(unused)}: remove it.")
    for unjudged in report.unjudged:
        printer.say(f"not checked: lint.accept: {_called(unjudged)} was not looked for here.")


def _called(acceptance: Acceptance) -> str:
    about = f" for {acceptance.workload}" if acceptance.workload else ""
    return f"{acceptance.code!r}{about}"
