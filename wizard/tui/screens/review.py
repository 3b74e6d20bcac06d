"""The third step: what will be saved, what Terraform makes of it, and who may do what then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on
from textual.binding import Binding
from textual.containers import ScrollableContainer, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import DataTable, Static, TabbedContent, TabPane, Tabs

from wizard.tui import wants
from wizard.tui.screens.step import StepScreen
from wizard.tui.widgets.signed import Signed

if TYPE_CHECKING:
    from review.lint.finding import Accepted, LintFinding
    from wizard.tui.review import Review, TrustRow
    from wizard.tui.session import AppSession

_TABS = {
    "file": "File",
    "terraform": "Terraform",
    "trust": "Trust",
    "warnings": "Warnings",
    "api-server": "API server",
}
"""The tabs, and what is on them."""


class ShowReview(StepScreen):
    """Shows a review in tabs."""

    STEP = "Review"
    HELP_TEXT = """\
Nothing is written yet. Save the file (Ctrl+S), or save it and go on to the plan (Ctrl+N).
F3 (or a click) goes to the next tab.

File        the YAML; + marks lines to add, - lines to remove. D shows the whole file.
            Your own lines and comments stay.
Terraform   what CDKTF writes, as HCL
Trust       who may assume which role, and the role's policies
Warnings    what the linter finds in it, errors first, and what the file accepts
API server  what to set on the control plane of your distribution, in which order, and how to
            undo it (the distribution is in All settings, tab Kubernetes)"""

    BINDINGS: ClassVar = [
        Binding("ctrl+s", "save", "Save"),
        Binding("ctrl+n", "plan", "Save and plan"),
        Binding("f3,ctrl+pagedown", "tab(1)", "Next tab"),
        Binding("shift+f3,ctrl+pageup", "tab(-1)", "Previous tab", show=False),
        Binding("d", "whole", "Diff"),
    ]

    def __init__(self, session: AppSession, review: Review) -> None:
        super().__init__(session)
        self.review = review
        self.has_given_up = False
        """Whether the Terraform was not written, since a plan makes the same."""
        self._whole = not review.on_disk or review.saved

    @property
    def about(self) -> str:
        """The cluster."""
        return self.review.config.cluster

    def parts(self) -> Iterable[Widget]:
        """A line about the file, and the tabs."""
        yield Static(id="summary", markup=False)
        tabs = TabbedContent(id="tabs")
        for name, title in _TABS.items():
            tabs.compose_add_child(TabPane(title, _tab(name), id=name))
        yield tabs

    def on_mount(self) -> None:
        """Show the file, or the warnings if one is an error."""
        self.query_one(DataTable).add_columns("Who", "Role", "Policies", "Audience", "Trust policy")
        self.show(self.review)
        self.query_one(Tabs).can_focus = False  # F3 goes through them
        self.query_one(TabbedContent).active = (
            "warnings" if self.review.lint.fails(strict=False) else "file"
        )
        self.call_after_refresh(self._enter_tab)
        self._write_terraform()

    def on_screen_resume(self) -> None:
        """Go on with the Terraform where the plan took its place."""
        if self.has_given_up:
            self._write_terraform()

    def show(self, review: Review) -> None:
        """Show how the file stands now, and what follows from it."""
        other = review.config != self.review.config
        self.review = review
        self._show_file()
        self._show_trust()
        self._show_findings()
        self.query_one("#api-server-text", Static).update(review.control_plane)
        if other:
            self._write_terraform()

    def show_terraform(self, stacks: Mapping[str, str]) -> None:
        """Show the HCL of each stack."""
        from textual.highlight import highlight

        text = "\n".join(f"# ---- {stack} ----\n\n{hcl}" for stack, hcl in stacks.items())
        self.query_one("#terraform-text", Static).update(highlight(text, language="terraform"))

    def say_terraform(self, text: str) -> None:
        """Say why there is no Terraform to be shown."""
        self.query_one("#terraform-text", Static).update(Content(text))

    def action_tab(self, by: int) -> None:
        """Go to another tab."""
        tabs = self.query_one(TabbedContent)
        names = list(_TABS)
        tabs.active = names[(names.index(tabs.active) + by) % len(names)]

    def action_whole(self) -> None:
        """Show the whole file instead of what changes in it, or the other way round."""
        self._whole = not self._whole
        self._show_file()
        self.query_one(TabbedContent).active = "file"

    def action_save(self) -> None:
        """Save the file."""
        self._save(then_plan=False)

    def action_plan(self) -> None:
        """Save the file and go on."""
        self._save(then_plan=True)

    def _save(self, *, then_plan: bool) -> None:
        self.want(wants.SaveReview(self.review, then_plan))

    def _show_file(self) -> None:
        self.query_one("#summary", Static).update(self.review.summary)
        self.query_one("#file-text", Static).update(_file(self.review, whole=self._whole))

    def _show_trust(self) -> None:
        table = self.query_one(DataTable)
        table.clear()
        for trust in self.review.trust:
            table.add_row(*_cells(trust), height=max(1, len(trust.policies)))

    def _show_findings(self) -> None:
        report = self.review.lint
        count = len(report.findings)
        self.query_one(TabbedContent).get_tab("warnings").label = Content(f"Warnings {count}")
        pane = self.query_one("#warnings-text")
        pane.query("*").remove()
        pane.mount_all(
            [*map(_finding, report.findings), *map(_accepted, report.accepted)]
            or [Static("No warnings.")]
        )

    def _write_terraform(self) -> None:
        self.has_given_up = False
        self.say_terraform("Synthesizing …")
        self.want(wants.WriteTerraform(self.review.config))

    @on(TabbedContent.TabActivated)
    def _activated(self) -> None:
        self.call_after_refresh(self._enter_tab)

    def _enter_tab(self) -> None:
        pane = self.query_one(TabbedContent).active_pane
        if pane is not None:
            pane.query("ScrollableContainer, DataTable").first().focus()


def _tab(name: str) -> Widget:
    if name == "trust":
        return DataTable(cursor_type="row", id="trust-table")
    if name == "warnings":
        return VerticalScroll(id="warnings-text", can_focus=True)
    if name == "api-server":
        return VerticalScroll(Static(id="api-server-text", markup=False), can_focus=True)
    # Code is not wrapped: what is indented would be hard to tell.
    text = Static(id=f"{name}-text", classes="code", markup=False)
    return ScrollableContainer(text, can_focus=True)


def _file(review: Review, *, whole: bool) -> Content:
    from textual.highlight import highlight

    if whole:
        return highlight(review.text, language="yaml")
    return Content("\n").join(_diff_line(line) for line in review.diff)


def _diff_line(line: str) -> Content:
    styles = {"+": "$text-success", "-": "$text-error", "@": "dim"}
    return Content.styled(line, styles.get(line[:1], ""))


_FINDING_SIGNS: Mapping[str, str] = {"error": "x", "warning": "!", "note": "-"}


def _finding(found: LintFinding) -> Widget:
    first = found.advice.split(" ", 1)[0]  # the name of a workload stays as it is
    text = found.advice[:1].upper() + found.advice[1:] if first.isalpha() else found.advice
    return _line(_FINDING_SIGNS[found.rule.weight], found, f"{text} [{found.rule.code}]")


def _accepted(accepted: Accepted) -> Widget:
    code = accepted.finding.rule.code
    text = f"Accepted until {accepted.until}: {accepted.reason} [{code}]"
    return _line("+", accepted.finding, text)


def _line(sign: str, found: LintFinding, text: str) -> Widget:
    place = found.seen.where.place
    return Signed(sign, Content.assemble((f"{place}\n", "bold"), text), classes="apart")


def _cells(trust: TrustRow) -> tuple[Text, ...]:
    policies = "\n".join(trust.policies) or "none"
    return tuple(map(Text, (trust.who, trust.role, policies, trust.audience, trust.size)))
