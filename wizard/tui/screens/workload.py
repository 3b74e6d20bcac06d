"""One workload: a service account, its role, and who may assume that."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.binding import Binding
from textual.containers import Container, Vertical
from textual.widget import Widget

from wizard.questions import workload_questions
from wizard.tui import preview
from wizard.tui.screens.step import AskingScreen
from wizard.tui.session import AppSession
from wizard.tui.widgets.explanation import Explanation
from wizard.tui.widgets.facts import Facts
from wizard.tui.widgets.form import Form


class EditWorkload(AskingScreen):
    """Asks about one workload."""

    STEP = "Questions"
    HELP_TEXT = """\
One service account and the role that its pods may assume. Your answers are saved at
once; Escape goes back to the table.

Write one policy a line: an ARN, or the name of an AWS managed policy with its path, like
job-function/ViewOnlyAccess. Write none for a role without policies."""

    BINDINGS: ClassVar = [Binding("ctrl+n", "review", "Review")]

    def __init__(self, session: AppSession, at: int, key: str | None = None) -> None:
        """Make the screen for one of the workloads.

        Args:
            session: What the app is about.
            at: Its position.
            key: The question to begin with.
        """
        super().__init__(session)
        self._at = at
        self._key = key

    @property
    def about(self) -> str:
        """Which workload it is."""
        return f"workload {self._at + 1} of {self.session.draft.workloads}"

    def parts(self) -> Iterable[Widget]:
        """The form with its explanation, and what follows from it."""
        draft = self.session.draft
        facts = Facts(preview.facts(draft, self._at), id="facts")
        facts.border_title = "Derived values"
        yield Container(
            Vertical(
                Form(workload_questions(self._at), draft, self.session.suggestions),
                Explanation(),
                classes="asked",
            ),
            Vertical(facts, classes="following"),
            classes="columns workload",
        )

    def on_mount(self) -> None:
        """Begin with the question that was asked for, or with the first one."""
        form = self.query_one(Form)
        if self._key:
            form.enter(self._key)
        else:
            form.enter_first()

    def asks(self, key: str) -> bool:
        """Whether it is about this workload."""
        return key in self.query_one(Form).keys

    def enter(self, key: str) -> None:
        """Put the focus on a question whose answer is not right."""
        self.query_one(Form).enter(key)

    @on(Form.DraftChanged)
    def _changed(self, event: Form.DraftChanged) -> None:
        self.session.change(event.draft)
        self.query_one(Facts).show(preview.facts(event.draft, self._at))

    @on(Form.Explained)
    def _explained(self, event: Form.Explained) -> None:
        self.query_one(Explanation).explain(event.question)

    @on(Form.Completed)
    def _completed(self) -> None:
        self.action_back()
