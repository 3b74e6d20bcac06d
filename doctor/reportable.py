"""What may stand in a finding or in a difference, wherever it comes from."""

from __future__ import annotations

from federation.secrets import masked
from formats.escaping import printable

LONGEST_TEXT = 8_000
"""Characters of a text of a finding, such as two whole trust policies; the rest is cut."""

_READ = 4 * LONGEST_TEXT


def reportable(text: str) -> str:
    """The text on one line and not endless; no secret in it is whole, and nothing in it acts."""
    safe = printable(masked(text[:_READ]))
    return safe if len(safe) <= LONGEST_TEXT else f"{safe[:LONGEST_TEXT]}..."
