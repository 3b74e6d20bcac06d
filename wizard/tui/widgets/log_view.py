"""A log that grows while it is looked at: it follows the end, and draws only what is seen."""

from __future__ import annotations

import re
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.binding import Binding
from textual.geometry import Size
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from wizard.tui.log_lines import LogLines

_ERROR = re.compile(r"\berror\b|[│╷╵]", re.IGNORECASE)


class LogView(ScrollView, can_focus=True):
    """Shows lines that somebody else appends; `catch_up` draws what came since."""

    COMPONENT_CLASSES: ClassVar = {"log--found", "log--error"}
    BINDINGS: ClassVar = [
        Binding("n", "find(1)", "Next match", show=False),
        Binding("N", "find(-1)", "Previous match", show=False),
        Binding("G", "scroll_end", "End", show=False),
        Binding("g", "scroll_home", "Beginning", show=False),
    ]

    word: reactive[str] = reactive("")
    """What is searched for; it is marked wherever it stands."""

    def __init__(self, lines: LogLines, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._lines = lines
        self._drawn = 0
        self._dropped = 0
        self._widest = 0
        self._found = 0
        self._follows = True

    def catch_up(self) -> None:
        """Draw what was appended since the last time, and stay at the end if that was in sight."""
        end = len(self._lines) + self._lines.dropped
        if end == self._drawn:
            return
        for at in range(max(self._drawn - self._lines.dropped, 0), len(self._lines)):
            self._widest = max(self._widest, len(self._lines[at]))
        pushed_out, self._dropped = self._lines.dropped - self._dropped, self._lines.dropped
        self._drawn = end
        self.virtual_size = Size(self._widest, len(self._lines))
        if self._follows:
            self._go_to_end()
        elif pushed_out:
            self.scroll_to(y=self.scroll_offset.y - pushed_out, animate=False, immediate=True)
        self.refresh()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Follow the end for as long as it is in sight."""
        super().watch_scroll_y(old_value, new_value)
        self._follows = new_value >= self.max_scroll_y

    def on_resize(self) -> None:
        """Keep the end in sight, also when the scrollbar for long lines comes."""
        if self._follows:
            self._go_to_end()

    def action_find(self, by: int) -> None:
        """Go to the next line that has the word, or to the one before."""
        found = self._lines.find(self.word, self._found, by)
        if found is None:
            if self.word:
                self.notify(f"'{self.word}' is not in the log.", severity="warning")
            return
        self._found = found
        self.scroll_to(y=max(found - self.size.height // 2, 0), animate=False, immediate=True)
        self.refresh()

    def search(self, word: str) -> None:
        """Mark a word, and go to the first line with it from the top of what is seen."""
        self.word = word
        self._found = self.scroll_offset.y - 1
        self.action_find(1)

    def render_line(self, y: int) -> Strip:
        """One line of what is seen."""
        left, top = self.scroll_offset
        width = self.size.width
        if top + y >= len(self._lines):
            return Strip.blank(width, self.rich_style)
        text = self._style(self._lines[top + y], found=top + y == self._found)
        # A text without marks is rendered without a style of its own.
        strip = Strip(text.render(self.app.console), text.cell_len).apply_style(self.rich_style)
        return strip.crop_extend(left, left + width, self.rich_style)

    def _go_to_end(self) -> None:
        self.scroll_end(animate=False, immediate=True, x_axis=False)

    def _style(self, line: str, *, found: bool) -> Text:
        text = Text(line, no_wrap=True, end="")
        if _ERROR.search(line):
            text.stylize(self._component("log--error"))
        if self.word:
            style = self._component("log--found") + Style(underline=found)
            text.highlight_regex(re.compile(re.escape(self.word), re.IGNORECASE), style)
        return text

    def _component(self, name: str) -> Style:
        return self.get_component_rich_style(name, partial=True)
