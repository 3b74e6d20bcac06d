"""The environment that all templates share."""

from __future__ import annotations

import jinja2
import pytest
from federation_strategies import AWKWARD
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from federation import templates


def rendered(text: str, **values: object) -> str:
    return templates._environment().from_string(text).render(**values)


def test_text_is_json_that_people_can_read() -> None:
    assert rendered("a: {{ a | yaml }}", a="<é> & 'b' \"c\"") == ('a: "<é> & \'b\' \\"c\\""')


def test_pages_and_pictures_are_escaped_by_themselves_and_nothing_else_is() -> None:
    escapes = templates._environment().autoescape
    assert callable(escapes)
    names = ("review/review.html.j2", "review/picture.svg.j2", "cluster.yaml.j2", "a.md.j2", None)
    assert [escapes(name) for name in names] == [True, True, False, False, False]


def test_a_name_that_is_not_given_is_an_error() -> None:
    with pytest.raises(jinja2.UndefinedError, match=r"^'a' is undefined$"):
        rendered("{{ a }}")


def test_lines_of_blocks_leave_nothing_behind() -> None:
    assert rendered("a\n  {% if True %}\nb\n  {% endif %}\n") == "a\nb\n"


@pytest.mark.parametrize("filter_", ["yaml", "plain_yaml"])
@given(st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(AWKWARD))
def test_a_text_is_the_same_text_when_yaml_is_read(filter_: str, text: str) -> None:
    written = rendered(f"{{{{ a | {filter_} }}}}: {{{{ a | {filter_} }}}}", a=text)
    assert written.isprintable()
    assert YAML(typ="safe", pure=True).load(written) == {text: text}
