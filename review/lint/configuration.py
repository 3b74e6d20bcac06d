"""Rules about the fields of our own configurations, as looks at an estate."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from apiserver import findings
from federation.rules import configuration
from federation.rules.configuration import Observation
from review.facts.configured import place_of, workload_at
from review.facts.estate import Configuration, Estate
from review.lint.finding import Look, Seen

LOOKS = {**configuration.LOOKS, **findings.LOOKS}
"""What looks for violations in a configuration alone, by the rule's code."""


def look_for(code: str) -> Look:
    """The look of a rule about configurations."""

    def look(estate: Estate) -> Iterator[Seen]:
        for read in estate.configurations:
            for each in _observed(read, code):
                yield Seen(place_of(read, each.place), workload_at(read, each.place), each.text)

    return look


def evaluated(estate: Estate) -> Collection[str]:
    """The codes of rules about configurations that are evaluated for an estate."""
    return {*LOOKS, *(code for read in estate.configurations for code in read.looked)}


def _observed(read: Configuration, code: str) -> tuple[Observation, ...]:
    if code in read.looked:
        return read.looked[code]
    return tuple(LOOKS[code](read.config)) if code in LOOKS else ()
