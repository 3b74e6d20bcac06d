"""YAML text as plain data: the one reader of YAML that this program did not write itself.

`read` is for configurations: each mistake is told in the words of who writes YAML, and what YAML
reads as something unexpected (dates, tags, keys that are not text) is a mistake too. `objects` is
for what other programs wrote, JSON or YAML: there such keys and dates are text.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from federation import strict_json
from federation.model.places import Place, dotted
from federation.yaml.nodes import (
    DEEPEST,
    MOST_CHARACTERS,
    MOST_VALUES,
    TAG,
    DocumentError,
    Mapping,
    Node,
    Scalar,
    Sequence,
    compose,
    too_deep,
    too_long,
    too_many,
)
from formats.escaping import quoted

__all__ = ["MOST_VALUES", "Document", "DocumentError", "objects", "read"]

_MERGE = f"{TAG}merge"
_MOST_DIGITS = 40
"""Characters of a number; Python refuses to show one of thousands of digits."""


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
    found = compose(text)
    _, node = next(found, (1, None))
    if node is None:
        return Document(None, {})
    reading = _Reading()
    data = reading.value(node, ())
    for line, _ in found:
        message = "is not YAML: a second document begins here: write a file for each cluster."
        raise DocumentError(line, message)
    return Document(data, reading.lines)


def objects(text: str, most: int = MOST_VALUES) -> list[Any]:
    """The documents in a text of another program, JSON or YAML.

    Args:
        text: The documents.
        most: Values that YAML may have; JSON, which is quick to read, may have more.

    Raises:
        DocumentError: the text is neither, has a key twice, a tag, or goes beyond a limit.
    """
    if text.lstrip()[:1] in ("{", "["):
        try:
            return [strict_json.json_value("It", text)]
        except strict_json.JsonError as error:
            if not error.is_syntax:
                raise DocumentError(1, str(error).removeprefix("It ")) from None
    reading = _Reading(lenient=True, most=most)
    return [reading.value(node, ()) for _, node in compose(text, most)]


@dataclass
class _Reading:
    """One reading of a text; notes the lines on its way."""

    lenient: bool = False
    most: int = MOST_VALUES
    lines: dict[Place, int] = field(default_factory=dict)
    _values: int = 0
    _characters: int = 0

    def value(self, node: Node, place: Place, depth: int = 0) -> Any:
        """A node as plain data."""
        self._count(node, depth)
        kind = node.tag.removeprefix(TAG)
        if isinstance(node, Mapping) and kind == "map":
            return self._mapping(node, place, depth)
        if isinstance(node, Sequence) and kind == "seq":
            return [self._entry(each, (*place, at), depth) for at, each in enumerate(node.entries)]
        if isinstance(node, Scalar) and kind in _SCALARS:
            return _SCALARS[kind](node, place)
        if isinstance(node, Scalar) and kind in _SIGNS:
            return self._sign(node, place, _SIGNS[kind])
        raise _error(node, place, f"has the tag {quoted(node.tag)}: write the value without it.")

    def _count(self, node: Node, depth: int) -> None:
        self._values += 1
        if isinstance(node, Scalar):
            self._characters += len(node.text)
        if self._values > self.most:
            raise too_many(node.line, self.most)
        if self._characters > MOST_CHARACTERS:
            raise too_long(node.line)
        if depth > DEEPEST:
            raise too_deep()

    def _entry(self, node: Node, place: Place, depth: int) -> Any:
        self.lines[place] = node.line
        return self.value(node, place, depth + 1)

    def _mapping(self, node: Mapping, place: Place, depth: int) -> dict[str, Any]:
        values: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        # The lines of what is merged come first, so that those of the mapping's own keys count.
        for key, value in sorted(node.pairs, key=lambda pair: pair[0].tag != _MERGE):
            if key.tag == _MERGE:
                merged = self._merged(value, place, depth) | merged
                continue
            name = self._key(key, place)
            if name in values:
                raise _error(key, (*place, name), "is there twice: remove one.")
            self.lines[(*place, name)] = key.line
            values[name] = self.value(value, (*place, name), depth + 1)
        return merged | values

    def _merged(self, node: Node, place: Place, depth: int) -> dict[str, Any]:
        """The keys that `<<` takes over: of a mapping, or of several, the first of which wins."""
        sources = node.entries if isinstance(node, Sequence) else [node]
        merged: dict[str, Any] = {}
        for source in reversed(sources):
            if not isinstance(source, Mapping):
                raise _error(node, (*place, "<<"), "takes a mapping, or a list of them.")
            self._count(source, depth + 1)
            merged |= self._mapping(source, place, depth + 1)
        return merged

    def _key(self, node: Node, place: Place) -> str:
        if not isinstance(node, Scalar):
            raise _error(node, place, "a key is a list or a mapping: write text.")
        if node.tag != f"{TAG}str" and not self.lenient:
            raise _error(node, place, f"the key {quoted(node.text)} is not text: put it in quotes.")
        self._characters += len(node.text)
        return node.text

    def _sign(self, node: Scalar, place: Place, what: str) -> str:
        if self.lenient:
            return node.text
        raise _error(node, place, f"is {quoted(node.text)}, a {what} to YAML: put it in quotes.")


def _null(_: Scalar, __: Place) -> None:
    return None


def _str(node: Scalar, _: Place) -> str:
    return node.text


def _bool(node: Scalar, place: Place) -> bool:
    if node.text.lower() not in ("true", "false"):
        raise _unreadable(node, place)
    return node.text.lower() == "true"


def _int(node: Scalar, place: Place) -> int:
    text = node.text.replace("_", "")
    sign = -1 if text.startswith("-") else 1
    digits = text.lstrip("+-")
    base = {"0b": 2, "0o": 8, "0x": 16}.get(digits[:2], 10)
    try:
        if len(node.text) > _MOST_DIGITS:
            raise ValueError
        return sign * int(digits if base == 10 else digits[2:], base)
    except ValueError:
        raise _unreadable(node, place) from None


def _float(node: Scalar, place: Place) -> float:
    try:
        number = float(node.text.replace("_", ""))
    except ValueError:
        raise _unreadable(node, place) from None
    if len(node.text) > _MOST_DIGITS or not math.isfinite(number):
        raise _unreadable(node, place)
    return number


_SCALARS: dict[str, Callable[[Scalar, Place], Any]] = {
    "null": _null,
    "str": _str,
    "bool": _bool,
    "int": _int,
    "float": _float,
}
_SIGNS = {"timestamp": "date", "merge": "sign", "value": "sign"}


def _unreadable(node: Scalar, place: Place) -> DocumentError:
    kind = node.tag.removeprefix(TAG)
    return _error(node, place, f"is {quoted(node.text)}, which YAML cannot read as '{kind}'.")


def _error(node: Node, place: Place, message: str) -> DocumentError:
    return DocumentError(node.line, f"{dotted(place)}: {message}".removeprefix(": "))
