"""What every test of the terminal app has: a project of its own, and a scripted world."""

from __future__ import annotations

from pathlib import Path

import pytest
from scripted import World

from federation.yaml import files
from wizard.tui import keeper


@pytest.fixture
def project(in_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project, which is the current folder too: paths are shown from there."""
    (in_folder / "clusters").mkdir()
    monkeypatch.setattr(files, "PROJECT", in_folder)  # where a deployment is recorded
    return in_folder


@pytest.fixture
def world() -> World:
    """A world in which everything goes well, at once."""
    return World()


@pytest.fixture(autouse=True)
def _in_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal with all colours: what the machine that runs the tests has is not asked."""
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("TEXTUAL_THEME", raising=False)


@pytest.fixture(autouse=True)
def _drafts_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drafts are written without waiting for more changes."""
    monkeypatch.setattr(keeper, "PAUSE", 0)
