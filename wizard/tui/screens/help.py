"""What F1 shows: what a step is for, and all its keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
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
        width = max((len(key) for key, _ in self._keys), default=0)
        keys = [
            Content.assemble((f"{key.rjust(width)}  ", "bold"), what) for key, what in self._keys
        ]
        with Vertical(classes="dialog help") as dialog:
            dialog.border_title = self._title
            dialog.border_subtitle = "Escape closes"
            with VerticalScroll():
                yield Static(unwrapped(self._text), markup=False)
                yield Static(Content("\n").join([Content("\nKeys"), *keys]))


def unwrapped(text: str) -> str:
    """A text whose paragraphs are one line each; a table (two blanks in each row) stays."""
    return "\n\n".join(
        paragraph
        if all("  " in line for line in paragraph.splitlines())
        else " ".join(paragraph.split("\n"))
        for paragraph in text.split("\n\n")
    )
