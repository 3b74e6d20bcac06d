"""Looks for violations of every rule, and sets aside what the configuration accepts.

The result does not depend on the order of what was read: it is sorted, and no text has a position
in it. Nothing here reads the clock: the day is passed in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from federation.errors import OidcIamError, UserError
from federation.model.config import Acceptance
from federation.rules.registry import (
    BY_CODE,
    NOT_JUDGED,
    RULES,
    SECRET_LIKE,
    WEIGHTS,
    LintRule,
    Weight,
    codes_of,
)
from federation.secrets import masked
from review.facts.estate import Estate, Where
from review.lint import (
    certificates,
    cluster,
    configuration,
    endpoints,
    permissions,
    secrets,
    storage,
    trust,
)
from review.lint.finding import Accepted, LintFinding, Look, Seen

OF_ESTATES: dict[str, Look] = {
    **trust.LOOKS,
    **permissions.LOOKS,
    **cluster.LOOKS,
    **certificates.LOOKS,
    **endpoints.LOOKS,
    **storage.LOOKS,
    **secrets.LOOKS,
}
"""What looks for violations among facts of any kind, by the rule's code."""

LOOKS: dict[str, Look] = {
    rule.code: OF_ESTATES.get(rule.code) or configuration.look_for(rule.code)
    for rule in RULES
    if rule.code != NOT_JUDGED
}
"""The same for every rule."""


@dataclass(frozen=True)
class LintReport:
    """What the linter found.

    Attributes:
        findings: Those that count, the most severe first.
        accepted: Those that the configuration accepts.
        unused: Acceptances without a finding.
        unjudged: Acceptances of rules that were not evaluated, because what they look at was not
            given.
        errors: What rules raised; each is a finding of `rule-error`, too.
    """

    findings: tuple[LintFinding, ...]
    accepted: tuple[Accepted, ...]
    unused: tuple[Acceptance, ...]
    unjudged: tuple[Acceptance, ...] = ()
    errors: tuple[tuple[LintRule, Exception], ...] = ()

    @property
    def counts(self) -> dict[Weight, int]:
        """How many findings of each weight there are."""
        weights = [finding.rule.weight for finding in self.findings]
        return {weight: weights.count(weight) for weight in WEIGHTS}

    def fails(self, *, strict: bool) -> bool:
        """Whether there is an error; strictly, a warning counts too."""
        return bool(self.counts["error"] or (strict and self.counts["warning"]))


def lint(estate: Estate, accept: Sequence[Acceptance], today: date) -> LintReport:
    """Evaluate every rule.

    Args:
        estate: The facts.
        accept: The findings that somebody decided to live with.
        today: An acceptance is over after its last day.
    """
    findings: list[LintFinding] = []
    accepted: list[Accepted] = []
    used: set[Acceptance] = set()
    found, errors = _found(estate)
    for finding in found:
        matching = [each for each in accept if _is_about(each, finding)]
        used.update(matching)
        valid = [each for each in matching if date.fromisoformat(each.until) >= today]
        if valid:
            longest = max(valid, key=lambda each: (each.until, each.reason))
            accepted.append(Accepted(finding, masked(longest.reason), longest.until))
        else:
            findings.append(_with_expired(finding, matching))
    evaluated = {*OF_ESTATES, *configuration.evaluated(estate)}
    left = sorted(set(accept) - used, key=lambda each: (each.code, each.workload or ""))
    unused = [each for each in left if evaluated.issuperset(codes_of(each))]
    unjudged = [each for each in left if each not in unused]
    return LintReport(
        tuple(findings), tuple(accepted), tuple(unused), tuple(unjudged), tuple(errors)
    )


def refuse_secrets(estate: Estate, accept: Sequence[Acceptance], today: date) -> None:
    """See that nothing that others are to be given holds what looks like a secret.

    Args:
        estate: The facts of the configuration.
        accept: The findings that somebody decided to live with: an accepted one is not a secret.
        today: An acceptance whose last day is over counts no more.

    Raises:
        UserError: something does; the value is not repeated.
    """
    report = lint(estate, accept, today)
    for rule, error in report.errors:
        if rule.code == SECRET_LIKE:
            raise error
    found = [each for each in report.findings if each.rule.code == SECRET_LIKE]
    if found:
        lines = (" ".join(filter(None, (f"{f.seen.where}: {f.seen.text}", f.note))) for f in found)
        raise UserError(
            "\n".join(lines) + "\nA review would hand it to everybody who reads it. Keep secrets "
            "where secrets are kept (AWS Secrets Manager, a Kubernetes Secret), and change this "
            f"one; if it is none, accept {SECRET_LIKE} under lint.accept, with a reason and a last "
            "day."
        )


def _found(
    estate: Estate,
) -> tuple[list[LintFinding], list[tuple[LintRule, Exception]]]:
    """The findings in their order, and what rules raised."""
    found: set[LintFinding] = set()
    errors: list[tuple[LintRule, Exception]] = []
    for code, look in LOOKS.items():
        rule = BY_CODE[code]
        try:
            found.update(LintFinding(rule, _safe(seen)) for seen in look(estate))
        except OidcIamError:
            raise
        except Exception as error:
            errors.append((rule, error))
            text = f"it raised {type(error).__name__}."
            found.add(LintFinding(BY_CODE[NOT_JUDGED], Seen(Where("oidc-iam", code), "", text)))
    return sorted(found, key=_order), errors


def _safe(seen: Seen) -> Seen:
    """The same, to be shown and reported: it may quote what looks like a secret."""
    where = replace(seen.where, place=masked(seen.where.place))
    return Seen(where, seen.about, masked(seen.text))


def _order(finding: LintFinding) -> tuple[int, str, str, str, str, str]:
    rule, seen = finding.rule, finding.seen
    weight = WEIGHTS.index(rule.weight)
    return weight, rule.code, seen.where.file, seen.where.place, seen.about, seen.text


def _is_about(acceptance: Acceptance, finding: LintFinding) -> bool:
    code = finding.rule.code
    return (
        code != NOT_JUDGED
        and code in codes_of(acceptance)
        and acceptance.workload in (None, finding.seen.about)
    )


def _with_expired(finding: LintFinding, expired: Sequence[Acceptance]) -> LintFinding:
    if not expired:
        return finding
    last = max(expired, key=lambda each: (each.until, each.reason))
    note = f"It was accepted until {last.until} ({masked(last.reason)}), which is over."
    return replace(finding, note=note)
