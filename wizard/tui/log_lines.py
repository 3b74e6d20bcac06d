"""The lines of a log that are kept for looking at; the log file has all of them."""

from __future__ import annotations

from collections.abc import Iterator

MOST = 50_000
"""So many lines are kept at most; of more the first half goes."""

WIDEST = 2_000
"""Characters that are kept of a line."""


class LogLines:
    """Lines in their order; what is appended may push out what is old.

    Attributes:
        dropped: How many lines were pushed out.
    """

    def __init__(self) -> None:
        self.dropped = 0
        self._lines: list[str] = []

    def __len__(self) -> int:
        return len(self._lines)

    def __getitem__(self, at: int) -> str:
        return self._lines[at]

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines)

    def append(self, line: str) -> None:
        """Keep one line more."""
        if len(self._lines) >= MOST:
            half = MOST // 2
            del self._lines[:half]
            self.dropped += half
        self._lines.append(line if len(line) <= WIDEST else f"{line[:WIDEST]}…")

    def find(self, word: str, start: int, by: int) -> int | None:
        """The next line with a word, without regard to case, going round at the end.

        Args:
            word: What to look for; an empty one is nowhere.
            start: The line to begin behind, or before where `by` is -1.
            by: 1 looks down, -1 up.
        """
        count = len(self._lines)
        wanted = word.casefold()
        if not wanted:
            return None
        for step in range(1, count + 1):
            at = (start + by * step) % count
            if wanted in self._lines[at].casefold():
                return at
        return None
