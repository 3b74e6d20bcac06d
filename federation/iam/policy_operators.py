"""What each condition operator of the IAM policy language compares, and how.

A table of pure comparisons between a value of the policy and one of the request, used by
`federation.iam.policy_condition`. Source: AWS IAM User Guide, "IAM JSON policy elements: Condition
operators"; `Null` is there and not here, since it compares no value.
"""

import base64
import binascii
import ipaddress
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from federation.iam.policy_pattern import ARN_COLONS, Pattern, arn_like_any, like_any, text

Test = Callable[[str], bool]
"""Whether a value of the request matches any of some values of the policy."""

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True)
class Operator:
    """A condition operator.

    Attributes:
        among: Makes the test for some values of the policy; each of them is read once.
        accepts: Whether the operator can compare with a value of the policy at all.
        expects: What it can compare with, for messages.
        negated: Whether the operator asks for values that do not match.
        variables: Whether its values may contain policy variables.
    """

    among: Callable[[Sequence[Pattern]], Test]
    accepts: Callable[[str], bool] = lambda _value: True
    expects: str = "text"
    negated: bool = False
    variables: bool = False


def _equal(patterns: Sequence[Pattern]) -> Test:
    return frozenset(map(text, patterns)).__contains__


def _equal_ignoring_case(patterns: Sequence[Pattern]) -> Test:
    # Case folding would go further, and take 'ß' for 'ss'.
    expected = {text(pattern).lower() for pattern in patterns}
    return lambda seen: seen.lower() in expected


_NUMBER = re.compile(r"[+-]?\d{1,30}(\.\d{1,30})?", re.ASCII)


def _number(value: str) -> Decimal | None:
    return Decimal(value) if _NUMBER.fullmatch(value) else None


_W3C_DATE = re.compile(
    r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?", re.ASCII
)


def _moment(value: str) -> datetime | None:
    """Read seconds since the epoch or a date in the form of the W3C, in UTC where no zone is named.

    Four digits are none: one reader would take them for a year, another one for seconds.
    """
    try:
        if value.isascii() and value.isdigit() and len(value) != len("2030"):
            return datetime.fromtimestamp(int(value), UTC)
        moment = datetime.fromisoformat(value) if _W3C_DATE.fullmatch(value) else None
    except (ValueError, OverflowError, OSError):
        return None
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)


_CIDR = re.compile(r"[0-9A-Fa-f.:]+(/\d{1,3})?", re.ASCII)


def _network(value: str) -> _Network | None:
    """Read an address or a CIDR block, not what else Python reads: netmasks, and zones of IPv6."""
    try:
        return ipaddress.ip_network(value, strict=False) if _CIDR.fullmatch(value) else None
    except ValueError:
        return None


def _within(address: _Network, network: _Network) -> bool:
    return address.network_address in network


def _bytes(value: str) -> bytes | None:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return None


def _same_bytes(patterns: Sequence[Pattern]) -> Test:
    expected = {_bytes(text(pattern)) for pattern in patterns}
    return lambda seen: seen.encode() in expected


def _compared(
    read: Callable[[str], Any], compare: Callable[[Any, Any], bool]
) -> Callable[[Sequence[Pattern]], Test]:
    """What makes a test out of a comparison of the request's value with the policy's."""

    def among(patterns: Sequence[Pattern]) -> Test:
        expected = [one for one in map(read, map(text, patterns)) if one is not None]

        def test(seen: str) -> bool:
            actual = read(seen)
            return actual is not None and any(compare(actual, one) for one in expected)

        return test

    return among


_ORDERS: Mapping[str, Callable[[Any, Any], bool]] = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "LessThanEquals": operator.le,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
}


def _family(name: str, read: Callable[[str], Any], expects: str) -> dict[str, Operator]:
    """Make the operators that compare by size, such as `NumericLessThan`."""
    members = {
        name + order: Operator(_compared(read, compare), lambda v: read(v) is not None, expects)
        for order, compare in _ORDERS.items()
    }
    return members | {f"{name}NotEquals": replace(members[f"{name}Equals"], negated=True)}


def _with_negation(name: str, negation: str, positive: Operator) -> dict[str, Operator]:
    return {name: positive, negation: replace(positive, negated=True)}


_DATES = "a date (as 2030-12-31 or 2030-12-31T23:59:59Z, or seconds since the epoch)"
_ARN = Operator(
    arn_like_any, lambda v: v.count(":") >= ARN_COLONS, "an ARN of six parts", variables=True
)
_IP = Operator(
    _compared(_network, _within),
    lambda v: _network(v) is not None,
    "an IP address or a CIDR block",
)
_BOOL = Operator(
    _equal_ignoring_case, lambda v: v.lower() in ("true", "false"), "'true' or 'false'"
)

OPERATORS: Mapping[str, Operator] = {
    **_with_negation("StringEquals", "StringNotEquals", Operator(_equal, variables=True)),
    **_with_negation(
        "StringEqualsIgnoreCase",
        "StringNotEqualsIgnoreCase",
        Operator(_equal_ignoring_case, variables=True),
    ),
    **_with_negation("StringLike", "StringNotLike", Operator(like_any, variables=True)),
    **_family("Numeric", _number, "a number"),
    **_family("Date", _moment, _DATES),
    "Bool": _BOOL,
    "BinaryEquals": Operator(_same_bytes, lambda v: _bytes(v) is not None, "base64"),
    **_with_negation("IpAddress", "NotIpAddress", _IP),
    # The two spellings behave identically.
    **_with_negation("ArnEquals", "ArnNotEquals", _ARN),
    **_with_negation("ArnLike", "ArnNotLike", _ARN),
}
