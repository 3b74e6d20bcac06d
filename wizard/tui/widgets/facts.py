"""What follows from the answers, as rows of a name and a value."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Static

from wizard.tui.preview import PreviewRow

UNKNOWN = "…"


class Facts(VerticalScroll):
    """Shows facts, which keep their number and names."""

    def __init__(self, facts: Sequence[PreviewRow], *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._facts = tuple(facts)
        self._values = [Static(_value(fact), classes="value", markup=False) for fact in facts]

    def compose(self) -> ComposeResult:
        """A row for each fact."""
        for fact, value in zip(self._facts, self._values, strict=True):
            with Horizontal(classes="fact"):
                yield Static(fact.label, classes="label", markup=False)
                yield value

    def show(self, facts: Sequence[PreviewRow]) -> None:
        """Show these facts."""
        for before, fact, value in zip(self._facts, facts, self._values, strict=True):
            if fact != before:
                value.update(_value(fact))
        self._facts = tuple(facts)


def _value(fact: PreviewRow) -> str:
    return UNKNOWN if fact.value is None else fact.value
