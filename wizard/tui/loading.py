"""Loads, in a thread and behind the first screen, what the app needs from its second one on."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deployment.surroundings import Surroundings
from federation.model.regions import partitions
from wizard.tui.drafts import Drafts
from wizard.tui.ports import Ports

_NEEDED_SOON = ("questions", "more", "review")


@dataclass(frozen=True)
class Loaded:
    """What was loaded.

    Attributes:
        ports: What the app reaches beyond itself.
        drafts: The drafts on disk.
        surroundings: What is known on this machine.
        suggestions: What may be meant by an answer, by the key of its question.
    """

    ports: Ports
    drafts: Drafts
    surroundings: Surroundings
    suggestions: Mapping[str, Sequence[str]]


def load(project: Path, ports: Ports | None) -> Loaded:
    """Load it; takes as long as reading some files does."""
    if ports is None:
        from wizard.tui.live import Live

        ports = Live(project)
    surroundings = ports.surroundings()
    suggestions = {
        "aws.region": sorted(partitions()),
        "backend.region": sorted(partitions()),
        "kubernetes.context": surroundings.contexts,
    }
    for screen in _NEEDED_SOON:
        importlib.import_module(f"wizard.tui.screens.{screen}")
    return Loaded(ports, Drafts(project / ".drafts"), surroundings, suggestions)
