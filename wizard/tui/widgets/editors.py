"""Editors for answers, one for each way of answering; all have a `value` and a `default`.

The value is the answer as `wizard.questions` reads it, and an empty one stands for the default,
which is shown in its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events, on
from textual.actions import SkipAction
from textual.binding import Binding
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.suggester import SuggestFromList
from textual.widget import Widget
from textual.widgets import Input, TextArea

UNSAID = "not set"
"""How a choice shows an empty answer that stands for nothing else."""

_GAP = "  "


@dataclass
class Edited(Message):
    """A person changed the answer in an editor."""

    editor: Editor
    value: str


@dataclass
class Submitted(Message):
    """A person is done with an editor: Enter was pressed, where it means nothing else."""

    editor: Editor


class LineEditor(Input):
    """An answer of one line."""

    def __init__(self, value: str, default: str, suggestions: Sequence[str] = ()) -> None:
        suggester = SuggestFromList(suggestions) if suggestions else None
        super().__init__(value, placeholder=default, suggester=suggester, compact=True)

    @property
    def default(self) -> str:
        """What an empty answer stands for."""
        return str(self.placeholder)

    @default.setter
    def default(self, text: str) -> None:
        self.placeholder = text

    def action_copy(self) -> None:
        """Copy what is selected, and let Ctrl+C be heard: a field in focus is selected unasked."""
        super().action_copy()
        raise SkipAction

    @on(Input.Changed)
    def _edited(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(Edited(self, event.value))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(Submitted(self))


class LinesEditor(TextArea):
    """An answer of several values, each on a line of its own.

    Enter begins a line, or goes on from an empty one at the end; ↑ and ↓ leave by the first line
    and by the last.
    """

    BINDINGS: ClassVar = [Binding("enter", "enter", "New line", show=False, priority=True)]

    def __init__(self, value: str, default: str) -> None:
        super().__init__(_in_lines(value), placeholder=_in_lines(default), compact=True)

    @property
    def value(self) -> str:
        """The values, separated by commas."""
        return ", ".join(filter(None, (line.strip(" ,") for line in self.text.splitlines())))

    @value.setter
    def value(self, text: str) -> None:
        self.text = _in_lines(text)

    @property
    def default(self) -> str:
        """What an empty answer stands for."""
        return str(self.placeholder)

    @default.setter
    def default(self, text: str) -> None:
        self.placeholder = _in_lines(text)

    def action_enter(self) -> None:
        """Begin a line, unless the last one is empty."""
        if self.cursor_at_last_line and not self.document.get_line(self.cursor_location[0]).strip():
            self.post_message(Submitted(self))
        else:
            self.insert("\n")

    def action_cursor_up(self, select: bool = False) -> None:
        """Go a line up, and from the first one to the field above."""
        if self.cursor_at_first_line and not select:
            raise SkipAction
        super().action_cursor_up(select)

    def action_cursor_down(self, select: bool = False) -> None:
        """Go a line down, and from the last one to the field below."""
        if self.cursor_at_last_line and not select:
            raise SkipAction
        super().action_cursor_down(select)

    @on(TextArea.Changed)
    def _edited(self, event: TextArea.Changed) -> None:
        event.stop()
        self.post_message(Edited(self, self.value))


class ChoiceEditor(Widget, can_focus=True):
    """One of a few words; all are shown, and the chosen one has a mark."""

    BINDINGS: ClassVar = [
        Binding("left", "move(-1)", "Previous choice", show=False),
        Binding("right,space", "move(1)", "Next choice", show=False),
        Binding("enter", "submit", "Next field", show=False),
    ]

    def __init__(self, options: Sequence[str], value: str, default: str) -> None:
        super().__init__()
        # Without a default there is the choice not to say.
        self._options = (*options,) if default else ("", *options)
        self._value = value
        self._default = default

    @property
    def value(self) -> str:
        """The option that was chosen; empty while it is the default."""
        return self._value

    @value.setter
    def value(self, text: str) -> None:
        self._value = text
        self.refresh()

    @property
    def default(self) -> str:
        """What an empty answer stands for."""
        return self._default

    @default.setter
    def default(self, text: str) -> None:
        self._default = text
        self.refresh()

    def render(self) -> Content:
        """All options, in as many rows as they need."""
        chosen = self.value or self.default
        rows = [
            Content(_GAP).join(
                Content.styled(f"(•) {option or UNSAID}", "bold")
                if option == chosen
                else Content(f"( ) {option or UNSAID}")
                for option in row
            )
            for row in _rows(self._options, self.size.width)
        ]
        return Content("\n").join(rows)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """How many rows the options need."""
        return len(_rows(self._options, width))

    def action_move(self, by: int) -> None:
        """Choose the option so many places further, beginning again at the end."""
        chosen = self.value or self.default
        at = self._options.index(chosen) if chosen in self._options else -1
        self._choose(self._options[(at + by) % len(self._options)])

    def action_submit(self) -> None:
        """Keep what is chosen, and go on."""
        self.post_message(Submitted(self))

    def on_click(self, event: events.Click) -> None:
        """Choose what was clicked on."""
        rows = _rows(self._options, self.size.width)
        end = 0
        for option in rows[event.y] if event.y < len(rows) else ():
            end += _length(option) + len(_GAP)
            if event.x < end:
                self._choose(option)
                return

    def _choose(self, option: str) -> None:
        self.value = option
        self.post_message(Edited(self, option))


Editor = LineEditor | LinesEditor | ChoiceEditor


def _rows(options: Sequence[str], width: int) -> list[list[str]]:
    """The options in rows that are not wider than that, where one alone is not."""
    rows: list[list[str]] = [[]]
    left = width
    for option in options:
        if rows[-1] and _length(option) > left:
            rows.append([])
            left = width
        rows[-1].append(option)
        left -= _length(option) + len(_GAP)
    return rows


def _length(option: str) -> int:
    return len(f"( ) {option or UNSAID}")


def _in_lines(text: str) -> str:
    return "\n".join(part.strip() for part in text.split(","))
