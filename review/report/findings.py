"""What the linter found, and what was accepted."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import PurePath

from review.lint.finding import Accepted, LintFinding, Seen
from review.report.material import Material
from review.report.model import (
    Block,
    Cell,
    Code,
    Paragraph,
    Points,
    Section,
    Strong,
    Subheading,
    Table,
    Text,
    prose,
)


def findings(material: Material) -> Section:
    """What counts, then what is accepted, then acceptances without a finding."""
    return Section(
        "Findings",
        (
            *_open(material),
            *_accepted(material),
            *_unused(material),
            *_unjudged(material),
        ),
    )


def _open(material: Material) -> Iterator[Block]:
    found = material.lint.findings
    if not found:
        yield Paragraph(prose("All findings are accepted."))
        return
    yield Paragraph(
        prose(
            "Error: someone else gets in, or gets more than can be intended. Warning: more "
            "access than is needed, or something is likely to fail. Note: for your information."
        )
    )
    for rule, group in groupby(found, key=lambda finding: finding.rule):
        yield Subheading(f"{rule.weight.capitalize()}: {rule.title}")
        fix = (Strong("Fix:"), f" {rule.fix} ")
        source = (Strong("Source:"), f" {rule.source}.")
        yield Paragraph((Code(rule.code), f": {rule.reasoning} ", *fix, *source))
        yield Points(tuple(_seen(finding) for finding in group))


def _seen(finding: LintFinding) -> Text:
    note: Text = (" ", Strong(finding.note)) if finding.note else ()
    return (*_place(finding.seen), f": {finding.seen.text}", *note)


def _place(seen: Seen) -> Text:
    # The folder is one of the machine that the document is made on.
    where = ": ".join(filter(None, [PurePath(seen.where.file).name, seen.where.place]))
    about = f" ({seen.about})" if seen.about and seen.about not in where else ""
    return (Code(where), about) if about else (Code(where),)


def _accepted(material: Material) -> Iterator[Block]:
    accepted = material.lint.accepted
    if not accepted:
        yield Paragraph(prose("No finding is accepted."))
        return
    yield Table(
        "Accepted findings",
        ("Finding", "Where", "Reason", "Last day"),
        tuple(_acceptance(each) for each in accepted),
    )


def _acceptance(each: Accepted) -> tuple[Cell, ...]:
    rule = each.finding.rule
    return (
        ((Code(rule.code),), (f"{rule.weight}: {rule.title}",)),
        (_place(each.finding.seen), (each.finding.seen.text,)),
        ((each.reason,),),
        ((each.until,),),
    )


def _unused(material: Material) -> Iterator[Block]:
    for unused in material.lint.unused:
        about = prose(" for {}", unused.workload) if unused.workload else ()
        yield Paragraph(
            (
                *prose("{} is accepted", unused.code),
                *about,
                ", but there is no such finding: remove the acceptance.",
            )
        )


def _unjudged(material: Material) -> Iterator[Block]:
    for each in material.lint.unjudged:
        yield Paragraph(
            (
                *prose("{} is accepted until {}", each.code, each.until),
                f" ({each.reason}). Only check and lint look for it, not this document.",
            )
        )
