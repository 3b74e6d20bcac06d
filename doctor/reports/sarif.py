"""The doctor's findings for `formats.sarif`: code scanning services show them beside the
configuration.

Failures and warnings are results; what was skipped is a notification of the run, and what passed
is left out, as it is by other analyzers. A rule names its page in its help text: `helpUri` has to
be absolute (3.49.12), and this project's pages are where it is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from doctor.catalog import EVERY_RULE
from doctor.finding import Finding, Rule
from federation.model.config import ClusterConfig
from federation.model.places import Place
from federation.yaml.documents import Document
from formats import sarif as formatted

_LEVELS: dict[str, Literal["error", "warning"]] = {"fail": "error", "warn": "warning"}
_PLACES: dict[str, Place] = {"control-plane": ("kubernetes",), "aws": ("aws",)}
_ISSUER: Place = ("issuer",)


@dataclass(frozen=True)
class Examined:
    """What was examined, so that results have a place.

    Attributes:
        config: The configuration.
        document: The same with its lines.
        path: Where its file is, from the current folder; a pipeline's is the repository's root.
    """

    config: ClusterConfig
    document: Document
    path: str

    def line(self, finding: Finding) -> int:
        """The line of what a finding is about."""
        for index, workload in enumerate(self.config.workloads):
            if finding.about == f"{workload.namespace}/{workload.service_account}":
                return self.document.line(("workloads", index))
        return self.document.line(_PLACES.get(finding.layer, _ISSUER))


def sarif(findings: Sequence[Finding], examined: Examined) -> dict[str, Any]:
    """The log of one run."""
    return formatted.sarif(
        "oidc-iam-doctor",
        examined.config.cluster,
        [_rule(rule) for rule in EVERY_RULE],
        [_result(each, examined) for each in findings if each.verdict in _LEVELS],
        [_notice(each) for each in findings if each.verdict == "skip"],
    )


def _rule(rule: Rule) -> formatted.SarifRule:
    more = f"Cause: {rule.cause}\nFix: {rule.fix}\nMore: {rule.page}"
    return formatted.SarifRule(rule.code, f"{rule.title}.", rule.meaning, more, (rule.layer,))


def _result(finding: Finding, examined: Examined) -> formatted.SarifResult:
    return formatted.SarifResult(
        finding.code,
        _LEVELS[finding.verdict],
        f"{_heading(finding)}\nSeen: {finding.seen}\nExpected: {finding.expected}\n"
        f"Cause: {finding.cause}\nFix: {finding.fix}",
        examined.path,
        examined.line(finding),
        identity=finding.about,
    )


def _notice(finding: Finding) -> formatted.SarifNotice:
    return formatted.SarifNotice(finding.code, f"{_heading(finding)} Skipped: {finding.seen}")


def _heading(finding: Finding) -> str:
    about = f" ({finding.about})" if finding.about else ""
    return f"{finding.title}{about}."
