"""Looks for every rule's violations, and sets aside what the configuration accepts.

The result is the same whatever the order of what was read: it is sorted, and no text has a position
in it. Nothing here reads the clock: what day it is comes from outside.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from federation.config import Acceptance
from federation.errors import UserError
from federation.fields import did_you_mean
from review.estate import Estate
from review.lint import certificates, cluster, permissions, secrets, storage, trust
from review.lint.finding import WEIGHTS, Accepted, Finding, Rule, Weight

RULES: tuple[Rule, ...] = (
    *trust.RULES,
    *permissions.RULES,
    *cluster.RULES,
    *certificates.RULES,
    *storage.RULES,
    *secrets.RULES,
)


@dataclass(frozen=True)
class Report:
    """What the linter found.

    Attributes:
        findings: Those that count, the weightiest first.
        accepted: Those that the configuration accepts.
        unused: Acceptances that nothing was found for.
    """

    findings: tuple[Finding, ...]
    accepted: tuple[Accepted, ...]
    unused: tuple[Acceptance, ...]

    @property
    def counts(self) -> dict[Weight, int]:
        """How many findings of each weight there are."""
        weights = [finding.rule.weight for finding in self.findings]
        return {weight: weights.count(weight) for weight in WEIGHTS}

    def fails(self, *, strict: bool) -> bool:
        """Whether there is an error; strictly, a warning counts too."""
        return bool(self.counts["error"] or (strict and self.counts["warning"]))


def lint(estate: Estate, accept: Sequence[Acceptance], today: date) -> Report:
    """Judge what there is.

    Args:
        estate: The facts.
        accept: The findings that somebody decided to live with.
        today: An acceptance whose last day is over counts no more.
    """
    findings: list[Finding] = []
    accepted: list[Accepted] = []
    used: set[Acceptance] = set()
    for finding in _found(estate):
        matching = [each for each in accept if _is_about(each, finding)]
        used.update(matching)
        valid = [each for each in matching if date.fromisoformat(each.until) >= today]
        if valid:
            longest = max(valid, key=lambda each: (each.until, each.reason))
            accepted.append(Accepted(finding, longest.reason, longest.until))
        else:
            findings.append(_with_expired(finding, matching))
    unused = sorted(set(accept) - used, key=lambda each: (each.code, each.workload or ""))
    return Report(tuple(findings), tuple(accepted), tuple(unused))


def check_codes(accept: Iterable[Acceptance], file: str) -> None:
    """See that each acceptance is of a rule that there is.

    Raises:
        UserError: one is not.
    """
    codes = sorted(rule.code for rule in RULES)
    for at, each in enumerate(accept):
        if each.code not in codes:
            hint = did_you_mean(each.code, codes)
            raise UserError(
                f"{file}: lint.accept[{at}].code: {each.code!r} is no finding's code.{hint} "
                f"Known: {', '.join(codes)}."
            )


def refuse_secrets(estate: Estate, accept: Sequence[Acceptance], today: date) -> None:
    """See that nothing that others are to be given holds what looks like a secret.

    Args:
        estate: The facts of the configuration.
        accept: The findings that somebody decided to live with: an accepted one is no secret.
        today: An acceptance whose last day is over counts no more.

    Raises:
        UserError: something does; the value is not repeated.
    """
    rules = secrets.RULES
    found = [each for each in lint(estate, accept, today).findings if each.rule in rules]
    if found:
        lines = (" ".join(filter(None, (f"{f.seen.where}: {f.seen.text}", f.note))) for f in found)
        codes = ", ".join(sorted({each.rule.code for each in found}))
        raise UserError(
            "\n".join(lines) + "\nA review would hand it to everybody who reads it. Keep secrets "
            "where secrets are kept (AWS Secrets Manager, a Kubernetes Secret), and change this "
            f"one; if it is none, accept {codes} under lint.accept, with a reason and a last day."
        )


def _found(estate: Estate) -> list[Finding]:
    found = {Finding(rule, seen) for rule in RULES for seen in rule.look(estate)}
    return sorted(found, key=_order)


def _order(finding: Finding) -> tuple[int, str, str, str, str, str]:
    rule, seen = finding.rule, finding.seen
    weight = WEIGHTS.index(rule.weight)
    return weight, rule.code, seen.where.file, seen.where.place, seen.about, seen.text


def _is_about(acceptance: Acceptance, finding: Finding) -> bool:
    return acceptance.code == finding.rule.code and acceptance.workload in (
        None,
        finding.seen.about,
    )


def _with_expired(finding: Finding, expired: Sequence[Acceptance]) -> Finding:
    if not expired:
        return finding
    last = max(expired, key=lambda each: (each.until, each.reason))
    note = f"It was accepted until {last.until} ({last.reason}), which is over."
    return Finding(finding.rule, finding.seen, note)
