"""YAML as data with lines, and every way to write it wrongly with the message for it."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from federation.model.places import Place
from federation.yaml.documents import DocumentError, read

COLON = (
    "is not YAML: a ':' is not expected here: put text with ': ' in quotes, begin the keys of one "
    "mapping in one column, and see that each key above has its ': '."
)
BLOCK = (
    "is not YAML: this line does not go on with what is above: begin the entries of one mapping or "
    "list in one column, and put text with quotes inside in quotes as a whole."
)
ESCAPE = "is not YAML: '\\' begins an escape in double quotes: double it, or use single quotes."
BRACKETS = "is not YAML: a list or mapping in brackets begins here: put ',' between its parts and "
KEY = (
    "is not YAML: this is neither a key nor a value: write ': ' behind a key, with a space after "
    "the colon."
)
TAB = "is not YAML: a tab stands where only spaces may: replace it."
CYCLE = "is nested more than 100 levels deep, or an alias in it contains itself."


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("a: yes\nb: on\nc: NO", {"a": "yes", "b": "on", "c": "NO"}),
        ("a: true\nb: FALSE", {"a": True, "b": False}),
        ("a:\nb: ~\nc: null", {"a": None, "b": None, "c": None}),
        ("a: 1_000\nb: 0x1F\nc: 0o17\nd: 012", {"a": 1000, "b": 31, "c": 15, "d": 12}),
        ("a: 1.5\nb: 1e3", {"a": 1.5, "b": 1000.0}),
        ("a: 12:30:45", {"a": "12:30:45"}),
        ("a: '1'\nb: \"\\u00e9\\n\"", {"a": "1", "b": "é\n"}),
        ("a: !!str 1", {"a": "1"}),
        ("a: |\n  b\n  c\nd: >-\n  e\n  f", {"a": "b\nc\n", "d": "e f"}),
        ("{a: [1, {b: c}]}", {"a": [1, {"b": "c"}]}),
        ("- a\n- [b]", ["a", ["b"]]),
        ("a: &x [1]\nb: *x", {"a": [1], "b": [1]}),
        ("a: &x 1\nb: &x 2\nc: *x", {"a": 1, "b": 2, "c": 2}),
        (f"a: {'9' * 40}", {"a": int("9" * 40)}),
        ("\ufeffa: b", {"a": "b"}),
        ("a: b\r\nc: d\r\n", {"a": "b", "c": "d"}),
        ("a:\tb", {"a": "b"}),
        ("", None),
        ("# a", None),
    ],
)
def test_a_document_is_plain_data(text: str, data: Any) -> None:
    assert read(text).data == data


@pytest.mark.parametrize(
    "text",
    [
        "a: &x {b: 1}\nc: {<<: *x, d: 2}",
        "a: &x {b: 1}\nc: {d: 2, <<: *x}",
        "a: &x {b: 1}\nc: {<<: [*x, {b: 3, d: 2}]}",
        "a: &x {b: 1, d: 3}\nc: {<<: *x, d: 2}",
    ],
)
def test_keys_are_taken_over_from_other_mappings(text: str) -> None:
    assert read(text).data["c"] == {"b": 1, "d": 2}


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ((), 1),
        (("a",), 2),
        (("b", 0), 4),
        (("b", 1), 5),
        (("b", 1, "d"), 6),
        (("b", 1, "missing"), 5),
        (("b", 2), 3),
        (("missing", "as well"), 1),
    ],
)
def test_a_place_is_on_the_line_of_the_deepest_part_that_is_there(place: Place, line: int) -> None:
    assert read("# first\na: 1\nb:\n  - x\n  - c: y\n    d: z\n").line(place) == line


def test_a_key_that_overrides_one_taken_over_has_its_own_line() -> None:
    document = read("a: &x\n  b: 1\nc:\n  b: 2\n  <<: *x\n")
    assert document.line(("c", "b")) == 4


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("cluster prod\nissuer: a\n", 2, COLON),
        ("a: https: //b\n", 1, COLON),
        ("a: b\n c: d\n", 2, COLON),
        ("a:b\nc: d\n", 2, COLON),
        ("a:\n  - b\n - c\n", 3, BLOCK),
        ("a: b\n- c\n", 2, BLOCK),
        ("a: 'it's'\n", 1, BLOCK),
        (" a: b\nc: d\n", 2, "is not YAML: this line is indented differently from the ones above."),
        ("a:\n\tb: c\n", 2, TAB),
        ("a: @b\n", 1, "is not YAML: text that begins with '@' needs quotes."),
        ("a: `b\n", 1, "is not YAML: text that begins with '`' needs quotes."),
        ("a: %{b}\n", 1, "is not YAML: text that begins with '%' needs quotes."),
        (
            "a: *b\n",
            1,
            "is not YAML: the anchor '&b' is not there: text that begins with '*' needs quotes.",
        ),
        ("a: 1\nb: 'c\nd: e\n", 2, "is not YAML: a quote is opened and never closed."),
        ('a: "\\q"\n', 1, ESCAPE),
        ('a: "\\xz"\n', 1, ESCAPE),
        ("a: 1\nb: [b\nc: d\n", 2, BRACKETS + "']' at its end."),
        ("a: 1\nb: {c: d\ne: f\n", 2, BRACKETS + "'}' at its end."),
        (
            "a: [\n",
            2,
            "is not YAML: a value is missing at the end, or a '[' or '{' is never closed.",
        ),
        (
            "a: ]\n",
            1,
            "is not YAML: a value is missing before ']', or is text that begins with it and needs "
            "quotes.",
        ),
        ("a: *\n", 1, "is not YAML: text that begins with '*' or '&' needs quotes."),
        ("a: b\n\nc:d\n\ne: f\n", 3, KEY),
        ("a: b\nc\n", 2, KEY),
        (
            "a: - b\n",
            1,
            "is not YAML: '- ' begins an entry of a list: write it on a line of its own, or put "
            "the text in quotes.",
        ),
        (
            "a: |x\n b\n",
            1,
            "is not YAML: behind '|' or '>' nothing but '+', '-' and a digit may follow on the "
            "line.",
        ),
        (
            "a: b\n---\nc: d\n",
            2,
            "is not YAML: a second document begins here: write a file for each cluster.",
        ),
        ("a: b\nc: \0\n", 2, "is not YAML: the character U+0000 is not allowed in it: remove it."),
        ("a: \x7f\n", 1, "is not YAML: the character U+007F is not allowed in it: remove it."),
        ("a: 1\nb: {c: 1,\n    c: 2}\n", 3, "b.c: is there twice: remove one."),
        ("a:\n  3: b\n", 2, "a: the key '3' is not text: put it in quotes."),
        ("true: b\n", 1, "the key 'true' is not text: put it in quotes."),
        ("null: b\n", 1, "the key 'null' is not text: put it in quotes."),
        ("a: [{[b]: c}]\n", 1, "a[0]: a key is a list or a mapping: write text."),
        ("a: 2026-01-01\n", 1, "a: is '2026-01-01', a date to YAML: put it in quotes."),
        ("a: 2026-13-45\n", 1, "a: is '2026-13-45', a date to YAML: put it in quotes."),
        ("a: !secret b\n", 1, "a: has the tag '!secret': write the value without it."),
        ("a:\n  - !x {b: c}\n", 2, "a[0]: has the tag '!x': write the value without it."),
        (
            "a: !!set {b}\n",
            1,
            "a: has the tag 'tag:yaml.org,2002:set': write the value without it.",
        ),
        ("a: =\n", 1, "a: is '=', a sign to YAML: put it in quotes."),
        ("a: <<\n", 1, "a: is '<<', a sign to YAML: put it in quotes."),
        ("a: !!int\n", 1, "a: is '', which YAML cannot read as 'int'."),
        ("a: !!float ''\n", 1, "a: is '', which YAML cannot read as 'float'."),
        (
            f"a: {'9' * 41}\n",
            1,
            f"a: is '{'9' * 41}', which YAML cannot read as 'int'.",
        ),
        (
            f"a: 0x{'f' * 5000}\n",
            1,
            f"a: is '0x{'f' * 58}'... (5002 characters), which YAML cannot read as 'int'.",
        ),
        ("a: !!int b\n", 1, "a: is 'b', which YAML cannot read as 'int'."),
        ("a: !!bool b\n", 1, "a: is 'b', which YAML cannot read as 'bool'."),
        (
            f"a: {'9' * 5000}\n",
            1,
            f"a: is '{'9' * 60}'... (5000 characters), which YAML cannot read as 'int'.",
        ),
        ("a: {<<: 3}\n", 1, "a.<<: takes a mapping, or a list of them."),
        ("a: {<<: [3]}\n", 1, "a.<<: takes a mapping, or a list of them."),
        ("a: &x [*x]\n", 1, CYCLE),
        ("a: &x\n  b: *x\n", 1, CYCLE),
        ("a: " + "[" * 1000, 1, CYCLE),
    ],
)
def test_what_cannot_be_read_gives_one_message_with_its_line(
    text: str, line: int, message: str
) -> None:
    with pytest.raises(DocumentError) as caught:
        read(text)
    assert (caught.value.line, str(caught.value)) == (line, message)


def test_aliases_of_aliases_do_not_grow_without_end() -> None:
    lines = ["a: &a [1, 2, 3]"]
    for first, second in pairwise("abcdefghijklmnopqrst"):
        lines.append(f"{second}: &{second} [*{first}, *{first}, *{first}]")
    with pytest.raises(DocumentError) as caught:
        read("\n".join(lines))
    assert (caught.value.line, str(caught.value)) == (
        1,
        "has more than 100000 values, with those that aliases repeat.",
    )


def test_an_anchor_that_is_used_again_says_nothing_to_the_terminal(
    recwarn: pytest.WarningsRecorder,
) -> None:
    read("a: &x 1\nb: &x 2\n")
    assert recwarn.list == []
