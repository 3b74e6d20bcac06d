"""The second step: the four questions, with what follows from their answers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.binding import Binding
from textual.containers import Container, Vertical
from textual.widget import Widget

from wizard.questions import BASICS
from wizard.tui import preview, wants
from wizard.tui.screens.step import AskingScreen
from wizard.tui.widgets.explanation import Explanation
from wizard.tui.widgets.facts import Facts
from wizard.tui.widgets.form import Form
from wizard.tui.widgets.results import CheckResults


class Questions(AskingScreen):
    """Asks for cluster DNS, audience, namespace and service account."""

    STEP = "Questions"
    HELP_TEXT = """\
Four answers are enough; everything else has a default, and F2 shows it.

Enter or ↓ goes to the next field, and from the last one to the review. Errors appear under
a field when you leave it. The derived values follow your answers while you type.

F5 probes the cluster: its DNS name, its certificates, and whether its two discovery documents
can be read and match the answers. You can go on meanwhile.

Each answer is saved as a draft at once: you can leave at any time and continue later."""

    BINDINGS: ClassVar = [
        Binding("f2", "more", "All settings"),
        Binding("f5", "probe", "Probe"),
        Binding("ctrl+n", "review", "Review"),
    ]

    @property
    def about(self) -> str:
        """The configuration's name."""
        return self.session.draft.name if self.session.draft.path else "new"

    def parts(self) -> Iterable[Widget]:
        """The form with its explanation, and what follows from it."""
        draft = self.session.draft
        asked = [question for question in draft.questions if question.group == BASICS]
        explanation = Explanation()
        facts = Facts(preview.facts(draft), id="facts")
        facts.border_title = "Derived values"
        probe = CheckResults(id="probe")
        probe.border_title = "Probe"
        form = Form(asked, draft, self.session.suggestions)
        yield Container(
            Vertical(form, explanation, classes="asked"),
            Vertical(facts, probe, classes="following"),
            classes="columns",
        )

    def on_mount(self) -> None:
        """Begin with the first question."""
        self.query_one(Form).enter_first()

    def on_screen_resume(self) -> None:
        """Show what was answered elsewhere."""
        draft = self.session.draft
        self.query_one(Form).show(draft)
        self.query_one(Facts).show(preview.facts(draft))

    def asks(self, key: str) -> bool:
        """Whether it is one of the four."""
        return key in self.query_one(Form).keys

    def enter(self, key: str) -> None:
        """Put the focus on a question that needs another answer."""
        self.query_one(Form).enter(key)

    def action_more(self) -> None:
        """Show all other settings."""
        self.want(wants.OpenSettings())

    def action_probe(self) -> None:
        """Look at the cluster; what is being looked at already is given up."""
        self.add_class("-probing")
        self.want(wants.ProbeCluster())

    @property
    def results(self) -> CheckResults:
        """The checks of the cluster."""
        return self.query_one("#probe", CheckResults)

    @on(Form.DraftChanged)
    def _changed(self, event: Form.DraftChanged) -> None:
        self.session.change(event.draft)
        self.query_one(Facts).show(preview.facts(event.draft))
        self.remove_class("-probing")

    @on(Form.Explained)
    def _explained(self, event: Form.Explained) -> None:
        self.query_one(Explanation).explain(event.question)

    @on(Form.Completed)
    def _completed(self) -> None:
        self.action_review()
