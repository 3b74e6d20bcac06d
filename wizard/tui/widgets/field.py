"""One question of a form: its label, an editor that fits its kind, and what is wrong below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Label, Static

from wizard.questions import Question
from wizard.tui.widgets.editors import ChoiceEditor, Edited, Editor, LineEditor, LinesEditor


class Field(Vertical):
    """Shows one question and the answer to it."""

    @dataclass
    class Answered(Message):
        """A person changed the answer."""

        field: Field
        text: str

    @dataclass
    class Entered(Message):
        """The field has got the focus."""

        field: Field

    @dataclass
    class Left(Message):
        """The field has lost the focus."""

        field: Field

    def __init__(
        self, question: Question, text: str, default: str, suggestions: Sequence[str] = ()
    ) -> None:
        super().__init__(id=f"field-{question.key.replace('.', '-')}", classes="field")
        self.question = question
        self.editor: Editor = _editor(question, text, default, suggestions)
        self._problem = ""
        self._error = Static(classes="error", markup=False)

    def compose(self) -> ComposeResult:
        """The label beside the editor, and the error under both."""
        with Horizontal(classes="answer"):
            yield Label(self.question.label, classes="label", markup=False)
            yield self.editor
        yield self._error

    @property
    def problem(self) -> str:
        """What is wrong with the answer; empty where nothing is."""
        return self._problem

    @problem.setter
    def problem(self, text: str) -> None:
        self._problem = text
        self._error.update(f"✗ {text}" if text else "")
        self.set_class(bool(text), "-wrong")

    def focus_editor(self) -> None:
        """Let the person answer."""
        self.editor.focus()

    def on_descendant_focus(self, _: events.DescendantFocus) -> None:
        """Tell the form."""
        self.add_class("-focused")
        self.post_message(self.Entered(self))

    def on_descendant_blur(self, _: events.DescendantBlur) -> None:
        """Tell the form."""
        self.remove_class("-focused")
        self.post_message(self.Left(self))

    @on(Edited)
    def _edited(self, event: Edited) -> None:
        event.stop()
        self.post_message(self.Answered(self, event.value))


def _editor(question: Question, text: str, default: str, suggestions: Sequence[str]) -> Editor:
    match question.kind:
        case "choice":
            return ChoiceEditor(question.choices, text, default)
        case "flag":
            return ChoiceEditor(("no", "yes"), text, default)
        case "list" | "tags":
            return LinesEditor(text, default)
        case _:
            return LineEditor(text, default, suggestions)
