"""How messages quote what a person wrote."""

from __future__ import annotations

LONGEST = 300
"""Characters of a text that are quoted; enough for every value that a rule may let through."""


def quoted(value: str) -> str:
    """A text in quotes, on one line, and cut where it is very long."""
    if len(value) <= LONGEST:
        return repr(value)
    return f"{value[:60]!r}... ({len(value)} characters)"


def printable(text: str) -> str:
    """A text in which what does not print, line ends included, is an escape."""
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )
