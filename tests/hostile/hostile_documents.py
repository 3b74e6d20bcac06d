"""Documents that somebody wrote to break their reader: good ones, changed at a few places.

A good document gets a reader past its first checks; one wrong value in it then reaches code that
few other tests reach.
"""

from __future__ import annotations

import copy
import io
import json
from typing import Any

from hostile_texts import TEXTS
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from formats.escaping import yaml_text

OTHERS = (
    "", " ", "\0", "\n", "\ud800", "\udfff\ud800", "${a}", "%{if x}", "{{ x }}", "$(x)",
    "../../x", "/etc/passwd", "~/x", "-", "--config", "-----BEGIN PUBLIC KEY-----", "https://",
    "https://[", "http://[::1", "https://a:b@c:99999/", "arn:aws:iam::1:role/x", "'\"`",
    "system:serviceaccount:::", "*", "?", "9" * 5000, "a" * 20_000, "1e999", "nan", "0x", "1.99",
    "v1.34.0-\x1b[1m", "2027-13-45", "[", '{"a":', "\U0010ffff", "\u0130", "\u0660",
)  # fmt: skip
"""Besides what acts on a terminal: what a parser, a path, a template or a number may trip over."""

texts = (
    st.sampled_from(TEXTS + OTHERS)
    | st.text(st.characters(exclude_categories=()), max_size=20)
    | st.text(st.sampled_from("\x1b\x00\x07\x9b\u202e\u200b\ud83d#[:{}\"'\\ \n\r\tax0.-/*$%&!|<>"))
)
"""Any text, halves of a character included, and rather the dangerous ones."""


def _deep(kind: str, depth: int) -> Any:
    value: Any = "x"
    for _ in range(depth):
        value = [value] if kind == "list" else {"a": value}
    return value


values: st.SearchStrategy[Any] = (
    texts
    | st.sampled_from(
        [None, True, False, [], {}, 0, -1, 2**63, 10**30, 10**400, 1e308, -0.5, [None], [[]], [{}]]
    ).map(copy.deepcopy)  # a later change must not change what is sampled
    | st.integers()
    | st.builds(_deep, st.sampled_from(["list", "map"]), st.sampled_from([3, 90, 300]))
    | st.dictionaries(texts, texts, max_size=3)
    | st.lists(texts, max_size=3)
)
"""Values of any kind."""

Place = tuple[Any, ...]


def places(document: Any, at: Place = ()) -> list[Place]:
    """The paths to a document's values, its own (an empty one) first."""
    found = [at]
    items = (
        document.items()
        if isinstance(document, dict)
        else enumerate(document)
        if isinstance(document, list)
        else ()
    )
    for key, value in items:
        found += places(value, (*at, key))
    return found


@st.composite
def mutated(draw: st.DrawFn, document: Any) -> Any:
    """A document with one to three changes."""
    changed = [copy.deepcopy(document)]
    for _ in range(draw(st.sampled_from([1, 1, 1, 2, 3]))):
        place = draw(st.sampled_from(places(changed)[1:] or [(0,)]))
        inner: Any = changed
        for key in place[:-1]:
            inner = inner[key]
        _change(draw, inner, place[-1])
    return changed[0]


def _change(draw: st.DrawFn, inner: Any, key: Any) -> None:
    """Change one of the values of a mapping or a list."""
    value = inner[key]
    how = draw(st.integers(0, 9))
    if isinstance(value, str) and how < 7:
        text = draw(texts)
        inner[key] = (text, f"{value}{text}", f"{text}{value}", f"{value[:4]}{text}{value[4:]}")[
            how % 4
        ]
    elif isinstance(value, dict) and how < 5:
        value[draw(texts)] = draw(values)
    elif isinstance(value, list) and how < 5:
        value.insert(draw(st.integers(0, len(value))), draw(values))
    elif isinstance(inner, dict) and how == 7:
        inner[draw(texts)] = inner.pop(key)
    elif how == 8:
        inner[key] = [value, copy.deepcopy(value)]
    else:
        inner[key] = draw(values)


def _json(document: Any) -> bytes:
    return json.dumps(document).encode()


def _raw_json(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _indented(document: Any) -> bytes:
    return json.dumps(document, indent=2).encode()


def _yaml(document: Any) -> bytes:
    text = io.StringIO()
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    try:
        yaml.dump(document, text)
    except (YAMLError, ValueError, RecursionError):
        return _json(document)
    return text.getvalue().encode("utf-8", "surrogatepass")


def _escaped(document: Any) -> bytes:
    return yaml_text(document).encode()


@st.composite
def files(draw: st.DrawFn, *documents: Any) -> bytes:
    """The content of a file: one of the documents, changed, in some form, and perhaps damaged.

    Args:
        draw: Hypothesis's own.
        documents: Good ones; a text or bytes are taken as they are, and damaged.
    """
    document = draw(st.sampled_from(documents))
    if isinstance(document, str | bytes):
        content = document.encode() if isinstance(document, str) else document
        return draw(damaged(content))
    form = draw(st.sampled_from([_json, _escaped, _escaped, _raw_json, _indented, _yaml]))
    content = form(draw(mutated(document)))
    return draw(damaged(content)) if draw(st.integers(0, 4)) == 0 else content


@st.composite
def damaged(draw: st.DrawFn, content: bytes) -> bytes:
    """A file of which a part is missing, doubled, replaced or written otherwise."""
    begin = draw(st.integers(0, len(content)))
    end = draw(st.integers(begin, min(len(content), begin + 40)))
    before, part, after = content[:begin], content[begin:end], content[end:]
    text = draw(texts).encode("utf-8", "surrogatepass")
    how = draw(st.integers(0, 9))
    return (
        before + text + after,
        before + text + after,
        before + part + text + after,
        before + part + part + after,
        before + draw(st.binary(max_size=20)) + after,
        before,
        content.decode("utf-8", "replace").encode("utf-16"),
        b"\xef\xbb\xbf" + content,
        content + b"\n" + content,
        draw(st.binary(max_size=60)) if len(content) % 2 else content.replace(b"\n", b"\r\n"),
    )[how]
