"""Looks for every rule's violations, and sets aside what the configuration accepts.

The result is the same whatever the order of what was read: it is sorted, and no text has a position
in it. Nothing here reads the clock: what day it is comes from outside.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from federation.errors import OidcIamError, UserError
from federation.model.config import Acceptance
from federation.model.fields import did_you_mean
from federation.secrets import masked
from review.facts.estate import Estate, Where
from review.lint import certificates, cluster, endpoints, permissions, secrets, storage, trust
from review.lint.finding import WEIGHTS, Accepted, Finding, Rule, Seen, Weight

RULES: tuple[Rule, ...] = (
    *trust.RULES,
    *permissions.RULES,
    *cluster.RULES,
    *certificates.RULES,
    *endpoints.RULES,
    *storage.RULES,
    *secrets.RULES,
)


NOT_JUDGED = Rule(
    "rule-error",
    "error",
    "A rule of the linter could not be judged",
    "The rule stopped with an error that it does not expect, so it says nothing about these files. "
    "The other rules are not affected. This finding cannot be accepted.",
    "Report the bug with the log that 'python -m wizard lint' names for the same files.",
    "oidc-iam",
    lambda _: iter(()),
)
"""What a rule that raises becomes."""

EVERY = (*RULES, NOT_JUDGED)
"""All that a finding can be of."""


@dataclass(frozen=True)
class Report:
    """What the linter found.

    Attributes:
        findings: Those that count, the weightiest first.
        accepted: Those that the configuration accepts.
        unused: Acceptances that nothing was found for.
        errors: What rules raised; each is a finding of `NOT_JUDGED`, too.
    """

    findings: tuple[Finding, ...]
    accepted: tuple[Accepted, ...]
    unused: tuple[Acceptance, ...]
    errors: tuple[tuple[Rule, Exception], ...] = ()

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
    found, errors = _found(estate)
    for finding in found:
        acceptable = () if finding.rule is NOT_JUDGED else accept
        matching = [each for each in acceptable if _is_about(each, finding)]
        used.update(matching)
        valid = [each for each in matching if date.fromisoformat(each.until) >= today]
        if valid:
            longest = max(valid, key=lambda each: (each.until, each.reason))
            accepted.append(Accepted(finding, masked(longest.reason), longest.until))
        else:
            findings.append(_with_expired(finding, matching))
    unused = sorted(set(accept) - used, key=lambda each: (each.code, each.workload or ""))
    return Report(tuple(findings), tuple(accepted), tuple(unused), errors)


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
    report = lint(estate, accept, today)
    for rule, error in report.errors:
        if rule in secrets.RULES:
            raise error
    if found := _secret_like(report):
        lines = (" ".join(filter(None, (f"{f.seen.where}: {f.seen.text}", f.note))) for f in found)
        codes = ", ".join(sorted({each.rule.code for each in found}))
        raise UserError(
            "\n".join(lines) + "\nA review would hand it to everybody who reads it. Keep secrets "
            "where secrets are kept (AWS Secrets Manager, a Kubernetes Secret), and change this "
            f"one; if it is none, accept {codes} under lint.accept, with a reason and a last day."
        )


def secret_like(estate: Estate, accept: Sequence[Acceptance], today: date) -> list[Finding]:
    """What looks like a secret and is not accepted; the arguments are those of `lint`."""
    return _secret_like(lint(estate, accept, today))


def _secret_like(report: Report) -> list[Finding]:
    return [each for each in report.findings if each.rule in secrets.RULES]


def _found(estate: Estate) -> tuple[list[Finding], tuple[tuple[Rule, Exception], ...]]:
    """The findings in their order, and what rules raised."""
    found: set[Finding] = set()
    errors: list[tuple[Rule, Exception]] = []
    for rule in RULES:
        try:
            found.update(Finding(rule, _safe(seen)) for seen in rule.look(estate))
        except OidcIamError:
            raise
        except Exception as error:
            errors.append((rule, error))
            text = f"it raised {type(error).__name__}."
            found.add(Finding(NOT_JUDGED, Seen(Where("oidc-iam", rule.code), "", text)))
    return sorted(found, key=_order), tuple(errors)


def _safe(seen: Seen) -> Seen:
    """The same, to be shown and reported: it may quote what looks like a secret."""
    where = replace(seen.where, place=masked(seen.where.place))
    return Seen(where, seen.about, masked(seen.text))


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
    note = f"It was accepted until {last.until} ({masked(last.reason)}), which is over."
    return Finding(finding.rule, finding.seen, note)
