"""A value in a `Condition` block as text with wildcards, policy variables and escapes.

Read once from the policy by `federation.iam.policy_condition`, completed with the values of a
request, and compared by the operators of `federation.iam.policy_operators`. Rules: AWS IAM User
Guide, "IAM policy elements: Variables and tags" and "IAM JSON policy elements: Condition
operators".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from federation.errors import UserError
from formats.escaping import quoted


@dataclass(frozen=True)
class Text:
    """Some characters; `*` and `?` among them stand for others only where `wild`."""

    characters: str
    wild: bool


@dataclass(frozen=True)
class Variable:
    """A policy variable, `${key}` or `${key, 'default'}`."""

    key: str
    default: str | None


Pattern = tuple[Text, ...]


@dataclass(frozen=True)
class Template:
    """A value cut at its variables."""

    pieces: tuple[Text | Variable, ...]

    @property
    def variables(self) -> tuple[Variable, ...]:
        """The variables, in the order in which they stand."""
        return tuple(piece for piece in self.pieces if isinstance(piece, Variable))

    def resolve(self, lookup: Callable[[str], tuple[str, ...]]) -> Pattern | None:
        """Put the values of a request in; `None` where a variable has no value.

        Such a value equals nothing ("Policy variables with no value"). A multivalued key is not
        a variable, so several values count as no value. What a variable brings in is never a
        wildcard.
        """
        resolved: list[Text] = []
        for piece in self.pieces:
            if isinstance(piece, Text):
                resolved.append(piece)
                continue
            text = _only(lookup(piece.key), piece.default)
            if text is None:
                return None
            resolved.append(Text(text, wild=False))
        return tuple(resolved)


def wildcards(value: str) -> Pattern:
    """Read text in which `*` and `?` are wildcards and `${...}` is text like any other."""
    return (Text(value, wild=True),)


def with_variables(place: str, value: str) -> Template:
    """Read a value with its policy variables and the escapes `${*}`, `${?}` and `${$}`.

    Raises:
        UserError: A variable is not closed, empty, or not of the form that AWS reads.
    """
    pieces: list[Text | Variable] = []
    end = 0
    for match in _VARIABLE.finditer(value):
        pieces += _between_variables(place, value[end : match.start()])
        pieces.append(_variable(place, match[1]))
        end = match.end()
    return Template((*pieces, *_between_variables(place, value[end:])))


def text(pattern: Pattern) -> str:
    """Return the characters of a pattern, wildcards as they are written."""
    return "".join(piece.characters for piece in pattern)


def like(pattern: Pattern, seen: str) -> bool:
    """Whether a whole text matches, `*` being any characters and `?` exactly one."""
    return like_any([pattern])(seen)


def like_any(patterns: Iterable[Pattern]) -> Callable[[str], bool]:
    """Make the test whether a text is like any of some patterns, of which there may be thousands.

    A text is read once for all of them, whatever stars and question marks they have.
    """
    return _automaton(patterns, parts=1).accepts


def has_wildcard(pattern: Pattern) -> bool:
    """Whether more than one text may match."""
    return any(piece.wild and _WILDCARDS.search(piece.characters) for piece in pattern)


def arn_like_any(patterns: Iterable[Pattern]) -> Callable[[str], bool]:
    """Make the test whether an ARN is like any of some, each of its six parts by itself."""
    accepts = _automaton(patterns, parts=ARN_COLONS + 1).accepts
    return lambda seen: seen.count(":") >= ARN_COLONS and accepts(seen)


ARN_COLONS = 5

_VARIABLE = re.compile(r"\$\{([^{}]*)\}")
_BODY = re.compile(r"([^\s,']+)(?:, '([^']*)')?")
_ESCAPES = frozenset("*?$")
_WILDCARDS = re.compile("[*?]")
_KEPT = 1_000
"""Characters of which the places in the patterns are kept at hand."""


@dataclass(frozen=True)
class _Automaton:
    """Patterns as places, one behind the other, each of which is a bit of a number.

    A set bit is a place that the characters read so far lead to: one step takes all patterns on by
    one character, so that no pattern makes the time explode, and thousands take little more than
    one.

    Attributes:
        starts: The place before each pattern.
        ends: The place behind each.
        stars: The places at which any character may be passed over.
        stars_in_part: Those at which any but a colon may.
        places: Makes the places that a character leads to from the one before.
    """

    starts: int
    ends: int
    stars: int
    stars_in_part: int
    places: Callable[[str], int]

    def accepts(self, seen: str) -> bool:
        """Whether a whole text leads to the end of a pattern."""
        reached = self.starts
        for character in seen:
            stars = self.stars if character == ":" else self.stars | self.stars_in_part
            reached = (reached << 1) & self.places(character) | reached & stars
            if not reached:
                return False
        return bool(reached & self.ends)


def _automaton(patterns: Iterable[Pattern], parts: int) -> _Automaton:
    """Lay patterns out; in all parts but the last one, a wildcard stands for no colon."""
    starts, ends = [], []
    stars: tuple[list[int], list[int]] = ([], [])
    any_one: tuple[list[int], list[int]] = ([], [])
    literal: dict[str, list[int]] = {}
    place = -1
    for pattern in patterns:
        place += 1
        starts.append(place)
        colons = 0
        for piece in pattern:
            for character in piece.characters:
                within = colons < parts - 1
                if piece.wild and character == "*":
                    stars[within].append(place)
                    continue
                place += 1
                if piece.wild and character == "?":
                    any_one[within].append(place)
                else:
                    literal.setdefault(character, []).append(place)
                    colons += character == ":"
        ends.append(place)
    everywhere, in_part = (_bits(places) for places in any_one)

    @lru_cache(_KEPT)
    def places(character: str) -> int:
        wild = everywhere if character == ":" else everywhere | in_part
        return wild | _bits(literal[character]) if character in literal else wild

    return _Automaton(_bits(starts), _bits(ends), _bits(stars[0]), _bits(stars[1]), places)


def _bits(places: Sequence[int]) -> int:
    """A number with these bits set; they are in order."""
    octets = bytearray(places[-1] // 8 + 1 if places else 0)
    for place in places:
        octets[place >> 3] |= 1 << (place & 7)
    return int.from_bytes(octets, "little")


def _only(values: tuple[str, ...], default: str | None) -> str | None:
    if not values:
        return default
    return values[0] if len(values) == 1 else None


def _between_variables(place: str, value: str) -> Pattern:
    if "${" in value:
        raise UserError(f"{place}: {quoted(value)} begins a policy variable that is not closed.")
    return wildcards(value) if value else ()


def _variable(place: str, body: str) -> Text | Variable:
    if body in _ESCAPES:
        return Text(body, wild=False)
    match = _BODY.fullmatch(body)
    if match is None:
        raise UserError(
            f"{place}: {quoted(f'${{{body}}}')} is not a policy variable; "
            "write ${key} or ${key, 'default'}."
        )
    return Variable(match[1], match[2])
