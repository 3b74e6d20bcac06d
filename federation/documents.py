"""YAML text as plain data that remembers its lines.

`federation.files` reads configurations through it. Each mistake is told in the words of who writes
YAML, not in those of a parser, and what YAML would read as something unexpected (dates, tags, keys
that are no text) is a mistake too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from federation.errors import UserError
from federation.places import Place, dotted
from formats.escaping import quoted

_TAG = "tag:yaml.org,2002:"
_MERGE = f"{_TAG}merge"
_MOST_VALUES = 100_000
"""Values of a document; aliases of aliases would make a few lines into billions."""
_MOST_DIGITS = 40
"""Characters of a whole number; Python refuses to show one of thousands of digits."""

_EXPLANATIONS = {
    r"found character '\\t' that.*": "a tab stands where only spaces may: replace it.",
    r"found character '(.)' that.*": r"text that begins with '\1' needs quotes.",
    r"mapping values are not allowed here": (
        "a ':' is not expected here: put text with ': ' in quotes, begin the keys of one mapping "
        "in one column, and see that each key above has its ': '."
    ),
    r"expected '<document start>'.*": "this line is indented differently from the ones above.",
    r"expected <block end>.*": (
        "this line does not go on with what is above: begin the entries of one mapping or list in "
        "one column, and put text with quotes inside in quotes as a whole."
    ),
    r"but found another document": "a second document begins here: write a file for each cluster.",
    r"found undefined alias '(.*)'": (
        r"the anchor '&\1' is not there: text that begins with '*' needs quotes."
    ),
    r"expected the node content, but found '<stream end>'": (
        "a value is missing at the end, or a '[' or '{' is never closed."
    ),
    r"expected the node content, but found '(.*)'": (
        r"a value is missing before '\1', or is text that begins with it and needs quotes."
    ),
    r"expected alphabetic or numeric character.*": "text that begins with '*' or '&' needs quotes.",
    r"sequence entries are not allowed here": (
        "'- ' begins an entry of a list: write it on a line of its own, or put the text in quotes."
    ),
    r"(found unknown escape character|expected escape sequence) .*": (
        r"'\\' begins an escape in double quotes: double it, or use single quotes."
    ),
}
"""What a person did, by what ruamel.yaml says about it."""

_BEGUN_BEFORE = {
    r"found unexpected end of stream": "a quote is opened and never closed.",
    r"could not find expected ':'": (
        "this is neither a key nor a value: write ': ' behind a key, with a space after the colon."
    ),
    r"expected ',' or '(.)', but got .*": (
        r"a list or mapping in brackets begins here: put ',' between its parts and '\1' at its end."
    ),
}
"""The same, where the mistake is not on the line that is named, but where that began."""


class DocumentError(UserError):
    """Text that is not YAML, or YAML that stands for something unexpected.

    Attributes:
        line: counted from 1.
    """

    def __init__(self, line: int, message: str) -> None:
        self.line = line
        super().__init__(message)


@dataclass(frozen=True)
class Document:
    """A YAML document."""

    data: Any
    """Mappings, lists, text, numbers, booleans and None."""
    lines: dict[Place, int]
    """The line of each key and each entry of a list, counted from 1."""

    def line(self, place: Place) -> int:
        """The line of the deepest part of a place that is in the document."""
        while place not in self.lines and place:
            place = place[:-1]
        return self.lines.get(place, 1)


def read(text: str) -> Document:
    """The one document in a text; its data is None where the text is empty.

    Raises:
        DocumentError: the text is not YAML, or holds what a configuration cannot.
    """
    yaml = YAML(typ="safe", pure=True, plug_ins=[])
    # YAML 1.2.2, section 3.2.2.2: an anchor may be used again, and its last use counts.
    yaml.composer.warn_double_anchors = False
    reading = _Reading(yaml.constructor)
    try:
        node = yaml.compose(text)
        return Document(None if node is None else reading.value(node, ()), reading.lines)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = " ".join((error.problem or "").split())
        explained = _explained(problem, _EXPLANATIONS)
        if explained is None and (explained := _explained(problem, _BEGUN_BEFORE)):
            mark = error.context_mark or mark
        line = mark.line + 1 if mark else 1
        raise DocumentError(line, f"is not YAML: {explained or f'{problem}.'}") from None
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        code = error.character if isinstance(error.character, int) else ord(error.character)
        message = f"is not YAML: the character U+{code:04X} is not allowed in it: remove it."
        raise DocumentError(line, message) from None
    except RecursionError:
        raise DocumentError(1, "is nested too deeply, or an alias in it contains itself.") from None


def _explained(problem: str, explanations: Mapping[str, str]) -> str | None:
    for pattern, explanation in explanations.items():
        match = re.fullmatch(pattern, problem)
        if match:
            return match.expand(explanation)
    return None


class _Reading:
    """One reading of a document; notes the lines on its way."""

    def __init__(self, constructor: SafeConstructor) -> None:
        self.lines: dict[Place, int] = {}
        self._values = 0
        self._readers: dict[str, Callable[[ScalarNode], Any]] = {
            "null": lambda _: None,
            "bool": constructor.construct_yaml_bool,
            "int": constructor.construct_yaml_int,
            "float": constructor.construct_yaml_float,
            "str": lambda node: str(node.value),
        }

    def value(self, node: Node, place: Place) -> Any:
        """A node as plain data."""
        self._values += 1
        if self._values > _MOST_VALUES:
            raise _error(node, (), f"has more than {_MOST_VALUES} values: use fewer aliases.")
        kind = str(node.tag).removeprefix(_TAG)
        if isinstance(node, MappingNode) and kind == "map":
            return self._mapping(node, place)
        if isinstance(node, SequenceNode) and kind == "seq":
            return [self._entry(entry, (*place, at)) for at, entry in enumerate(node.value)]
        if isinstance(node, ScalarNode) and kind == "timestamp":
            raise _error(node, place, f"is {quoted(node.value)}, a date to YAML: put it in quotes.")
        if isinstance(node, ScalarNode) and kind in ("value", "merge"):
            raise _error(node, place, f"is {quoted(node.value)}, a sign to YAML: put it in quotes.")
        if isinstance(node, ScalarNode) and kind in self._readers:
            return self._scalar(node, place, kind)
        raise _error(node, place, f"has the tag {str(node.tag)!r}: write the value without it.")

    def _entry(self, node: Node, place: Place) -> Any:
        self.lines[place] = _line(node)
        return self.value(node, place)

    def _mapping(self, node: MappingNode, place: Place) -> dict[str, Any]:
        values: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        # The lines of what is merged come first, so that those of the mapping's own keys count.
        for key, value in sorted(node.value, key=lambda pair: pair[0].tag != _MERGE):
            if key.tag == _MERGE:
                merged = self._merged(value, place) | merged
                continue
            name = _key(key, place)
            if name in values:
                raise _error(key, (*place, name), "is there twice: remove one.")
            self.lines[(*place, name)] = _line(key)
            values[name] = self.value(value, (*place, name))
        return merged | values

    def _merged(self, node: Node, place: Place) -> dict[str, Any]:
        """The keys that `<<` takes over: of a mapping, or of several, the first of which wins."""
        sources = node.value if isinstance(node, SequenceNode) else [node]
        merged: dict[str, Any] = {}
        for source in reversed(sources):
            if not isinstance(source, MappingNode):
                raise _error(node, (*place, "<<"), "takes a mapping, or a list of them.")
            merged |= self._mapping(source, place)
        return merged

    def _scalar(self, node: ScalarNode, place: Place, kind: str) -> Any:
        try:
            if kind == "int" and len(node.value) > _MOST_DIGITS:
                raise ValueError
            return self._readers[kind](node)
        except (ValueError, KeyError, IndexError):
            message = f"is {quoted(node.value)}, which YAML cannot read as '{kind}'."
            raise _error(node, place, message) from None


def _key(node: Node, place: Place) -> str:
    if not isinstance(node, ScalarNode):
        raise _error(node, place, "a key is a list or a mapping: write text.")
    if node.tag != f"{_TAG}str":
        raise _error(node, place, f"the key {quoted(node.value)} is not text: put it in quotes.")
    return str(node.value)


def _error(node: Node, place: Place, message: str) -> DocumentError:
    return DocumentError(_line(node), f"{dotted(place)}: {message}".removeprefix(": "))


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1
