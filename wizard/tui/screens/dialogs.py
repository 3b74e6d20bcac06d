"""Questions that come in between: what to do, whether to do it, what happened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static


class Ask(ModalScreen[str]):
    """Shows a text and answers that are buttons; Escape gives an empty text."""

    BINDINGS: ClassVar = [
        Binding("escape", "dismiss('')", "Cancel", show=False),
        Binding("left,up", "app.focus_previous", "Previous", show=False),
        Binding("right,down", "app.focus_next", "Next", show=False),
    ]

    def __init__(self, title: str, text: str, answers: Sequence[tuple[str, str]]) -> None:
        """Make the question.

        Args:
            title: What it is about.
            text: What there is to know.
            answers: For each button what it stands for and what is on it; the first has the focus.
        """
        super().__init__()
        self._title = title
        self._text = text
        self._answers = answers

    def compose(self) -> ComposeResult:
        """The text above the buttons."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = self._title
            with VerticalScroll(can_focus=False):
                yield Static(self._text, markup=False)
            with Horizontal(classes="buttons"):
                for answer, label in self._answers:
                    yield Button(label, name=answer, compact=True)

    @on(Button.Pressed)
    def _answered(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.name or "")


class Typed(ModalScreen[bool]):
    """Asks for a word, so that nobody agrees by accident."""

    BINDINGS: ClassVar = [Binding("escape", "dismiss(False)", "Cancel", show=False)]

    def __init__(self, title: str, text: str, word: str) -> None:
        super().__init__()
        self._title = title
        self._text = text
        self._word = word

    def compose(self) -> ComposeResult:
        """The text above the field."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = self._title
            with VerticalScroll(can_focus=False):
                yield Static(self._text, markup=False)
            yield Input(placeholder=f"Type {self._word}, then Enter; Escape cancels", compact=True)
            yield Static("", classes="error", markup=False)

    @on(Input.Submitted)
    def _typed(self, event: Input.Submitted) -> None:
        if event.value.strip() == self._word:
            self.dismiss(True)
        else:
            self.query_one(".error", Static).update(f"✗ That is not {self._word}.")


class Asked(ModalScreen[str]):
    """Asks for a text; Escape gives an empty text."""

    BINDINGS: ClassVar = [Binding("escape", "dismiss('')", "Cancel", show=False)]

    def __init__(self, title: str, text: str, value: str) -> None:
        super().__init__()
        self._title = title
        self._text = text
        self._value = value

    def compose(self) -> ComposeResult:
        """The text above the field."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = self._title
            yield Static(self._text, markup=False)
            yield Input(self._value, compact=True)

    @on(Input.Submitted)
    def _given(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip())
