"""YAML text as a tree of nodes, built from the events of libyaml within fixed limits.

`federation.yaml.documents` makes plain data of the nodes. Depth and count are checked at each
event, so a hostile text is given up early, whatever it holds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from federation.errors import UserError

MOST_VALUES = 100_000
"""Values of a text, where each alias counts as what it stands for."""
MOST_CHARACTERS = 20_000_000
"""Characters of all texts, counted in the same way."""
DEEPEST = 100
"""Levels of lists and mappings; custom resource definitions have about fifty."""
TAG = "tag:yaml.org,2002:"

# The wheels of PyYAML have libyaml; without it the same events come, at a thirtieth of the speed.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_COST_OF_DOCUMENT = 10
"""Values that would take as long."""
_MOST_DIRECTIVES = 20
"""Lines that begin with '%'. libyaml compares each '%TAG' with all others."""
_DIRECTIVE = re.compile(r"^%", re.MULTILINE)
_NOT_YAML = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""YAML 1.2.2, section 5.1."""


class DocumentError(UserError):
    """Text that is not YAML, or YAML that means something unexpected.

    Attributes:
        line: counted from 1.
    """

    def __init__(self, line: int, message: str) -> None:
        self.line = line
        super().__init__(message)


@dataclass(frozen=True, slots=True, eq=False)
class Scalar:
    """A text; `tag` is the one that is written, or the one that YAML 1.2 gives a plain text."""

    tag: str
    line: int
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class Sequence:
    """A list."""

    tag: str
    line: int
    entries: list[Node] = field(default_factory=list)


@dataclass(frozen=True, slots=True, eq=False)
class Mapping:
    """Keys and values, in their order."""

    tag: str
    line: int
    pairs: list[tuple[Node, Node]] = field(default_factory=list)


Node = Scalar | Sequence | Mapping


def compose(text: str, most: int = MOST_VALUES) -> Iterator[tuple[int, Node]]:
    """The line where each document of a text begins, and its top node.

    Args:
        text: The YAML.
        most: Values that it may have.

    Raises:
        DocumentError: the text is not YAML, or goes beyond a limit.
    """
    if found := _NOT_YAML.search(text):
        message = f"the character U+{ord(found[0]):04X} is not allowed in it: remove it."
        raise _not_yaml(text.count("\n", 0, found.start()) + 1, message)
    if len(_DIRECTIVE.findall(text)) > _MOST_DIRECTIVES:
        message = f"has more than {_MOST_DIRECTIVES} lines that begin with '%': remove them."
        raise DocumentError(1, message)
    loader = _LOADER(text)
    try:
        yield from _Composer(loader.get_event, most).documents()
    except yaml.MarkedYAMLError as error:
        raise _explained(text, error) from None
    except yaml.YAMLError as error:
        raise _not_yaml(1, f"{error}.") from None
    finally:
        loader.dispose()


class _Composer:
    """Makes nodes of events; one for each text."""

    def __init__(self, event: Callable[[], Event | None], most: int) -> None:
        self._event = event
        self._most = most
        self._anchors: dict[str, Node] = {}
        self._count = -_COST_OF_DOCUMENT  # the first one is free

    def documents(self) -> Iterator[tuple[int, Node]]:
        while event := self._event():
            if isinstance(event, DocumentStartEvent):
                self._anchors = {}
                self._count += _COST_OF_DOCUMENT
                yield event.start_mark.line + 1, self._node(self._next(), 0)
                self._next()

    def _next(self) -> Event:
        event = self._event()
        if event is None:
            raise DocumentError(1, "is not YAML: it ends too early.")
        return event

    def _node(self, event: Event, depth: int) -> Node:
        line = event.start_mark.line + 1
        self._count += 1
        if self._count > self._most:
            raise too_many(line, self._most)
        if depth > DEEPEST:
            raise too_deep()
        if isinstance(event, AliasEvent):
            return self._aliased(event, line)
        if isinstance(event, ScalarEvent):
            return self._named(event, Scalar(_scalar_tag(event), line, event.value))
        if isinstance(event, SequenceStartEvent):
            return self._sequence(event, line, depth)
        return self._mapping(event, line, depth)

    def _aliased(self, event: AliasEvent, line: int) -> Node:
        if event.anchor not in self._anchors:
            raise _not_yaml(
                line,
                f"the anchor '&{event.anchor}' is not there: text that begins with '*' needs "
                "quotes.",
            )
        return self._anchors[event.anchor]

    def _sequence(self, start: Any, line: int, depth: int) -> Node:
        node = Sequence(start.tag or f"{TAG}seq", line)
        self._named(start, node)
        while not isinstance(event := self._next(), SequenceEndEvent):
            node.entries.append(self._node(event, depth + 1))
        return node

    def _mapping(self, start: Any, line: int, depth: int) -> Node:
        node = Mapping(start.tag or f"{TAG}map", line)
        self._named(start, node)
        while not isinstance(event := self._next(), MappingEndEvent):
            key = self._node(event, depth + 1)
            self._count -= isinstance(key, Scalar)  # what counts is its value
            node.pairs.append((key, self._node(self._next(), depth + 1)))
        return node

    def _named(self, event: Any, node: Node) -> Node:
        """Remember a node; an anchor may be used again, and its last use counts (YAML 3.2.2.2)."""
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node


def too_many(line: int, most: int) -> DocumentError:
    """There are more values than anything real has."""
    return DocumentError(line, f"has more than {most} values, with those that aliases repeat.")


def too_long(line: int) -> DocumentError:
    """There is more text than anything real has."""
    return DocumentError(
        line, f"has more than {MOST_CHARACTERS} characters, with those that aliases repeat."
    )


def too_deep() -> DocumentError:
    """Lists and mappings are nested too deeply."""
    return DocumentError(
        1, f"is nested more than {DEEPEST} levels deep, or an alias in it contains itself."
    )


def _scalar_tag(event: ScalarEvent) -> str:
    if event.tag and event.tag != "!":
        return str(event.tag)
    if not event.implicit[0]:
        return f"{TAG}str"
    value = event.value
    for pattern, kind in _BY_START.get(value[:1], ()):
        if pattern.fullmatch(value):
            return f"{TAG}{kind}"
    return f"{TAG}str"


_DIGITS = "0123456789"
_IMPLICIT = (
    ("tTfF", r"true|True|TRUE|false|False|FALSE", "bool"),
    (
        f"-+.{_DIGITS}",
        r"[-+]?([0-9][0-9_]*)\.[0-9_]*([eE][-+]?[0-9]+)?|[-+]?([0-9][0-9_]*)[eE][-+]?[0-9]+"
        r"|[-+]?\.[0-9_]+([eE][-+][0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        "float",
    ),
    (f"-+{_DIGITS}", r"[-+]?0b[0-1_]+|[-+]?0o?[0-7_]+|[-+]?[0-9_]+|[-+]?0x[0-9a-fA-F_]+", "int"),
    ("<", r"<<", "merge"),
    ("~nN", r"~|null|Null|NULL", "null"),
    (
        _DIGITS,
        r"\d{4}-\d\d-\d\d|\d{4}-\d\d?-\d\d?([Tt]|[ \t]+)\d\d?:\d\d:\d\d(\.\d*)?"
        r"([ \t]*(Z|[-+]\d\d?(:\d\d)?))?",
        "timestamp",
    ),
    ("=", r"=", "value"),
)
"""What a plain text is (YAML 1.2.2, section 10.3.2; dates and signs as in YAML 1.1)."""
_BY_START: dict[str, list[tuple[re.Pattern[str], str]]] = {"": [(re.compile(""), "null")]}
for _starts, _pattern, _kind in _IMPLICIT:
    for _start in _starts:
        _BY_START.setdefault(_start, []).append((re.compile(_pattern, re.ASCII), _kind))


def _explained(text: str, error: yaml.MarkedYAMLError) -> DocumentError:
    mark = error.problem_mark or error.context_mark
    problem = " ".join((error.problem or "").split())
    for explanations, begun_before in ((_EXPLANATIONS, False), (_BEGUN_BEFORE, True)):
        for pattern, explanation in explanations.items():
            if match := re.fullmatch(pattern, problem):
                mark = (error.context_mark or mark) if begun_before else mark
                return _not_yaml(_line(mark), match.expand(explanation))
    at = mark.index if mark else len(text)
    for problem_start, of_character in _BY_CHARACTER.items():
        if problem.startswith(problem_start):
            return _not_yaml(_line(mark), of_character(text[at : at + 1]))
    return _not_yaml(_line(mark), f"{problem}.")


def _line(mark: Any) -> int:
    return int(mark.line) + 1 if mark else 1


def _not_yaml(line: int, explanation: str) -> DocumentError:
    return DocumentError(line, f"is not YAML: {explanation}")


def _no_token(character: str) -> str:
    if character == "\t":
        return "a tab stands where only spaces may: replace it."
    return f"text that begins with '{character}' needs quotes."


def _no_content(character: str) -> str:
    if not character.strip():
        return "a value is missing at the end, or a '[' or '{' is never closed."
    return (
        f"a value is missing before '{character}', or is text that begins with it and needs quotes."
    )


_BY_CHARACTER: dict[str, Callable[[str], str]] = {
    "found character that cannot start any token": _no_token,
    "did not find expected node content": _no_content,
}
_EXPLANATIONS = {
    r"found a tab character that violates indentation": (
        "a tab stands where only spaces may: replace it."
    ),
    r"mapping values are not allowed in this context": (
        "a ':' is not expected here: put text with ': ' in quotes, begin the keys of one mapping "
        "in one column, and see that each key above has its ': '."
    ),
    r"did not find expected <document start>": (
        "this line is indented differently from the ones above."
    ),
    r"did not find expected (key|'-' indicator)": (
        "this line does not go on with what is above: begin the entries of one mapping or list in "
        "one column, and put text with quotes inside in quotes as a whole."
    ),
    r"did not find expected alphabetic or numeric character": (
        "text that begins with '*' or '&' needs quotes."
    ),
    r"block sequence entries are not allowed in this context": (
        "'- ' begins an entry of a list: write it on a line of its own, or put the text in quotes."
    ),
    r"(found unknown escape character|did not find expected hexdecimal number)": (
        r"'\\' begins an escape in double quotes: double it, or use single quotes."
    ),
    r"did not find expected comment or line break": (
        "behind '|' or '>' nothing but '+', '-' and a digit may follow on the line."
    ),
}
"""What a person did, by what libyaml says about it."""

_BEGUN_BEFORE = {
    r"found unexpected end of stream": "a quote is opened and never closed.",
    r"could not find expected ':'": (
        "this is neither a key nor a value: write ': ' behind a key, with a space after the colon."
    ),
    r"did not find expected ',' or '(.)'": (
        r"a list or mapping in brackets begins here: put ',' between its parts and '\1' at its end."
    ),
}
"""The same, where the mistake is not on the line that is named, but where that began."""
