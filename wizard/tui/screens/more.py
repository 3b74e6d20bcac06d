"""All other settings, in groups; the workloads as a table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.binding import Binding
from textual.containers import Container, Vertical
from textual.widget import Widget
from textual.widgets import DataTable, Static, TabbedContent, TabPane, Tabs

from wizard.questions import (
    AWS,
    DISCOVERY,
    KUBERNETES,
    REVIEW,
    STATE,
    WORKLOADS,
    questions,
    workload_questions,
)
from wizard.tui import preview, wants
from wizard.tui.draft import Draft
from wizard.tui.screens.dialogs import Ask
from wizard.tui.screens.step import AskingScreen
from wizard.tui.session import AppSession
from wizard.tui.widgets.explanation import Explanation
from wizard.tui.widgets.form import Form

GROUPS = (AWS, DISCOVERY, KUBERNETES, WORKLOADS, STATE, REVIEW)


class More(AskingScreen):
    """A tab for each group of settings."""

    STEP = "Questions"
    HELP_TEXT = """\
All settings that have a default. F3 (or a click) goes to the next tab.

An empty field uses its default, which is shown in it. ← and → choose an option.

A workload is a service account whose pods get a role of their own: A adds one, C copies the
selected one, Enter opens it, Delete removes it. A role may have several policies, one a line."""

    BINDINGS: ClassVar = [
        Binding("f3,ctrl+pagedown", "group(1)", "Next tab"),
        Binding("shift+f3,ctrl+pageup", "group(-1)", "Previous tab", show=False),
        Binding("a", "add", "Add"),
        Binding("c", "copy", "Copy"),
        Binding("delete", "delete", "Delete"),
        Binding("ctrl+n", "review", "Review"),
    ]

    def __init__(self, session: AppSession, key: str | None = None) -> None:
        """Make the screen.

        Args:
            session: What the app is about.
            key: The question to begin with.
        """
        super().__init__(session)
        self._key = key
        self._group = ""
        """Which one the keys have gone to."""

    @property
    def about(self) -> str:
        """The configuration's name."""
        return self.session.draft.name if self.session.draft.path else "new"

    def parts(self) -> Iterable[Widget]:
        """The groups, and the explanation beside or below them."""
        tabs = TabbedContent(id="groups")
        for group in GROUPS:
            tabs.compose_add_child(TabPane(group, id=_pane(group)))
        explanation = Explanation()
        yield Container(tabs, explanation, classes="columns more")

    async def on_mount(self) -> None:
        """Begin with the question that was asked for, or with the first group."""
        self._tabs.query_one(Tabs).can_focus = False  # F3 goes through them
        if self._key:
            await self._enter(self._key)
        else:
            await self._enter_group(GROUPS[0])

    def on_screen_resume(self) -> None:
        """Show what was answered elsewhere."""
        draft = self.session.draft
        for form in self.query(Form):
            form.show(draft)
        self._show_workloads(draft)

    def asks(self, key: str) -> bool:
        """All but the basics are asked here."""
        return key.startswith("workloads.") or _group_of(key) is not None

    def enter(self, key: str) -> None:
        """Put the focus on a question, or on the workload that it is about."""
        self.call_later(self._enter, key)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer the keys of the table where the table is."""
        if action in ("add", "copy", "delete") and self.is_mounted:
            return self._tabs.active == _pane(WORKLOADS)
        return True

    async def action_group(self, by: int) -> None:
        """Go to another group."""
        at = [_pane(group) for group in GROUPS].index(self._tabs.active)
        await self._enter_group(GROUPS[(at + by) % len(GROUPS)])

    def action_add(self) -> None:
        """Add a workload and ask about it."""
        draft = self.session.draft.with_workload()
        self._open(draft, draft.workloads - 1)

    def action_copy(self) -> None:
        """Copy the workload under the cursor and ask about the copy."""
        draft = self.session.draft.with_copy(self._cursor)
        self._open(draft, draft.workloads - 1)

    def action_delete(self) -> None:
        """Remove the workload under the cursor, when the person agrees."""
        draft, at = self.session.draft, self._cursor
        if draft.workloads == 1:
            self.notify("A federation needs at least one workload.", severity="warning")
            return
        name = _name(draft, at)
        self.app.push_screen(
            Ask(
                "Delete",
                f"Delete {name} from the configuration? The next deployment removes its role.",
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

    async def _enter(self, key: str) -> None:
        if key.startswith("workloads."):
            await self._show_group(WORKLOADS)
            self.want(wants.OpenWorkload(int(key.split(".")[1]), key))
        elif group := _group_of(key):
            await self._show_group(group)
            self.query_one(f"#{_pane(group)}").query_one(Form).enter(key)

    async def _enter_group(self, group: str) -> None:
        await self._show_group(group)
        if group == WORKLOADS:
            self.query_one(DataTable).focus()
            self.query_one(Explanation).say(
                "Workloads", "The service accounts whose pods get a role of their own."
            )
        else:
            self.query_one(f"#{_pane(group)}").query_one(Form).enter_first()

    async def _show_group(self, group: str) -> None:
        await self._make_group(group)
        self._group = group
        self._tabs.active = _pane(group)

    async def _make_group(self, group: str) -> None:
        """Make the widgets of a group, which is done when it is first gone to."""
        pane = self.query_one(f"#{_pane(group)}", TabPane)
        if pane.children:
            return
        draft = self.session.draft
        if group == WORKLOADS:
            table: DataTable[Text] = DataTable(cursor_type="row", id="workloads")
            table.add_columns("Service account", "Policies", "Trust", "Pod", "Role")
            await pane.mount(Vertical(table, Static(id="workloads-note", markup=False)))
            self._show_workloads(draft)
        else:
            asked = [question for question in draft.questions if question.group == group]
            await pane.mount(Form(asked, draft, self.session.suggestions))

    def _show_workloads(self, draft: Draft) -> None:
        if not self.query(DataTable):
            return
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
        self.session.change(draft)
        self.want(wants.OpenWorkload(at))

    def _delete(self, at: int) -> None:
        self.session.change(self.session.draft.without_workload(at))
        self._show_workloads(self.session.draft)

    @on(DataTable.RowSelected)
    def _selected(self, event: DataTable.RowSelected) -> None:
        self.want(wants.OpenWorkload(event.cursor_row))

    @on(TabbedContent.TabActivated)
    async def _activated(self, event: TabbedContent.TabActivated) -> None:
        group = next(each for each in GROUPS if _pane(each) == event.pane.id)
        if event.pane.id == self._tabs.active and group != self._group:  # by a click
            await self._enter_group(group)
        self.refresh_bindings()

    @on(Form.DraftChanged)
    def _changed(self, event: Form.DraftChanged) -> None:
        self.session.change(event.draft)
        for form in self.query(Form):
            if form is not event.form:
                form.show(event.draft)

    @on(Form.Explained)
    def _explained(self, event: Form.Explained) -> None:
        self.query_one(Explanation).explain(event.question)

    @on(Form.Completed)
    async def _completed(self) -> None:
        await self.action_group(1)


def _pane(group: str) -> str:
    return f"group-{group.lower()}"


def _group_of(key: str) -> str | None:
    """The group of a question that is about no workload; None for the basics."""
    groups = {question.key: question.group for question in questions(0)}
    return groups[key] if groups.get(key) in GROUPS else None


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
    """A workload's namespace and account; of what is not answered the default."""
    namespace, account = (
        draft.answer(each.key) or draft.default(each) for each in workload_questions(at)[:2]
    )
    return f"{namespace}/{account}"
