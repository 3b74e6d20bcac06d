"""Text from outside, made safe to print: nothing in it acts on a terminal or hides in a report."""

from __future__ import annotations

from federation.token import without_tokens

LONGEST = 300
"""Characters of a quotation; the rest is cut."""

LONGEST_TEXT = 8_000
"""Characters of a text of a finding, such as two whole trust policies; the rest is cut."""


def reportable(text: str) -> str:
    """A text as it may stand in a report, wherever it comes from.

    It is on one line and not endless, no token in it is whole, and nothing in it acts on a terminal
    or on a pipeline (Azure Pipelines and GitHub run `##[...]` and `##vso[...]` amid a line).
    """
    safe = ascii_safe(without_tokens(text[:_READ])).replace("##", "#\\x23")
    return safe if len(safe) <= LONGEST_TEXT else f"{safe[:LONGEST_TEXT]}..."


def shown(value: object) -> str:
    """A value from outside, quoted, on one line and cut where it is long.

    Control characters, escape sequences and marks that turn the direction of text come out as
    Python escapes.
    """
    text = value if isinstance(value, str) else str(value)
    return ascii_safe(repr(text if len(text) <= LONGEST else text[:LONGEST] + "..."))


def ascii_safe(text: str) -> str:
    """The text with each character that does not print, line ends included, as an escape."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )


def listed(values: object) -> str:
    """Several values from outside, quoted and sorted as given; `none` where there are none."""
    items = list(values) if isinstance(values, list | tuple | set | frozenset) else [values]
    return ", ".join(shown(item) for item in items[:_MOST]) + _rest(items) if items else "none"


_MOST = 10
_READ = 4 * LONGEST_TEXT


def _rest(items: list[object]) -> str:
    return f" and {len(items) - _MOST} more" if len(items) > _MOST else ""
