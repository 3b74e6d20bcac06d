"""The results of checks, each as it comes, with a sign and what to do."""

from __future__ import annotations

from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from wizard.tui.ports import Result, Verdict
from wizard.tui.widgets.signed import Signed

SIGNS: dict[Verdict, str] = {"pass": "✓", "warn": "!", "fail": "✗", "skip": "-"}


_ORDER: tuple[Verdict, ...] = ("fail", "warn", "pass", "skip")


class Results(VerticalScroll):
    """A list of results below a line that says what goes on, what matters most on top."""

    def __init__(self, state: str = "", *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._state = Static(state, classes="state", markup=False)

    def on_mount(self) -> None:
        """Begin with the line alone."""
        self.mount(self._state)

    def say(self, text: str) -> None:
        """Say what goes on, or how it ended."""
        self._state.update(text)
        self._state.display = bool(text)

    async def clear(self) -> None:
        """Remove the results."""
        await self.query(".result").remove()

    async def add(self, result: Result) -> None:
        """Show one more, below those that matter as much."""
        lighter = ", ".join(f".-{each}" for each in _ORDER[_ORDER.index(result.verdict) + 1 :])
        following = self.query(lighter).first() if lighter and self.query(lighter) else None
        sign = SIGNS[result.verdict]
        shown = Signed(sign, _content(result), classes=f"result -{result.verdict}")
        await self.mount(shown, before=following)


def _content(result: Result) -> Content:
    about = f" ({result.about})" if result.about else ""
    remedy = f"\n{result.remedy}" if result.verdict in ("warn", "fail") and result.remedy else ""
    return Content.assemble((f"{result.title}{about}: ", "bold"), result.seen, (remedy, "italic"))
