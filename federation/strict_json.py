"""JSON from outside, read strictly: what two readers could understand differently is refused.

The one reader of JSON that this program did not write itself: policies, plans, states, key sets,
discovery documents, parts of tokens, answers. Messages give the position of a mistake and never
quote the text.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any, NoReturn

from federation.errors import UserError
from formats.escaping import quoted

DEEPEST = 100
"""Levels of lists and objects; plans with custom resource definitions have about sixty."""
MOST_VALUES = 5_000_000
"""Values of a document; a plan of 50 MB has two million."""
MOST_DIGITS = 1000
"""Characters of a number."""


class JsonError(UserError):
    """Text that is not JSON, or JSON that is refused.

    Attributes:
        is_syntax: Whether it is not JSON at all.
    """

    def __init__(self, message: str, *, is_syntax: bool = False) -> None:
        self.is_syntax = is_syntax
        super().__init__(message)


def json_object(what: str, text: str) -> dict[str, Any]:
    """Read a JSON object.

    Args:
        what: What the text is, to begin a message with: `The policy`.
        text: The JSON.

    Raises:
        JsonError: The text is not a JSON object, or `json_value` refuses it.
    """
    found = json_value(what, text)
    if not isinstance(found, dict):
        raise JsonError(f"{what} is not a JSON object, {{...}}.")
    return found


def json_value(what: str, text: str) -> Any:
    """Read a JSON document.

    Args:
        what: What the text is, to begin a message with: `The policy`.
        text: The JSON.

    Raises:
        JsonError: The text is not JSON, has the same key twice in one object, a number that JSON
            does not know or that is too long, text that no encoding has, or goes beyond a limit.
    """
    try:
        found = json.loads(
            text,
            object_pairs_hook=_without_duplicates,
            parse_constant=_refuse_constant,
            parse_int=_short_int,
            parse_float=_finite_float,
        )
        _check_size(found)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        # The cause would carry the whole text along.
        raise JsonError(f"{what} is not JSON: {place}: {error.msg}.", is_syntax=True) from None
    except _OddJsonError as error:
        raise JsonError(f"{what} {error}.") from None
    except RecursionError:
        raise JsonError(f"{what} is JSON that is nested more than {DEEPEST} levels deep.") from None
    if _HALF_PAIR.search(text) and _has_half_a_character(found):
        raise JsonError(f"{what} has half of a surrogate pair, which is not a character.")
    return found


_HALF_PAIR = re.compile(r"\\u[dD][89a-fA-F]")
"""What may begin or end a surrogate pair (RFC 8259, section 7)."""


def _has_half_a_character(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False


class _OddJsonError(Exception):
    """Says what is odd, to follow the name of the text."""


def _check_size(value: Any) -> None:
    """Go down level by level, so that nothing recurses into what may be too deep."""
    level, count = [value], 0
    for _ in range(DEEPEST + 1):
        count += len(level)
        if count > MOST_VALUES:
            raise _OddJsonError(f"has more than {MOST_VALUES} values")
        level = [inner for each in level if isinstance(each, dict | list) for inner in _in(each)]
        if not level:
            return
    raise RecursionError


def _in(value: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise _OddJsonError(f"has the key {quoted(_twice(pairs))} twice in one object")
    return members


def _twice(pairs: list[tuple[str, Any]]) -> str:
    [(key, _)] = Counter(key for key, _ in pairs).most_common(1)
    return key


def _short_int(text: str) -> int:
    return int(_short(text))


def _finite_float(text: str) -> float:
    number = float(_short(text))
    if not math.isfinite(number):
        raise _OddJsonError("has a number that is too large")
    return number


def _short(text: str) -> str:
    if len(text) > MOST_DIGITS:
        raise _OddJsonError(f"has a number of more than {MOST_DIGITS} characters")
    return text


def _refuse_constant(name: str) -> NoReturn:
    raise _OddJsonError(f"has the value {name}, which is not JSON")
