"""The last step: what came of it, the proof that it works, and what to do next."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from rich.console import Group
from rich.padding import Padding
from rich.text import Text
from textual import on
from textual.binding import Binding
from textual.containers import Container
from textual.widget import Widget
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from deployment.next_steps import Copyable, copyable_outputs, next_commands
from wizard.tui import wants
from wizard.tui.activity import Activity
from wizard.tui.screens.step import StepScreen
from wizard.tui.session import AppSession
from wizard.tui.widgets.results import CheckResults


class Done(StepScreen):
    """Shows outputs and commands to copy, and the checks of the live federation."""

    STEP = "Done"
    HELP_TEXT = """\
The proof checks the federation as AWS and a pod would: DNS, certificates, discovery documents,
keys, the provider, the trust policies, and a real exchange of a token for a role. F5 runs it
again: after a change AWS may need a few seconds.

Enter, Y or a click copies the selected output or command through the terminal (OSC 52)."""

    BINDINGS: ClassVar = [
        Binding("y", "copy", "Copy"),
        Binding("f5", "prove", "Prove again"),
        Binding("escape", "back", "To the start"),
    ]

    def __init__(self, session: AppSession, activity: Activity) -> None:
        super().__init__(session)
        self.activity = activity
        destroyed = activity.kind == "destroy"
        self._copyables: tuple[Copyable, ...] = (
            *next_commands(
                activity.deployment.path, activity.deployment.config, destroyed=destroyed
            ),
            *copyable_outputs(activity.progress.outputs),
        )

    @property
    def about(self) -> str:
        """The cluster."""
        return self.activity.cluster

    def parts(self) -> Iterable[Widget]:
        """What to copy, and the proof beside or below it."""
        outputs = OptionList(*map(_option, self._copyables), id="outputs", compact=True)
        outputs.border_title = "Outputs and next steps"
        proof = CheckResults("Proving …", id="proof")
        proof.border_title = "Proof"
        yield Container(outputs, proof, classes="columns done")

    def on_mount(self) -> None:
        """Begin the proof at once."""
        self.query_one(OptionList).focus()
        self.action_prove()

    @property
    def results(self) -> CheckResults:
        """The proof."""
        return self.query_one(CheckResults)

    def action_prove(self) -> None:
        """Run the checks, or run them again."""
        if self.activity.deployment.destroys:
            self.results.say("Everything is destroyed; there is nothing to prove.")
        else:
            self.want(wants.ProveFederation(self.activity.deployment.config))

    def action_copy(self) -> None:
        """Copy what is under the cursor."""
        at = self.query_one(OptionList).highlighted
        if at is not None:
            self._copy(self._copyables[at])

    def action_back(self) -> None:
        """Go to the start."""
        self.want(wants.GoBack("Start"))

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self._copy(self._copyables[event.option_index])

    def _copy(self, copyable: Copyable) -> None:
        self.app.copy_to_clipboard(copyable.text)
        self.notify(copyable.text, title="Copied", markup=False)


def _option(copyable: Copyable) -> Option:
    label, text = Text(copyable.label, "bold"), Text(copyable.text, overflow="fold")
    return Option(Group(label, Padding(text, (0, 0, 0, 2))))
