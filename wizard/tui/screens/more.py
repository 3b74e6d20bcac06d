"""All other settings, in groups; the workloads as a table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.binding import Binding
from textual.containers import Container, Vertical
from textual.widget import Widget
from textual.widgets import DataTable, Static, TabbedContent, TabPane

from wizard.questions import (
    AWS,
    DISCOVERY,
    KUBERNETES,
    REVIEW,
    STATE,
    WORKLOADS,
    workload_questions,
)
from wizard.tui import preview
from wizard.tui.draft import Draft
from wizard.tui.screens.dialogs import Ask
from wizard.tui.screens.step import Asking
from wizard.tui.screens.workload import EditWorkload
from wizard.tui.widgets.explanation import Explanation
from wizard.tui.widgets.form import Form

GROUPS = (AWS, DISCOVERY, KUBERNETES, WORKLOADS, STATE, REVIEW)
_FORMS = tuple(group for group in GROUPS if group != WORKLOADS)


class More(Asking):
    """A tab for each group of settings."""

    STEP = "Questions"
    HELP_TEXT = """\
Everything that has a default. F3 (or a click) goes to the next group.

An empty field stands for its default, which is shown in it. ← and → choose between words.

The workloads are service accounts whose pods get a role, each its own: A adds one, C copies
the one under the cursor, Enter opens it, Delete removes it. A role may have several policies,
each on a line of its own."""

    BINDINGS: ClassVar = [
        Binding("f3,ctrl+pagedown", "group(1)", "Group", key_display="F3"),
        Binding("shift+f3,ctrl+pageup", "group(-1)", "Previous group", show=False),
        Binding("a", "add", "Add"),
        Binding("c", "copy", "Copy"),
        Binding("delete", "delete", "Delete"),
        Binding("ctrl+n", "review", "Review"),
    ]

    def __init__(self, key: str | None = None) -> None:
        """Make the screen.

        Args:
            key: The question to begin with.
        """
        super().__init__()
        self._key = key

    @property
    def about(self) -> str:
        """The configuration's name."""
        return self.wizard.draft.name if self.wizard.draft.path else "new"

    def parts(self) -> Iterable[Widget]:
        """The groups, and the explanation beside or below them."""
        draft = self.wizard.draft
        tabs = TabbedContent(id="groups")
        with_panes = [
            TabPane(group, self._group(group, draft), id=f"group-{group.lower()}")
            for group in GROUPS
        ]
        for pane in with_panes:
            tabs.compose_add_child(pane)
        explanation = Explanation()
        yield Container(tabs, explanation, classes="columns more")

    def on_mount(self) -> None:
        """Begin with the question that was asked for, or with the first group."""
        table = self.query_one(DataTable)
        table.add_columns("Service account", "Policies", "Trust", "Pod", "Role")
        self._show_workloads(self.wizard.draft)
        if self._key:
            self.enter(self._key)
        else:
            self._enter_group()

    def on_screen_resume(self) -> None:
        """Show what was answered elsewhere."""
        draft = self.wizard.draft
        for form in self.query(Form):
            form.show(draft)
        self._show_workloads(draft)

    def asks(self, key: str) -> bool:
        """All but the first two are asked here."""
        return key.startswith("workloads.") or any(key in form.keys for form in self.query(Form))

    def enter(self, key: str) -> None:
        """Put the focus on a question, or on the workload that it is about."""
        if key.startswith("workloads."):
            self._tabs.active = f"group-{WORKLOADS.lower()}"
            self.app.push_screen(EditWorkload(int(key.split(".")[1]), key))
            return
        for form in self.query(Form):
            if key in form.keys:
                pane = form.query_ancestor(TabPane)
                self._tabs.active = pane.id or ""
                self.call_after_refresh(form.enter, key)
                return

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer the keys of the table where the table is."""
        if action in ("add", "copy", "delete") and self.is_mounted:
            return self._tabs.active == f"group-{WORKLOADS.lower()}"
        return True

    def action_group(self, by: int) -> None:
        """Go to another group."""
        panes = [f"group-{group.lower()}" for group in GROUPS]
        at = panes.index(self._tabs.active)
        self._tabs.active = panes[(at + by) % len(panes)]
        self.call_after_refresh(self._enter_group)

    def action_add(self) -> None:
        """Add a workload and ask about it."""
        draft = self.wizard.draft.with_workload()
        self._open(draft, draft.workloads - 1)

    def action_copy(self) -> None:
        """Copy the workload under the cursor and ask about the copy."""
        draft = self.wizard.draft.with_copy(self._cursor)
        self._open(draft, draft.workloads - 1)

    def action_delete(self) -> None:
        """Remove the workload under the cursor, when the person agrees."""
        draft, at = self.wizard.draft, self._cursor
        if draft.workloads == 1:
            self.notify("A federation has at least one workload.", severity="warning")
            return
        name = _name(draft, at)
        self.app.push_screen(
            Ask(
                "Delete",
                f"Delete {name} from the configuration? A deployment will remove its role.",
                (("yes", "Delete"), ("", "Keep")),
            ),
            lambda answer: self._delete(at) if answer else None,
        )

    @property
    def _tabs(self) -> TabbedContent:
        return self.query_one(TabbedContent)

    @property
    def _cursor(self) -> int:
        return self.query_one(DataTable).cursor_row

    def _group(self, group: str, draft: Draft) -> Widget:
        if group == WORKLOADS:
            table: DataTable[Text] = DataTable(cursor_type="row", id="workloads")
            return Vertical(table, Static(id="workloads-note", markup=False))
        asked = [question for question in draft.questions if question.group == group]
        return Form(asked, draft, self.wizard.suggestions)

    def _enter_group(self) -> None:
        pane = self._tabs.active_pane
        if pane is None:
            return
        for form in pane.query(Form):
            form.enter_first()
        for table in pane.query(DataTable):
            table.focus()
            self.query_one(Explanation).say(
                "Workloads", "The service accounts whose pods get a role, each its own."
            )

    def _show_workloads(self, draft: Draft) -> None:
        table = self.query_one(DataTable)
        at = table.cursor_row
        table.clear()
        for workload in range(draft.workloads):
            table.add_row(*_cells(draft, workload))
        table.move_cursor(row=min(at, draft.workloads - 1))
        problems = [
            f"{_name(draft, int(key.split('.')[1]))}: {problem}"
            for key, problem in draft.problems().items()
            if key.startswith("workloads.")
        ]
        self.query_one("#workloads-note", Static).update(
            "\n".join(f"✗ {problem}" for problem in problems)
        )

    def _open(self, draft: Draft, at: int) -> None:
        self.wizard.change(draft)
        self.app.push_screen(EditWorkload(at))

    def _delete(self, at: int) -> None:
        self.wizard.change(self.wizard.draft.without_workload(at))
        self._show_workloads(self.wizard.draft)

    @on(DataTable.RowSelected)
    def _selected(self, event: DataTable.RowSelected) -> None:
        self.app.push_screen(EditWorkload(event.cursor_row))

    @on(TabbedContent.TabActivated)
    def _activated(self) -> None:
        self.refresh_bindings()

    @on(Form.Changed)
    def _changed(self, event: Form.Changed) -> None:
        self.wizard.change(event.draft)
        for form in self.query(Form):
            if form is not event.form:
                form.show(event.draft)

    @on(Form.Explained)
    def _explained(self, event: Form.Explained) -> None:
        self.query_one(Explanation).explain(event.question)

    @on(Form.Completed)
    def _completed(self) -> None:
        self.action_group(1)


def _cells(draft: Draft, at: int) -> tuple[Text, ...]:
    asked = workload_questions(at)
    defaults = preview.defaults(draft, asked)
    shown = {each.place[-1]: draft.answer(each.key) or defaults[each.key] for each in asked}
    return tuple(
        Text(text)
        for text in (
            _name(draft, at),
            _few(shown["managed_policy_arns"]),
            shown["trust"],
            shown["test_pod"],
            preview.role_name(draft, at),
        )
    )


def _few(policies: str) -> str:
    """The first policy by its name, and how many more there are."""
    first, *others = policies.split(", ")
    return first.rpartition("/")[2] + (f" +{len(others)}" if others else "")


def _name(draft: Draft, at: int) -> str:
    namespace = draft.answer(f"workloads.{at}.namespace")
    return f"{namespace}/{draft.answer(f'workloads.{at}.service_account')}"
