"""What a run comes to: its counts, whether it proves the federation, and `doctor --json`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from doctor.finding import VERDICTS, Finding, Verdict
from federation.model.config import ClusterConfig


def document(config: ClusterConfig, findings: Sequence[Finding]) -> dict[str, Any]:
    """A run as data; docs/doctor.md says what each key means, and keys are only ever added."""
    return {
        "cluster": config.cluster,
        "issuer": config.issuer,
        "counts": counts(findings),
        "findings": [_members(finding) for finding in findings],
    }


def counts(findings: Iterable[Finding]) -> dict[Verdict, int]:
    """How many findings have each verdict."""
    counted = Counter(finding.verdict for finding in findings)
    return {verdict: counted[verdict] for verdict in VERDICTS}


def is_proven(findings: Iterable[Finding], *, strict: bool = False) -> bool:
    """Whether nothing failed; strictly, nothing is warned about either."""
    return not any(counts_as_failure(finding, strict=strict) for finding in findings)


def counts_as_failure(finding: Finding, *, strict: bool) -> bool:
    """Whether a finding makes a run fail; strictly, a warning does too."""
    return finding.verdict == "fail" or (strict and finding.verdict == "warn")


def kept_from_saying(finding: Finding, findings: Iterable[Finding]) -> tuple[str, ...]:
    """The codes of the checks that could say nothing because of a finding."""
    kept = (each.code for each in findings if each.because == finding.code)
    return tuple(dict.fromkeys(kept))


def _members(finding: Finding) -> dict[str, str]:
    return {
        "code": finding.code,
        "layer": finding.layer,
        "verdict": finding.verdict,
        "about": finding.about,
        "title": finding.title,
        "seen": finding.seen,
        "expected": finding.expected,
        "cause": finding.cause,
        "fix": finding.fix,
        "because": finding.because,
        "page": finding.page,
    }
