"""Loads, in a thread and behind the first screen, what the app needs from its second one on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deployment.surroundings import Surroundings
from federation.model.regions import partitions
from wizard.tui.drafts import Drafts
from wizard.tui.outside import Outside


@dataclass(frozen=True)
class Loaded:
    """What was loaded.

    Attributes:
        outside: What the app reaches beyond itself.
        drafts: The drafts on disk.
        surroundings: What is known on this machine.
        suggestions: Answers to suggest, by the key of their question.
    """

    outside: Outside
    drafts: Drafts
    surroundings: Surroundings
    suggestions: Mapping[str, Sequence[str]]


def load(project: Path, outside: Outside | None) -> Loaded:
    """Load it; takes as long as reading some files does."""
    if outside is None:
        from wizard.tui.live import Live

        outside = Live(project)
    surroundings = outside.surroundings()
    suggestions = {
        "aws.region": sorted(partitions()),
        "backend.region": sorted(partitions()),
        "kubernetes.context": surroundings.contexts,
    }
    return Loaded(outside, Drafts(project / ".drafts"), surroundings, suggestions)
