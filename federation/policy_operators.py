"""What each condition operator of the IAM policy language compares, and how.

A table of pure comparisons between a value of the policy and one of the request, used by
`federation.policy_condition`. Source: AWS IAM User Guide, "IAM JSON policy elements: Condition
operators"; `Null` is there and not here, since it compares no value.
"""

import base64
import binascii
import ipaddress
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar

from federation.policy_pattern import ARN_COLONS, Pattern, arn_like, like, text

Match = Callable[[Pattern, str], bool]
_T = TypeVar("_T", Decimal, datetime)


@dataclass(frozen=True)
class Operator:
    """A condition operator.

    Attributes:
        match: Whether a value of the policy and one of the request match.
        accepts: Whether the operator can compare with a value of the policy at all.
        expects: What it can compare with, for messages.
        negated: Whether the operator asks for values that do not match.
        variables: Whether its values may contain policy variables.
    """

    match: Match
    accepts: Callable[[str], bool] = lambda _value: True
    expects: str = "text"
    negated: bool = False
    variables: bool = False


def _equal(pattern: Pattern, seen: str) -> bool:
    return text(pattern) == seen


def _equal_ignoring_case(pattern: Pattern, seen: str) -> bool:
    # Case folding would go further, and take 'ß' for 'ss'.
    return text(pattern).lower() == seen.lower()


_NUMBER = re.compile(r"[+-]?\d{1,30}(\.\d{1,30})?", re.ASCII)


def _number(value: str) -> Decimal | None:
    return Decimal(value) if _NUMBER.fullmatch(value) else None


def _moment(value: str) -> datetime | None:
    """Read seconds since the epoch or ISO 8601, in UTC where no zone is named."""
    try:
        if value.isascii() and value.isdigit():
            return datetime.fromtimestamp(int(value), UTC)
        moment = datetime.fromisoformat(value)
    except (ValueError, OverflowError, OSError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _network(value: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(value, strict=False)
    except ValueError:
        return None


def _within(pattern: Pattern, seen: str) -> bool:
    network, address = _network(text(pattern)), _network(seen)
    if network is None or address is None:
        return False
    return address.network_address in network


def _bytes(value: str) -> bytes | None:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return None


def _same_bytes(pattern: Pattern, seen: str) -> bool:
    return _bytes(text(pattern)) == seen.encode()


def _ordered(read: Callable[[str], _T | None], compare: Callable[[_T, _T], bool]) -> Match:
    def match(pattern: Pattern, seen: str) -> bool:
        expected, actual = read(text(pattern)), read(seen)
        return expected is not None and actual is not None and compare(actual, expected)

    return match


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
        name + order: Operator(_ordered(read, compare), lambda v: read(v) is not None, expects)
        for order, compare in _ORDERS.items()
    }
    return members | {f"{name}NotEquals": replace(members[f"{name}Equals"], negated=True)}


def _with_negation(name: str, negation: str, positive: Operator) -> dict[str, Operator]:
    return {name: positive, negation: replace(positive, negated=True)}


_ARN = Operator(
    arn_like, lambda v: v.count(":") >= ARN_COLONS, "an ARN of six parts", variables=True
)
_IP = Operator(_within, lambda v: _network(v) is not None, "an IP address or a CIDR block")
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
    **_with_negation("StringLike", "StringNotLike", Operator(like, variables=True)),
    **_family("Numeric", _number, "a number"),
    **_family("Date", _moment, "a date (ISO 8601, or seconds since the epoch)"),
    "Bool": _BOOL,
    "BinaryEquals": Operator(_same_bytes, lambda v: _bytes(v) is not None, "base64"),
    **_with_negation("IpAddress", "NotIpAddress", _IP),
    # The two spellings behave identically.
    **_with_negation("ArnEquals", "ArnNotEquals", _ARN),
    **_with_negation("ArnLike", "ArnNotLike", _ARN),
}
