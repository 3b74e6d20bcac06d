"""The results of checks, each as it comes, with a sign and what to do."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from wizard.tui.outside import CheckResult, Verdict
from wizard.tui.widgets.signed import Signed

SIGNS: dict[Verdict, str] = {"pass": "✓", "warn": "!", "fail": "✗", "skip": "-"}


LONGEST = 120.0
"""Seconds without a result after which checks are given up."""

_ORDER: tuple[Verdict, ...] = ("fail", "warn", "pass", "skip")


class CheckResults(VerticalScroll):
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

    async def follow(self, checks: AsyncIterator[CheckResult], doing: str) -> None:
        """Show each result as it comes, and how many there are of each kind in the end."""
        await self.clear()
        self.say(doing)
        count: Counter[str] = Counter()
        try:
            async with asyncio.timeout(LONGEST) as patience:
                async for result in checks:
                    patience.reschedule(asyncio.get_running_loop().time() + LONGEST)
                    if not self.is_attached:
                        return
                    count[result.verdict] += 1
                    await self.add(result)
        except TimeoutError:
            self.say(f"Gave up after {LONGEST:g} s without a response. {_counts(count)}")
            return
        self.say(_counts(count))

    async def clear(self) -> None:
        """Remove the results."""
        await self.query(".result").remove()

    async def add(self, result: CheckResult) -> None:
        """Show one more, below those that matter as much."""
        lighter = ", ".join(f".-{each}" for each in _ORDER[_ORDER.index(result.verdict) + 1 :])
        following = self.query(lighter).first() if lighter and self.query(lighter) else None
        sign = SIGNS[result.verdict]
        shown = Signed(sign, _content(result), classes=f"result -{result.verdict}")
        await self.mount(shown, before=following)


def _counts(count: Counter[str]) -> str:
    words = {
        "pass": "passed",
        "warn": "warning" if count["warn"] == 1 else "warnings",
        "fail": "failed",
        "skip": "skipped",
    }
    return "   ".join(
        f"{sign} {count[verdict]} {words[verdict]}"
        for verdict, sign in SIGNS.items()
        if count[verdict]
    )


def _content(result: CheckResult) -> Content:
    about = f" ({result.about})" if result.about else ""
    remedy = f"\n{result.remedy}" if result.verdict in ("warn", "fail") and result.remedy else ""
    return Content.assemble((f"{result.title}{about}: ", "bold"), result.seen, (remedy, "italic"))
