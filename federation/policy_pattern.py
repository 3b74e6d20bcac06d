"""A value in a `Condition` block as text with wildcards, policy variables and escapes.

Read once from the policy by `federation.policy_condition`, completed with the values of a request,
and compared by the operators of `federation.policy_operators`. Rules: AWS IAM User Guide, "IAM
policy elements: Variables and tags" and "IAM JSON policy elements: Condition operators".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from federation.errors import UserError
from federation.quoting import quoted


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

        Such a value equals nothing ("Policy variables with no value"). A multivalued key is no
        variable, so several values are none. What a variable brings in is never a wildcard.
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
    return _fit(_between_stars(pattern), seen)


def like_any(patterns: Iterable[Pattern]) -> Callable[[str], bool]:
    """Make the test whether a text is like any of some patterns, of which there may be thousands.

    Those are tried that begin as the text does.
    """
    by_start: dict[str, list[_Pieces]] = {}
    for pattern in patterns:
        pieces = _between_stars(pattern)
        by_start.setdefault(pieces[0].texts[0], []).append(pieces)
    lengths = {len(start) for start in by_start}

    def test(seen: str) -> bool:
        near = (by_start.get(seen[:length], ()) for length in lengths)
        return any(_fit(pieces, seen) for some in near for pieces in some)

    return test


def has_wildcard(pattern: Pattern) -> bool:
    """Whether more than one text may match."""
    return any(piece.wild and _WILDCARDS.search(piece.characters) for piece in pattern)


def arn_like_any(patterns: Iterable[Pattern]) -> Callable[[str], bool]:
    """Make the test whether an ARN is like any of some, each of its six parts by itself."""
    expected = [tuple(map(_between_stars, _arn_parts(pattern))) for pattern in patterns]

    def test(seen: str) -> bool:
        parts = seen.split(":", ARN_COLONS)
        return len(parts) > ARN_COLONS and any(
            len(one) == len(parts) and all(map(_fit, one, parts)) for one in expected
        )

    return test


ARN_COLONS = 5

_VARIABLE = re.compile(r"\$\{([^{}]*)\}")
_BODY = re.compile(r"([^\s,']+)(?:, '([^']*)')?")
_ESCAPES = frozenset("*?$")
_WILDCARDS = re.compile("([*?])")


@dataclass(frozen=True)
class _Piece:
    """What stands between two stars: texts, with one character of any kind between each two."""

    texts: tuple[str, ...]
    length: int

    def is_at(self, place: int, seen: str) -> bool:
        """Whether it stands at a place of a text that is long enough."""
        for one in self.texts:
            if not seen.startswith(one, place):
                return False
            place += len(one) + 1
        return True

    def end_in(self, seen: str, start: int, end: int) -> int:
        """Where it ends when it stands as far to the left as it can; -1 where it does not."""
        if len(self.texts) == 1:
            found = seen.find(self.texts[0], start, end)
            return found if found < 0 else found + self.length
        if self.length > end - start:
            return -1
        match = re.compile(".".join(map(re.escape, self.texts)), re.DOTALL).search(seen, start, end)
        return match.end() if match else -1


_Pieces = tuple[_Piece, ...]


def _fit(pieces: _Pieces, seen: str) -> bool:
    """Whether pieces, with anything between them, make up a whole text.

    The leftmost place of a piece is never worth giving up, so that the time it takes does not
    explode with the number of stars.
    """
    head, *rest = pieces
    if not rest:
        return head.length == len(seen) and head.is_at(0, seen)
    *middle, tail = rest
    start, end = head.length, len(seen) - tail.length
    if start > end or not head.is_at(0, seen) or not tail.is_at(end, seen):
        return False
    for piece in middle:
        start = piece.end_in(seen, start, end)
        if start < 0:
            return False
    return True


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
            f"{place}: {quoted(f'${{{body}}}')} is no policy variable; "
            "write ${key} or ${key, 'default'}."
        )
    return Variable(match[1], match[2])


def _between_stars(pattern: Pattern) -> _Pieces:
    pieces = [[""]]
    for piece in pattern:
        parts = _WILDCARDS.split(piece.characters) if piece.wild else [piece.characters]
        pieces[-1][-1] += parts[0]
        for wildcard, following in zip(parts[1::2], parts[2::2], strict=True):
            if wildcard == "?":
                pieces[-1].append(following)
            else:
                pieces.append([following])
    return tuple(_Piece(tuple(one), len("?".join(one))) for one in pieces)


def _arn_parts(pattern: Pattern) -> list[Pattern]:
    parts: list[Pattern] = [()]
    for piece in pattern:
        first, *others = piece.characters.split(":", ARN_COLONS + 1 - len(parts))
        parts[-1] += (Text(first, piece.wild),)
        parts += [(Text(one, piece.wild),) for one in others]
    return parts
