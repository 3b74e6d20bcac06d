"""Several questions, answered from top to bottom; tells what a field means while it is in focus.

The form shows and changes answers in the draft that it is given, and posts each next draft. Which
answers are wrong is the draft's business; a field shows it once it has been left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.message import Message

from wizard.questions import Question
from wizard.tui import preview
from wizard.tui.draft import Draft
from wizard.tui.widgets.editors import Submitted
from wizard.tui.widgets.field import Field


class Form(VerticalScroll, can_focus=False):
    """The fields of some questions."""

    BINDINGS: ClassVar = [
        Binding("down", "next_field", "Next field", show=False),
        Binding("up", "previous_field", "Previous field", show=False),
    ]

    @dataclass
    class DraftChanged(Message):
        """A person changed an answer; `draft` has it."""

        form: Form
        draft: Draft

    @dataclass
    class Explained(Message):
        """Another field is in focus."""

        question: Question

    @dataclass
    class Completed(Message):
        """Enter was pressed in the last field."""

        form: Form

    def __init__(
        self,
        questions: Sequence[Question],
        draft: Draft,
        suggestions: Mapping[str, Sequence[str]],
        *,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(id=id)
        self._draft = draft
        self._left: set[str] = set()
        self._questions = tuple(questions)
        defaults = preview.defaults(draft, self._questions)
        self._fields = {
            question.key: Field(
                question,
                draft.answer(question.key),
                defaults[question.key],
                suggestions.get(question.key, ()),
            )
            for question in questions
        }

    def compose(self) -> ComposeResult:
        """The fields in the order of the questions."""
        yield from self._fields.values()

    @property
    def keys(self) -> tuple[str, ...]:
        """The questions that are asked here."""
        return tuple(self._fields)

    def show(self, draft: Draft) -> None:
        """Show another draft, which was changed elsewhere."""
        self._draft = draft
        defaults = preview.defaults(draft, self._questions)
        for key, field in self._fields.items():
            field.editor.default = defaults[key]
            if field.editor.value != draft.answer(key):
                with self.app.prevent(Field.Answered):
                    field.editor.value = draft.answer(key)

    def enter(self, key: str) -> None:
        """Put the focus on a question, whose problem is shown."""
        self._left.add(key)
        self._show_problems()
        self._fields[key].focus_editor()

    def enter_first(self) -> None:
        """Put the focus on the first question."""
        next(iter(self._fields.values())).focus_editor()

    def reveal(self) -> None:
        """Show what is wrong in fields that were not left yet, too."""
        self._left.update(self._fields)
        self._show_problems()

    def action_next_field(self) -> None:
        """Go to the next field."""
        self.screen.focus_next(".field *")

    def action_previous_field(self) -> None:
        """Go to the field before."""
        self.screen.focus_previous(".field *")

    @on(Field.Answered)
    def _changed(self, event: Field.Answered) -> None:
        event.stop()
        key = event.field.question.key
        if self._draft.answer(key) == event.text:
            return
        self._draft = self._draft.with_answer(key, event.text)
        defaults = preview.defaults(self._draft, self._questions)
        for other, field in self._fields.items():
            if field.editor.default != defaults[other]:
                field.editor.default = defaults[other]
        if event.field.problem:
            self._show_problems()
        self.post_message(self.DraftChanged(self, self._draft))

    @on(Field.Entered)
    def _entered(self, event: Field.Entered) -> None:
        event.stop()
        self.post_message(self.Explained(event.field.question))

    @on(Field.Left)
    def _left_field(self, event: Field.Left) -> None:
        event.stop()
        self._left.add(event.field.question.key)
        self._show_problems()

    @on(Submitted)
    def _submitted(self, event: Submitted) -> None:
        event.stop()
        fields = list(self._fields.values())
        at = next(at for at, field in enumerate(fields) if field.editor is event.editor)
        if at + 1 < len(fields):
            fields[at + 1].focus_editor()
        else:
            self.post_message(self.Completed(self))

    def _show_problems(self) -> None:
        problems = self._draft.problems()
        for key, field in self._fields.items():
            problem = problems.get(key, "") if key in self._left else ""
            if problem != field.problem:
                field.problem = problem
