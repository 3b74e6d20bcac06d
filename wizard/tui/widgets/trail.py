"""The line on top: the steps of the way, where one is on it, and what runs meanwhile."""

from __future__ import annotations

from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Static

STEPS = ("Start", "Questions", "Review", "Plan", "Deploy", "Done")


class Trail(Horizontal):
    """Shows the steps; those before the present one can be clicked on to go back."""

    @dataclass
    class Chosen(Message):
        """A person clicked on an earlier step."""

        step: str

    def __init__(self, step: str, about: str = "") -> None:
        super().__init__()
        self._at = STEPS.index(step)
        self._about = Static(about, id="about", markup=False)
        self._meanwhile = Static("", id="meanwhile", markup=False)

    def compose(self) -> ComposeResult:
        """All steps; narrow terminals show the present one alone."""
        yield Static("oidc-iam", id="brand")
        for at, step in enumerate(STEPS):
            yield _Step(at, step, _place(at, self._at))
        yield self._about
        yield self._meanwhile

    def tell(self, about: str) -> None:
        """Tell what it is about."""
        if str(self._about.content) != about:
            self._about.update(about)

    def say(self, text: str) -> None:
        """Say what runs meanwhile."""
        if str(self._meanwhile.content) != text:
            self._meanwhile.update(text)


class _Step(Static):
    def __init__(self, at: int, step: str, place: str) -> None:
        super().__init__(f"{at + 1} {step}", classes=f"step -{place}", markup=False)
        self._step = step

    def on_click(self) -> None:
        if self.has_class("-before"):
            self.post_message(Trail.Chosen(self._step))


def _place(at: int, now: int) -> str:
    return "before" if at < now else "now" if at == now else "after"
