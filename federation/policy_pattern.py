"""A value in a `Condition` block as text with wildcards, policy variables and escapes.

Read once from the policy by `federation.policy_condition`, completed with the values of a request,
and compared by the operators of `federation.policy_operators`. Rules: AWS IAM User Guide, "IAM
policy elements: Variables and tags" and "IAM JSON policy elements: Condition operators".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from federation.errors import UserError


@dataclass(frozen=True)
class Character:
    """One character; `*` and `?` stand for others only where `wild`."""

    text: str
    wild: bool


@dataclass(frozen=True)
class Variable:
    """A policy variable, `${key}` or `${key, 'default'}`."""

    key: str
    default: str | None


Pattern = tuple[Character, ...]


@dataclass(frozen=True)
class Template:
    """A value cut at its variables."""

    pieces: tuple[Character | Variable, ...]

    @property
    def variables(self) -> tuple[Variable, ...]:
        """The variables, in the order in which they stand."""
        return tuple(piece for piece in self.pieces if isinstance(piece, Variable))

    def resolve(self, lookup: Callable[[str], tuple[str, ...]]) -> Pattern | None:
        """Put the values of a request in; `None` where a variable has no value.

        Such a value equals nothing ("Policy variables with no value"). A multivalued key is no
        variable, so several values are none. What a variable brings in is never a wildcard.
        """
        resolved: list[Character] = []
        for piece in self.pieces:
            if isinstance(piece, Character):
                resolved.append(piece)
                continue
            text = _only(lookup(piece.key), piece.default)
            if text is None:
                return None
            resolved.extend(Character(character, wild=False) for character in text)
        return tuple(resolved)


def wildcards(value: str) -> Pattern:
    """Read text in which `*` and `?` are wildcards and `${...}` is text like any other."""
    return tuple(Character(character, wild=True) for character in value)


def with_variables(place: str, value: str) -> Template:
    """Read a value with its policy variables and the escapes `${*}`, `${?}` and `${$}`.

    Raises:
        UserError: A variable is not closed, empty, or not of the form that AWS reads.
    """
    pieces: list[Character | Variable] = []
    end = 0
    for match in _VARIABLE.finditer(value):
        pieces += _between_variables(place, value[end : match.start()])
        pieces.append(_variable(place, match[1]))
        end = match.end()
    return Template((*pieces, *_between_variables(place, value[end:])))


def text(pattern: Pattern) -> str:
    """Return the characters of a pattern, wildcards as they are written."""
    return "".join(character.text for character in pattern)


def like(pattern: Pattern, seen: str) -> bool:
    """Whether a whole text matches, `*` being any characters and `?` exactly one.

    The time it takes does not explode with the number of stars.
    """
    head, *rest = _between_stars(pattern)
    if not rest:
        return re.fullmatch(head, seen, re.DOTALL) is not None
    *middle, tail = rest
    # Atomic groups: the leftmost match of what stands between two stars is never worth giving up.
    inner = "".join(f"(?>.*?{piece})" for piece in middle)
    return re.fullmatch(f"{head}{inner}.*{tail}", seen, re.DOTALL) is not None


def arn_like(pattern: Pattern, seen: str) -> bool:
    """Whether an ARN matches, each of its six parts by itself."""
    expected = _arn_parts(pattern)
    actual = seen.split(":", ARN_COLONS)
    return len(actual) == len(expected) and all(map(like, expected, actual))


ARN_COLONS = 5

_VARIABLE = re.compile(r"\$\{([^{}]*)\}")
_BODY = re.compile(r"([^\s,']+)(?:, '([^']*)')?")
_ESCAPES = frozenset("*?$")


def _only(values: tuple[str, ...], default: str | None) -> str | None:
    if not values:
        return default
    return values[0] if len(values) == 1 else None


def _between_variables(place: str, value: str) -> Pattern:
    if "${" in value:
        raise UserError(f"{place}: {value!r} begins a policy variable that is not closed.")
    return wildcards(value)


def _variable(place: str, body: str) -> Character | Variable:
    if body in _ESCAPES:
        return Character(body, wild=False)
    match = _BODY.fullmatch(body)
    if match is None:
        raise UserError(
            f"{place}: '${{{body}}}' is no policy variable; write ${{key}} or ${{key, 'default'}}."
        )
    return Variable(match[1], match[2])


def _between_stars(pattern: Pattern) -> list[str]:
    pieces = [""]
    for character in pattern:
        if character.wild and character.text == "*":
            pieces.append("")
        else:
            anything = character.wild and character.text == "?"
            pieces[-1] += "." if anything else re.escape(character.text)
    return pieces


def _arn_parts(pattern: Pattern) -> list[Pattern]:
    parts: list[Pattern] = []
    start = 0
    for position, character in enumerate(pattern):
        if character.text == ":" and len(parts) < ARN_COLONS:
            parts.append(pattern[start:position])
            start = position + 1
    return [*parts, pattern[start:]]
