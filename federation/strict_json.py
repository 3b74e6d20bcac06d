"""JSON from outside, read strictly: what two readers could understand differently is refused.

Policies, claims and parts of tokens come through here on their way to `federation.policy_document`
and `federation.token`. Messages give the position of a mistake and never quote the text.
"""

import json
import re
from typing import Any, NoReturn

from federation.errors import UserError


def json_object(what: str, text: str) -> dict[str, Any]:
    """Read a JSON object.

    Args:
        what: What the text is, to begin a message with: `The policy`.
        text: The JSON.

    Raises:
        UserError: The text is no JSON object, has the same key twice in one object, a number that
            JSON does not know, or text that no encoding has.
    """
    try:
        value = json.loads(
            text, object_pairs_hook=_without_duplicates, parse_constant=_refuse_constant
        )
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        # The cause would carry the whole text along.
        raise UserError(f"{what} is not JSON: {place}: {error.msg}.") from None
    except _OddJsonError as error:
        raise UserError(f"{what} {error}.") from None
    except (RecursionError, ValueError):
        raise UserError(f"{what} is JSON too deep, or with a number too long, to read.") from None
    if not isinstance(value, dict):
        raise UserError(f"{what} is not a JSON object, {{...}}.")
    if _HALF_PAIR.search(text) and _has_half_a_character(value):
        raise UserError(f"{what} has half of a surrogate pair, which is no character.")
    return value


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


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for key, value in pairs:
        if key in members:
            raise _OddJsonError(f"has the key {key!r} twice in one object")
        members[key] = value
    return members


def _refuse_constant(name: str) -> NoReturn:
    raise _OddJsonError(f"has the value {name}, which is not JSON")
