"""What the linter says: what the looks of rules see, and the findings made from it.

A rule is data (`federation.rules.registry`); its look is a function that finds violations among the
facts of an estate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from federation.rules.registry import LintRule
from review.facts.estate import Estate, Fact, Where


@dataclass(frozen=True)
class Seen:
    """One violation, as a rule's look finds it.

    Attributes:
        where: Where it is.
        about: The workload or role, as in `Fact`.
        text: What is there, as a sentence.
    """

    where: Where
    about: str
    text: str

    @classmethod
    def of(cls, fact: Fact, text: str) -> Seen:
        """What is there of a fact."""
        return cls(fact.where, fact.about, text)


Look = Callable[[Estate], Iterator[Seen]]


@dataclass(frozen=True)
class LintFinding:
    """A violation of a rule.

    Attributes:
        note: What became of an acceptance, if that matters.
    """

    rule: LintRule
    seen: Seen
    note: str = ""

    @property
    def advice(self) -> str:
        """What is there, and what to do about it, in sentences."""
        return " ".join(filter(None, (self.seen.text, self.note, self.rule.fix)))


@dataclass(frozen=True)
class Accepted:
    """A finding that the configuration accepts, with the reason and the last day."""

    finding: LintFinding
    reason: str
    until: str
