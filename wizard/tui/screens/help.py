"""What F1 shows: what a step is for, and all its keys."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar

from rich.console import Group
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static


class Help(ModalScreen[None]):
    """A text and a table of keys over the step."""

    BINDINGS: ClassVar = [Binding("escape,f1,q,enter", "dismiss", "Close", show=False)]

    def __init__(self, title: str, text: str, keys: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._title = title
        self._text = text
        self._keys = keys

    def compose(self) -> ComposeResult:
        """The text above the keys."""
        with Vertical(classes="dialog help") as dialog:
            dialog.border_title = self._title
            dialog.border_subtitle = "Escape closes"
            with VerticalScroll():
                for paragraph in self._text.split("\n\n"):
                    yield Static(_paragraph(paragraph), classes="paragraph", markup=False)
                keys = Table.grid(padding=(0, 2))
                keys.add_column(justify="right", style="bold")
                for key, what in self._keys:
                    keys.add_row(Text(key), Text(what))
                yield Static(Group(Text("Keys"), keys))


def rows(paragraph: str) -> list[tuple[str, str]]:
    """The rows of a table whose two columns are two blanks or more apart; none for other text.

    A line that begins with blanks goes on with the row above.
    """
    found: list[tuple[str, str]] = []
    for line in paragraph.splitlines():
        name, *text = re.split(" {2,}", line, maxsplit=1)
        if not text:
            return []
        if not name and found:
            name, before = found.pop()
            text.insert(0, before)
        found.append((name, " ".join(text)))
    return found


def _paragraph(paragraph: str) -> str | Table:
    table = Table.grid(padding=(0, 2))
    for name, text in rows(paragraph):
        table.add_row(Text(name), Text(text))
    return table if table.row_count else " ".join(paragraph.splitlines())
