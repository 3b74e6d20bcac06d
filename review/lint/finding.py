"""What the linter says: rules, what they see, and findings.

A rule is data and the function that looks for violations among the facts of an estate. Its code is
stable: it stands in configurations that accept it, and in the reports of pipelines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from review.facts.estate import Estate, Fact, Where

Weight = Literal["error", "warning", "note"]
"""`error`: others get in, or get more, than anyone can have meant. `warning`: more than is needed.
`note`: for whoever reviews to know. They are the levels of SARIF."""

WEIGHTS: tuple[Weight, ...] = ("error", "warning", "note")


@dataclass(frozen=True)
class Seen:
    """One violation, as a rule's function finds it.

    Attributes:
        where: Where it stands.
        about: Whom it is about, as in `Fact`.
        text: What is there, as a sentence.
    """

    where: Where
    about: str
    text: str

    @classmethod
    def of(cls, fact: Fact, text: str) -> Seen:
        """What is there of a fact."""
        return cls(fact.where, fact.about, text)


@dataclass(frozen=True)
class Rule:
    """One thing that may be wrong.

    Attributes:
        code: Stable and unique, in kebab case.
        weight: How much a violation matters.
        title: What is wrong, as a sentence without a full stop.
        reasoning: Why it matters.
        fix: What to do about it.
        source: Where that is written.
        look: Finds the violations in an estate.
    """

    code: str
    weight: Weight
    title: str
    reasoning: str
    fix: str
    source: str
    look: Callable[[Estate], Iterator[Seen]]


@dataclass(frozen=True)
class Finding:
    """A violation of a rule.

    Attributes:
        note: What became of an acceptance, where that has to be said.
    """

    rule: Rule
    seen: Seen
    note: str = ""


@dataclass(frozen=True)
class Accepted:
    """A finding that the configuration accepts, with the reason and the last day."""

    finding: Finding
    reason: str
    until: str
