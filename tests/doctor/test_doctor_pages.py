"""The pages of docs/doctor/ are those of the rules."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from doctor import pages
from doctor.examination import LAYERS
from doctor.finding import Rule
from doctor.rules import ALL
from doctor.runner import CHECKS
from federation.yaml.files import PROJECT


def test_each_rule_has_its_page_and_no_page_is_out_of_date() -> None:
    committed = {path.name: path.read_text() for path in pages.FOLDER.iterdir()}

    assert committed == pages.pages(), "run 'python -m doctor.pages', and commit docs/doctor/"


def test_codes_are_unique_and_begin_with_their_layer() -> None:
    codes = [rule.code for rule in ALL]

    assert len(codes) == len(set(codes))
    assert [rule.code for rule in ALL if not rule.code.startswith(_words(rule.layer))] == []


def test_rules_stand_in_the_order_of_their_layers_and_every_check_has_one() -> None:
    assert tuple(dict.fromkeys(rule.layer for rule in ALL)) == LAYERS
    assert {check.rule for checks in CHECKS.values() for check in checks} <= set(ALL)


def test_a_page_shows_texts_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    rule = Rule("tls-x", "tls", "A [title](x)", "*Meaning* <b>", "`cause`", "fix\\")
    monkeypatch.setattr(pages, "ALL", (rule,))

    assert pages.pages()["tls-x.md"] == (
        "# tls-x\n\nA \\[title\\](x).\n\nLayer: [tls](README.md#tls)\n\n"
        "## What it means\n\n\\*Meaning\\* \\<b\\>\n\n"
        "## Cause\n\n\\`cause\\`\n\n"
        "## Fix\n\nfix\\\\\n"
    )


def test_writing_removes_the_page_of_a_code_that_is_no_more(tmp_path: Path) -> None:
    pages.write(tmp_path, {"old.md": "old", "same.md": "before"})
    pages.write(tmp_path, {"same.md": "after"})

    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"same.md": "after"}


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.code)
def test_findings_and_rules_point_to_a_page_that_is_there(rule: Rule) -> None:
    page = replace(rule.passed("fine"), verdict="warn").page

    assert (page, (PROJECT / page).is_file()) == (rule.page, True)


def _words(layer: str) -> tuple[str, ...]:
    """How the codes of a layer begin."""
    return (f"{layer}-", f"{layer.removesuffix('s')}-")
