"""Terraform expressions in several lines, read from the JSON form of its language.

In that form an expression is a text, and every text is a template (Terraform, "JSON Configuration
Syntax", "Expression Mapping"): `"${aws_iam_role.web.arn}"` is a reference, and a policy is one long
`"${jsonencode({...})}"`. What is written here is what `terraform fmt` leaves as it is.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_RESERVED = frozenset({"false", "for", "if", "in", "null", "true"})
_WIDTH = 100
_CLOSING = {"{": "}", "[": "]", "(": ")"}
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


@dataclass(frozen=True)
class Expression:
    """An expression as the lines that follow its `=`, indented from the second on."""

    lines: tuple[str, ...]

    @property
    def is_single(self) -> bool:
        """Whether it fits one line."""
        return len(self.lines) == 1


def of_json(value: Any) -> Expression:
    """The expression of a value in Terraform's JSON: a template, or what holds templates."""
    match value:
        case Mapping():
            return _object((_key(str(key)), of_json(each)) for key, each in value.items())
        case str():
            return _of_template(value)
        case list() | tuple():
            return _tuple([of_json(each) for each in value])
        case _:
            return Expression((json.dumps(value),))


def of_literal(value: Any) -> Expression:
    """The expression of a value in which no text is a template, as in a backend's settings."""
    return of_json(as_templates(value))


def of_source(source: str) -> Expression:
    """An expression of Terraform's own language, over several lines where that reads better."""
    return _Reader(source).whole()


def as_templates(value: Any) -> Any:
    """A value in which no text is a template, as one of templates that say the same."""
    match value:
        case Mapping():
            return {as_templates(key): as_templates(each) for key, each in value.items()}
        case list() | tuple():
            return [as_templates(each) for each in value]
        case str():
            return value.replace("${", "$${").replace("%{", "%%{")
        case _:
            return value


def assigned(members: Iterable[tuple[str, Expression]]) -> list[str]:
    """Lines `NAME = EXPRESSION`, with the `=` of neighbouring single lines below each other."""
    lines: list[str] = []
    neighbours: list[tuple[str, str]] = []
    for name, value in members:
        if value.is_single:
            neighbours.append((name, value.lines[0]))
            continue
        lines += _align(neighbours)
        neighbours = []
        lines += [f"{name} = {value.lines[0]}", *value.lines[1:]]
    return lines + _align(neighbours)


def indented(lines: Iterable[str]) -> list[str]:
    """The lines one step further to the right."""
    return [f"  {line}" if line else "" for line in lines]


def _align(neighbours: Sequence[tuple[str, str]]) -> list[str]:
    widest = max((_columns(name) for name, _ in neighbours), default=0)
    return [f"{name}{' ' * (widest - _columns(name))} = {value}" for name, value in neighbours]


def _columns(text: str) -> int:
    """How many characters a reader sees: `terraform fmt` counts grapheme clusters."""
    return sum(not unicodedata.category(character).startswith("M") for character in text)


def _object(members: Iterable[tuple[str, Expression]]) -> Expression:
    lines = assigned(members)
    return Expression(("{", *indented(lines), "}")) if lines else Expression(("{}",))


def _tuple(items: Sequence[Expression]) -> Expression:
    if all(item.is_single for item in items):
        line = f"[{', '.join(item.lines[0] for item in items)}]"
        if len(line) <= _WIDTH:
            return Expression((line,))
    lines = [line for item in items for line in (*item.lines[:-1], f"{item.lines[-1]},")]
    return Expression(("[", *indented(lines), "]"))


def _key(template: str) -> str:
    written = _of_template(template).lines[0]
    # A reference as a key would be taken for the key's own name.
    return _unquote(written) if written.startswith('"') else f"({written})"


def _unquote(key: str) -> str:
    """A key of an object, without quotes that it does not need."""
    bare = key[1:-1] if key.startswith('"') else key
    return bare if _IDENTIFIER.fullmatch(bare) and bare not in _RESERVED else key


def _of_template(template: str) -> Expression:
    parts = list(_parts(template))
    if len(parts) == 1 and parts[0].startswith("${"):
        return of_source(parts[0][2:-1].strip())
    text = "".join(part if _is_sequence(part) else _escape_text(part) for part in parts)
    return Expression((f'"{text}"',))


def _parts(template: str) -> Iterator[str]:
    """What a template consists of: literal texts, and `${...}` or `%{...}`."""
    start = at = 0
    while at < len(template):
        if template.startswith(("$${", "%%{"), at):
            at += 3
        elif template.startswith(("${", "%{"), at):
            if start < at:
                yield template[start:at]
            start, at = at, _after(template, at + 1)
            yield template[start:at]
            start = at
        else:
            at += 1
    if start < at:
        yield template[start:at]


def _is_sequence(part: str) -> bool:
    return part.startswith(("${", "%{"))


def _escape_text(literal: str) -> str:
    """A literal part of a template as it stands between quotes."""
    return "".join(map(_escape, literal))


def _escape(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    number = ord(character)
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _after(source: str, at: int) -> int:
    """Where what begins at a position of an expression ends: a string, a bracket, a character.

    Raises:
        ValueError: it does not end.
    """
    if source[at] == '"':
        return _after_string(source, at + 1)
    closing = _CLOSING.get(source[at])
    at += 1
    if closing is None:
        return at
    while at < len(source):
        if source[at] == closing:
            return at + 1
        at = _after(source, at)
    raise ValueError(f"{closing} is missing in {source!r}")


def _after_string(source: str, at: int) -> int:
    while at < len(source):
        if source[at] == '"':
            return at + 1
        if source[at] == "\\":
            at += 2
        elif source.startswith(("$${", "%%{"), at):
            at += 3
        elif source.startswith(("${", "%{"), at):
            at = _after(source, at + 1)
        else:
            at += 1
    raise ValueError(f'" is missing in {source!r}')


class _Reader:
    """Reads an expression: its objects, lists and calls of jsonencode; the rest stays as it is."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0

    def whole(self) -> Expression:
        return self._expression("")

    def _expression(self, ends: str) -> Expression:
        """What stands before one of these characters, or before the end."""
        self._skip_spaces()
        start = self._at
        found = self._structure()
        self._skip_spaces()
        if found is not None and self._is_at(ends):
            return found
        self._at = start
        while not self._is_at(ends):
            self._at = _after(self._source, self._at)
        return Expression((self._source[start : self._at].strip(),))

    def _structure(self) -> Expression | None:
        rest = self._source[self._at :]
        if re.match(r"[{\[]\s*for\b", rest):
            return None
        if rest.startswith("{"):
            return self._object()
        if rest.startswith("["):
            return self._tuple()
        if rest.startswith("jsonencode("):
            return self._jsonencode()
        return None

    def _object(self) -> Expression:
        members = []
        self._at += 1
        while not self._passed("}"):
            key = self._expression("=:").lines[0]
            self._at += 1
            members.append((_unquote(key), self._expression(",}")))
            self._passed(",")
        return _object(members)

    def _tuple(self) -> Expression:
        items = []
        self._at += 1
        while not self._passed("]"):
            items.append(self._expression(",]"))
            self._passed(",")
        return _tuple(items)

    def _jsonencode(self) -> Expression:
        self._at += len("jsonencode(")
        first, *others = self._expression(")").lines
        self._passed(")")
        *between, last = [f"jsonencode({first}", *others]
        return Expression((*between, f"{last})"))

    def _is_at(self, characters: str) -> bool:
        return self._at >= len(self._source) or self._source[self._at] in characters

    def _passed(self, character: str) -> bool:
        self._skip_spaces()
        if self._source[self._at : self._at + 1] == character:
            self._at += 1
            return True
        return False

    def _skip_spaces(self) -> None:
        while self._source[self._at : self._at + 1].isspace():
            self._at += 1
