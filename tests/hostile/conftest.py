"""What the properties of this room begin with."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
from hostile_runs import Judged
from surroundings import Surroundings

from wizard.cli import _COMMANDS


@pytest.fixture(scope="session")
def _imported() -> None:
    """Import what commands import once, and not in each of their processes."""
    for name in _COMMANDS:
        importlib.import_module(f"wizard.cli.{name}")
    for name in ("doctor.runner", "doctor.drift.comparison", "review.bundle", "review.lint.linter"):
        importlib.import_module(name)


@pytest.fixture
def judged(tmp_path: Path, _imported: None) -> Judged:
    """Runs commands in a folder of the test's own."""
    root = tmp_path / "around"
    root.mkdir()
    return Judged(Surroundings(root))
