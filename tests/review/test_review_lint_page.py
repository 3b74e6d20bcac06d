"""The page of the linter's codes."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest

from federation.rules.registry import RULES
from review.lint.page import PAGE, page


def test_the_page_in_the_repository_is_fresh() -> None:
    assert PAGE.read_text() == page(), "run 'python -m review.lint.page'"


def test_running_the_module_writes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    written: dict[Path, str] = {}
    monkeypatch.setattr("federation.yaml.files.write", written.__setitem__)
    monkeypatch.delitem(sys.modules, "review.lint.page")
    runpy.run_module("review.lint.page", run_name="__main__")
    assert written == {PAGE: page()}


def test_each_code_has_one_heading() -> None:
    headings = [line[4:] for line in page().splitlines() if line.startswith("### ")]
    assert sorted(headings) == sorted(rule.code for rule in RULES)
