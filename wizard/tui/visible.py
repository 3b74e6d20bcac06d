"""The last gate before the terminal: no character that acts on it leaves the app.

Texts are escaped where they come in, which shows what is in them; this holds for each that is not.
"""

from __future__ import annotations

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from formats.escaping import acts


class OnlyVisible(LineFilter):
    """Puts a replacement character, as wide, in the place of each character that acts."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same line, of the same width."""
        return [
            Segment(_visible(each.text), each.style, each.control) if acts(each.text) else each
            for each in segments
        ]


def _visible(text: str) -> str:
    return "".join(
        "\N{REPLACEMENT CHARACTER}" * cell_len(each) if acts(each) else each for each in text
    )
