"""The driver shows all that comes out, and what judges it sees each text of the corpus."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_runs import run
from hostile_texts import ACTING, ALL, complaints, in_html, in_markdown

from wizard import printer

_MARKUP = {"comment", "element", "image", "code", "cell", "markup", "entity", "mathematics"}


@pytest.mark.parametrize("terminal", [False, True])
def test_a_command_that_escapes_nothing_is_noticed(
    terminal: bool, in_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(printer, "page", lambda text: text)
    ran = run(("check", ALL[:200]), in_folder, terminal=terminal)
    assert ran.status == 2
    assert len(complaints(ran.output)) > 3
    assert ("\x1b[31;5mred" in ran.output) is terminal


@pytest.mark.parametrize("terminal", [False, True])
def test_the_exit_status_and_all_that_was_printed_come_back(
    terminal: bool, in_folder: Path
) -> None:
    ran = run(("lint", "--today", "x"), in_folder, terminal=terminal)
    text = ran.output.replace("\r\n", "\n")
    assert (ran.status, text) == (2, "--today 'x' is not a day: write it like '2027-01-31'.\n")


def test_input_is_typed_on_a_terminal_and_piped_elsewhere(in_folder: Path) -> None:
    (in_folder / "policy.json").write_text("{}")
    words = ("trust", "--policy", "-", "--claims", "policy.json")
    ran = run(words, in_folder, terminal=False, stdin="[]")
    assert ran.output == "The policy is not a JSON object, {...}.\n"


@pytest.mark.parametrize("name", sorted(set(ACTING) - _MARKUP))
def test_each_text_of_the_corpus_is_noticed_where_it_comes_out(name: str) -> None:
    assert complaints(f"a {ACTING[name]}" if name != "GitLab" else ACTING[name]) != []


def test_markup_is_noticed_in_documents() -> None:
    for name in ("comment", "element", "image", "mathematics"):
        assert in_markdown(ACTING[name]) != [], name
        assert in_markdown(f"`{ACTING[name]}`") == [], name
    assert in_html(ACTING["element"]) == ["<script>", "<img>"]
    assert in_html("<!-- hidden -->") == ["<!-- hidden "]
