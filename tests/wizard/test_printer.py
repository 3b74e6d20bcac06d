"""What prints makes each line safe, whatever it is given, and adds only styles of ours."""

from __future__ import annotations

import io
import json

import click
import pytest
from rich.text import Text

from wizard import printer

HOSTILE = "a\n::error::b \x1b[2J\u202e ##vso[c]"


def test_a_line_stays_one_line_and_is_no_command(capsys: pytest.CaptureFixture[str]) -> None:
    printer.say(HOSTILE, "::error::x", "  ::error::y")
    printer.say()
    printer.warn(HOSTILE)
    assert capsys.readouterr() == (
        "a\\n::error::b \\x1b[2J\\u202e #\\x23vso[c]\n:\\x3aerror::x\n  :\\x3aerror::y\n\n",
        "a\\n::error::b \\x1b[2J\\u202e #\\x23vso[c]\n",
    )


def test_a_text_keeps_its_lines_and_none_is_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    printer.show(f"{HOSTILE}\n")
    printer.show_error(HOSTILE)
    safe = "a\n:\\x3aerror::b \\x1b[2J\\u202e #\\x23vso[c]\n"
    assert capsys.readouterr() == (safe, safe)


def test_json_says_the_same_and_is_safe_to_print(capsys: pytest.CaptureFixture[str]) -> None:
    printer.show_json({"a": HOSTILE})
    out = capsys.readouterr().out
    assert out == '{\n  "a": "a\\n::error::b \\u001b[2J\\u202e #\\u0023vso[c]"\n}\n'
    assert json.loads(out) == {"a": HOSTILE}


def test_no_token_is_printed_whole(capsys: pytest.CaptureFixture[str]) -> None:
    token = f"eyJhbGciOiJSUzI1NiJ9.{'e' * 40}.{'s' * 40}"
    printer.say(token)
    printer.show_error(token)
    printer.show_json(token)
    cut = f"eyJh... ({len(token)} characters)"
    assert capsys.readouterr() == (f'{cut}\n"{cut}"\n', f"{cut}\n")


def test_what_click_says_of_arguments_is_safe(capsys: pytest.CaptureFixture[str]) -> None:
    printer.show_usage_error(click.UsageError(f"No such option: {HOSTILE}"))
    assert capsys.readouterr().err == (
        "Error: No such option: a\n:\\x3aerror::b \\x1b[2J\\u202e #\\x23vso[c]\n"
    )


def test_what_the_encoding_does_not_have_is_an_escape(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(written, "ascii"))
    printer.say("größe")
    assert written.getvalue() == b"gr\\xf6\\xdfe\n"


def test_what_rich_lays_out_is_safe_line_by_line(capsys: pytest.CaptureFixture[str]) -> None:
    printer.draw(Text(f"{'x' * 79} ::error::y"), Text("\x1b[2J\u202e [bold]z[/bold]"))
    assert capsys.readouterr().out == (
        f"{'x' * 79} \n:\\x3aerror::y\n\\x1b[2J\\u202e [bold]z[/bold]\n"
    )
