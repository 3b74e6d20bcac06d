"""How a policy in IAM differs from the one that the configuration asks for.

Pure: the layer `aws` and the drift ask it about trust policies, which people edit by hand.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple


class PolicyDifference(NamedTuple):
    """A place in which two policies differ, with the JSON that is there and that is expected."""

    place: str
    seen: str
    expected: str


def differences(seen: Any, expected: Any, place: str = "") -> Iterator[PolicyDifference]:
    """Each place in which two policies differ.

    `Sid` and `Version` do not count, nor does the order in a list, nor whether a single value
    stands in one.
    """
    if _comparable(seen) == _comparable(expected):
        return
    if isinstance(seen, dict) and isinstance(expected, dict):
        for key in dict.fromkeys((*expected, *seen)):
            if key not in _IGNORED:
                where = f"{place}.{key}" if place else key
                yield from differences(seen.get(key), expected.get(key), where)
    elif isinstance(seen, list) and isinstance(expected, list) and len(seen) == len(expected):
        for index, (one, other) in enumerate(zip(seen, expected, strict=True)):
            yield from differences(one, other, f"{place}[{index}]")
    else:
        yield PolicyDifference(place, _text(seen), _text(expected))


_IGNORED = ("Sid", "Version")


def _text(value: Any) -> str:
    return "nothing" if value is None else json.dumps(value)


def _comparable(value: Any) -> frozenset[Any]:
    """A form in which equal values are equal: each is a set, of one thing or of several."""
    return frozenset(map(_hashable, value if isinstance(value, list) else [value]))


def _hashable(value: Any) -> Any:
    if isinstance(value, dict):
        members = ((key, _comparable(each)) for key, each in value.items() if key not in _IGNORED)
        return frozenset(members)
    return _comparable(value) if isinstance(value, list) else value
