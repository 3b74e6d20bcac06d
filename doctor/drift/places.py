"""What a comparison says: the places that were compared, and how each differs.

A place is one thing that the configuration describes: a provider, a role, an object of the cluster.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from doctor.examination import Examination
from doctor.reportable import reportable
from federation.model.config import ClusterConfig

Verdict = Literal["same", "differs", "unseen", "skipped"]
VERDICTS: tuple[Verdict, ...] = ("same", "differs", "unseen", "skipped")

BACK = "A deploy restores it."


@dataclass(frozen=True)
class LiveDifference:
    """One thing that is live in another way than it is configured. All texts are safe to print.

    Attributes:
        field: What of the place it is, such as `audiences`; empty for the whole of it.
        live: What is there.
        configured: What should be there.
        remedy: What a deploy does about it, and what to change to keep it.
    """

    field: str
    live: str
    configured: str
    remedy: str

    @classmethod
    def of(cls, field: str, live: str, configured: str, remedy: str = BACK) -> LiveDifference:
        """A difference in texts that come from anywhere."""
        return cls(*map(reportable, (field, live, configured, remedy)))


@dataclass(frozen=True)
class DriftPlace:
    """One thing to compare.

    Attributes:
        name: As people call it, such as `role web`.
        layers: The layers of the doctor that are looked at for it.
        look: Yields its differences; raises `Missing` where the rest of it cannot be seen.
    """

    name: str
    layers: tuple[str, ...]
    look: Callable[[Examination], AsyncIterator[LiveDifference]]


@dataclass(frozen=True)
class Compared:
    """What came of a place.

    Attributes:
        name: The place.
        differences: Those that were seen.
        unseen: Why all or some of it could not be seen, or nothing.
        skipped: The layer that was left out and that it needs, or nothing.
    """

    name: str
    differences: tuple[LiveDifference, ...] = ()
    unseen: str = ""
    skipped: str = ""

    @property
    def verdict(self) -> Verdict:
        """What it comes to; a difference counts for more than what was not seen besides it."""
        if self.differences:
            return "differs"
        if self.unseen:
            return "unseen"
        return "skipped" if self.skipped else "same"


def document(config: ClusterConfig, compared: Sequence[Compared]) -> dict[str, Any]:
    """A comparison as data; docs/drift.md says what each key means; keys are only added."""
    return {
        "cluster": config.cluster,
        "issuer": config.issuer,
        "drift": is_drift(compared),
        "counts": counts(compared),
        "places": [{"verdict": each.verdict, **asdict(each)} for each in compared],
    }


def counts(compared: Iterable[Compared]) -> dict[Verdict, int]:
    """How many places have each verdict."""
    counted = Counter(each.verdict for each in compared)
    return {verdict: counted[verdict] for verdict in VERDICTS}


def is_drift(compared: Iterable[Compared]) -> bool | None:
    """Whether something differs; None where nothing is known to, but something was not seen."""
    verdicts = {each.verdict for each in compared}
    return True if "differs" in verdicts else None if "unseen" in verdicts else False
