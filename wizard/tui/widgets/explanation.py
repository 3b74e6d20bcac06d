"""What the field in focus is for."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from wizard.questions import Question


class Explanation(VerticalScroll, can_focus=False):
    """A few lines about one question, beside or below the form."""

    def compose(self) -> ComposeResult:
        """One text."""
        yield Static(markup=False)

    def explain(self, question: Question) -> None:
        """Show what a question is about."""
        self.say(question.label, question.help)

    def say(self, title: str, text: str) -> None:
        """Show a text under a title."""
        self.border_title = title
        self.query_one(Static).update(text)
        self.scroll_home(animate=False)
