"""Each medium shows text from outside as text: nothing in it acts, hides or ends the medium."""

from __future__ import annotations

import json
import unicodedata
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from formats import escaping

ANY_TEXT = st.text(st.characters(), max_size=60)
"""Surrogates included: names of files have them."""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain 'text', ümlaut and 漢字", "plain 'text', ümlaut and 漢字"),
        ("a\nb\r\tc\x0b", "a\\nb\\r\\tc\\x0b"),
        ("\x1b[31m \x9b2J \x7f", "\\x1b[31m \\x9b2J \\x7f"),
        ("\u202a\u202e\u2066\u2069\u2028\u2029", "\\u202a\\u202e\\u2066\\u2069\\u2028\\u2029"),
        ("\u200b\u200d\ufeff\u00ad\u00a0", "\\u200b\\u200d\\ufeff\\xad\\xa0"),
        ("\U000e0041\ud800\ue000\U000effff", "\\U000e0041\\ud800\\ue000\\U000effff"),
        ("\u3164\u115f\ufe0f\U000e0100\u2800", "\\u3164\\u115f\\ufe0f\\U000e0100\\u2800"),
        ("::error::x", ":\\x3aerror::x"),
        ("  ::add-mask::x", "  :\\x3aadd-mask::x"),
        ("a ::error::x, ::1, arn:aws:iam::1:x", "a ::error::x, ::1, arn:aws:iam::1:x"),
        ("::1", "::1"),
        ("x ##vso[a]b ##[c] ###[d]", "x #\\x23vso[a]b #\\x23[c] #\\x23#[d]"),
        ("##teamcity[e", "#\\x23teamcity[e"),
        ("## a, b##c", "## a, b##c"),
        ("section_start:1:a section_end:2:b", "section_start\\x3a1:a section_end\\x3a2:b"),
        ("travis_fold:start:a", "travis_fold\\x3astart:a"),
    ],
)  # fmt: skip
def test_what_acts_or_does_not_show_is_an_escape_on_one_line(text: str, shown: str) -> None:
    assert escaping.line(text) == escaping.printable(text) == shown


def test_a_page_keeps_its_lines_and_no_line_is_a_command() -> None:
    assert escaping.page("a\r\n ::error::b\n\tc\x1b\n") == "a\n :\\x3aerror::b\n    c\\x1b\n"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("it's", '"it\'s"'),
        ("a\n\u3164", "'a\\n\\u3164'"),
        ("x" * 301, f"'{'x' * 60}'... (301 characters)"),
        (None, "'None'"),
    ],
)
def test_a_quotation_is_on_one_line_and_cut(value: object, shown: str) -> None:
    assert escaping.quoted(value) == shown


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ([], "none"),
        ("a", "'a'"),
        (["b", "a"], "'b', 'a'"),
        (list(range(12)), f"{', '.join(repr(str(each)) for each in range(10))} and 2 more"),
    ],
)
def test_several_values_are_quoted_up_to_a_number(values: object, shown: str) -> None:
    assert escaping.listed(values) == shown


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("<!-- a --> <b>&amp;", "\\<!-- a --\\> \\<b\\>\\&amp;"),
        ("[a](b) ![c](d) `e` *f*", "\\[a\\](b) !\\[c\\](d) \\`e\\` \\*f\\*"),
        ("_g_ ~h~ |i| #j", "\\_g\\_ \\~h\\~ \\|i\\| \\#j"),
        ("https://a www.b ftp://c", "https\\://a www\\.b ftp\\://c"),
        ("$\\color{white}{a}$", "\\$\\\\color{white}{a}\\$"),
        ("- a", "\\- a"),
        ("---", "\\---"),
        ("===", "\\==="),
        ("1. a", "1\\. a"),
        ("2) a", "2\\) a"),
        ("1.34, -5 and a - b", "1.34, -5 and a - b"),
        ("a\nb\u202e", "a\\\\nb\\\\u202e"),
    ],
)  # fmt: skip
def test_markdown_of_a_text_is_that_text(text: str, written: str) -> None:
    assert escaping.markdown(text) == written


@pytest.mark.parametrize(
    ("text", "written"),
    [("a", "`a`"), ("a``b", "```a``b```"), ("`", "`` ` ``"), ("a\nb", "`a\\nb`")],
)
def test_code_of_markdown_does_not_end_early(text: str, written: str) -> None:
    assert escaping.markdown_code(text) == written


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a\nb\x1b\n", "```diff\na\nb\\x1b\n```"),
        ("a\n````\nb", "`````diff\na\n````\nb\n`````"),
    ],
)
def test_a_block_of_code_ends_with_more_backticks_than_it_has(text: str, written: str) -> None:
    assert escaping.markdown_block(text, "diff") == written


def test_html_has_neither_tags_nor_quotes_nor_entities_of_a_text() -> None:
    assert escaping.html("<b a=\"c\" d='e'>&amp;\u202e\x00") == (
        "&lt;b a=&#34;c&#34; d=&#39;e&#39;&gt;&amp;amp;\\u202e\\x00"
    )


def test_sarif_has_neither_placeholders_nor_links_of_a_text() -> None:
    assert escaping.sarif("{0} [a](b) \\\n\x1b") == "{{0}} \\[a\\](b) \\\\\n\\\\x1b"


def test_json_escapes_what_acts_and_says_the_same() -> None:
    text = escaping.json_text({"a": "é\u202e\U000e0041\ud800\x7f##vso[x] ##"}, indent=2)
    assert text == ('{\n  "a": "é\\u202e\\udb40\\udc41\\ud800\\u007f#\\u0023vso[x] ##"\n}')


@given(ANY_TEXT)
def test_json_of_any_text_is_read_as_that_text(text: str) -> None:
    assert json.loads(escaping.json_text(text)) == text.encode("utf-16", "surrogatepass").decode(
        "utf-16", "surrogatepass"
    )


@given(st.text(max_size=60))
def test_yaml_of_any_text_is_read_as_that_text(text: str) -> None:
    assert YAML(typ="safe", pure=True).load(escaping.yaml_text(text)) == text


@given(ANY_TEXT)
def test_no_line_holds_a_character_that_acts_or_does_not_show(text: str) -> None:
    line = escaping.line(text)
    assert {unicodedata.category(each) for each in line} & {
        "Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp",
    } == set()  # fmt: skip
    assert escaping.line(line) == line


@given(ANY_TEXT)
def test_xml_of_any_text_can_be_read_again(text: str) -> None:
    element = ET.Element("a", b=escaping.xml(text))
    element.text = escaping.xml(text)
    again = ET.fromstring(ET.tostring(element, encoding="unicode"))
    assert again.text or escaping.xml(text) == ""
