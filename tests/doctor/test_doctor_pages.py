"""docs/doctor-codes.md is made of the rules, and links into it lead somewhere."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from doctor import pages
from doctor.catalog import CHECKS, EVERY_RULE, RULES
from doctor.examination import LAYERS
from doctor.finding import PAGE, Rule
from federation.yaml.files import PROJECT


def test_the_page_is_not_out_of_date() -> None:
    committed = (PROJECT / PAGE).read_text()

    assert committed == pages.page(), f"run 'python -m doctor.pages', and commit {PAGE}"


def test_codes_are_unique_and_begin_with_their_layer() -> None:
    codes = [rule.code for rule in RULES]

    assert len(codes) == len(set(codes))
    assert [rule.code for rule in RULES if not rule.code.startswith(_words(rule.layer))] == []


def test_rules_and_checks_are_in_the_order_of_the_layers() -> None:
    assert tuple(dict.fromkeys(rule.layer for rule in RULES)) == tuple(CHECKS) == LAYERS


def test_each_check_has_a_rule_of_its_layer() -> None:
    layers = {layer: {check.rule.layer for check in checks} for layer, checks in CHECKS.items()}

    assert layers == {layer: {layer} for layer in LAYERS}


def test_the_page_shows_texts_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    rule = Rule("tls-x", "tls", "A [title](x)", "*Meaning* <b>", "`cause`", "fix\\")
    monkeypatch.setattr(pages, "EVERY_RULE", (rule,))

    assert pages.page().partition("## tls\n\n")[2] == (
        "### tls-x\n\n"
        "A \\[title\\](x). \\*Meaning\\* \\<b\\>\n\n"
        "Cause: \\`cause\\`\n\n"
        "Fix: fix\\\\\n"
    )


@pytest.mark.parametrize("rule", EVERY_RULE, ids=lambda rule: rule.code)
def test_findings_and_rules_point_to_an_anchor_that_exists(rule: Rule) -> None:
    path, _, anchor = replace(rule.passed("fine"), verdict="warn").page.partition("#")

    assert (path, f"{path}#{anchor}") == (PAGE, rule.page)
    assert anchor in _anchors(path)


@pytest.mark.parametrize(
    "document", ["README.md", "docs/doctor.md", "docs/lint.md", "docs/review.md", "docs/drift.md"]
)
def test_links_of_the_documents_lead_to_a_file_and_an_anchor_that_exist(document: str) -> None:
    folder = (PROJECT / document).parent
    text = (PROJECT / document).read_text()
    links = [each for each in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in each]
    assert links
    for link in links:
        path, _, anchor = link.partition("#")
        target = (folder / path).resolve() if path else PROJECT / document
        assert target.exists(), link
        assert not anchor or anchor in _anchors(str(target.relative_to(PROJECT))), link


def _anchors(path: str) -> set[str]:
    """The anchors that GitHub makes of a document's headings."""
    headings = re.findall(r"^#+ (.+)$", (PROJECT / path).read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


def _words(layer: str) -> tuple[str, ...]:
    """How the codes of a layer begin."""
    return (f"{layer}-", f"{layer.removesuffix('s')}-")
