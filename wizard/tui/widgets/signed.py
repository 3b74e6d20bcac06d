"""A text behind a sign, whose further lines begin where the first one does."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static


class Signed(Horizontal):
    """Shows a sign, and beside it a text that wraps by itself."""

    def __init__(self, sign: str, text: Content, *, classes: str = "") -> None:
        super().__init__(classes=f"signed {classes}")
        self._sign = sign
        self._text = text

    def compose(self) -> ComposeResult:
        """The sign and the text."""
        yield Static(self._sign, classes="sign", markup=False)
        yield Static(self._text, classes="text")
