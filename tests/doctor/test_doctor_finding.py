"""Whatever a check puts into a finding is fit to be printed, stored and sent."""

from __future__ import annotations

import base64
import json

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from doctor.catalog import RULES
from doctor.finding import Rule
from doctor.reportable import LONGEST_TEXT

RULE = Rule("tls-x", "tls", "title", "meaning", "cause", "fix")
TOKEN = jwt.encode(
    {"alg": "RS256", "kid": "first"},
    {"iss": "https://a.example.com", "sub": "system:serviceaccount:default:app", "exp": 2**31},
    RSAKey.generate_key(2048),
)
CUT = f"{TOKEN[:4]}... ({len(TOKEN)} characters)"


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("plain 'text', ümlaut and 漢字", "plain 'text', ümlaut and 漢字"),
        ("two\nlines\tand\r", "two\\nlines\\tand\\r"),
        ("\x1b[31mred\x1b[0m \x9b31m", "\\x1b[31mred\\x1b[0m \\x9b31m"),
        ("right\u202eto left, zero\u200bwidth", "right\\u202eto left, zero\\u200bwidth"),
        ("null \x00, \ufffe, \ud800", "null \\x00, \\ufffe, \\ud800"),
        ("[red]markup[/red] ]]> <b>", "[red]markup[/red] ]]> <b>"),
        ("x ##vso[a] ###[b] # c", "x #\\x23vso[a] #\\x23#[b] # c"),
        (f"boto: {TOKEN}!", f"boto: {CUT}!"),
        (f"{TOKEN}&x=1, and again {TOKEN}", f"{CUT}&x=1, and again {CUT}"),
        (f"%22token%22=%22{TOKEN}", f"%22token%22=%22{CUT}"),
        ("x" * (LONGEST_TEXT + 1), "x" * LONGEST_TEXT + "..."),
    ],
    ids=[
        "plain",
        "lines",
        "escapes",
        "direction",
        "none",
        "markup",
        "commands",
        "token",
        "tokens",
        "in a URL",
        "long",
    ],
)
def test_no_text_of_a_finding_acts_on_its_reader_or_has_a_whole_token(
    given: str, shown: str
) -> None:
    failed = RULE.failed(given, given, given, cause=given, fix=given)
    warned = RULE.warned(given, given, given, cause=given, fix=given)

    for found in (failed, warned):
        texts = {found.seen, found.expected, found.about, found.cause, found.fix}
        assert texts == {shown}
    assert (RULE.passed(given).seen, RULE.skipped(given).seen) == (shown, shown)


def test_a_text_of_any_length_is_read_only_so_far() -> None:
    endless = "eyJ" * 10_000_000

    assert RULE.passed(endless).seen == endless[:LONGEST_TEXT] + "..."


def test_a_token_with_a_percent_sign_for_its_dots_is_cut_too() -> None:
    assert (
        RULE.passed(TOKEN.replace(".", "%2E")).seen
        == f"{TOKEN[:4]}... ({len(TOKEN) + 4} characters)"
    )


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_our_own_texts_are_shown_as_they_are_written(rule: Rule) -> None:
    found = rule.failed("seen", "expected")

    assert (found.title, found.cause, found.fix) == (rule.title, rule.cause, rule.fix)
    assert all(part.isprintable() for part in (rule.title, rule.meaning, rule.cause, rule.fix))


def test_json_in_base64_that_is_no_token_is_left_alone() -> None:
    text = base64.urlsafe_b64encode(json.dumps({"a": 1}).encode()).decode().rstrip("=")

    assert RULE.passed(text).seen == text
