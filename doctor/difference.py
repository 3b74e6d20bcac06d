"""How two issuers differ, which must be equal byte for byte.

Pure: layers ask it about what a document, a token or IAM names.
"""

from __future__ import annotations

from collections.abc import Callable

from doctor.finding import Finding, Rule
from formats.escaping import quoted


def compare_issuers(rule: Rule, seen: object, expected: str, about: str = "") -> Finding:
    """The finding of a rule that wants an issuer to be the expected one."""
    if seen == expected:
        return rule.passed(quoted(seen), about)
    return rule.failed(f"{quoted(seen)}: {difference(seen, expected)}", quoted(expected), about)


def difference(seen: object, expected: str) -> str:
    """How an issuer differs from the expected one, pointed out where it is a detail."""
    if not isinstance(seen, str):
        return "not text"
    return detail_apart(seen, expected) or "another issuer"


def detail_apart(seen: str, expected: str) -> str:
    """The detail in which two issuers differ; empty where they are not the same without it.

    Both are given alike, with `https://` or without.
    """
    for detail, without in _DETAILS:
        if without(seen) == without(expected):
            return f"it differs by {detail}"
    return ""


def _without_scheme(issuer: str) -> str:
    return issuer.rpartition("://")[2]


def _without_port(issuer: str) -> str:
    scheme, mark, rest = issuer.rpartition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{mark}{host.partition(':')[0]}{slash}{path}"


_DETAILS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("a slash at the end", lambda issuer: issuer.rstrip("/")),
    ("capital letters", str.lower),
    ("the scheme", _without_scheme),
    ("the port", _without_port),
    ("white space", str.strip),
)
