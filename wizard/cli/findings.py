"""Findings on a terminal: a table while they come and when all are there; elsewhere plain lines.

Texts of findings are shown as they are, and never read as markup. What is wrong is told below the
table: seen, expected, cause, fix, and where its page is.
"""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterable, Iterable, Sequence

from rich.console import Console, ConsoleOptions, Group, RenderResult  # noqa: TID251  (a type)
from rich.padding import Padding
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from doctor.finding import Finding
from doctor.reports.summary import counts, kept_from_saying
from doctor.runner import ordered
from wizard import printer

SIGNS = {"pass": "+", "warn": "!", "fail": "x", "skip": "-"}
_STYLES = {"pass": "green", "warn": "yellow", "fail": "bold red", "skip": "dim"}
_FRAME = 3
"""Lines of a terminal that the table leaves free: its head, the spinner and the cursor."""


def on_terminal() -> bool:
    """Whether standard output is a terminal that can be drawn on."""
    return sys.stdout.isatty() and os.environ.get("TERM") not in ("dumb", "unknown")


async def watched(coming: AsyncIterable[Finding]) -> list[Finding]:
    """Draw findings as they come, until all are there; nothing of it stays on the terminal.

    Returns:
        The findings in the order of a report.
    """
    board = _Board()
    with printer.drawn_live(board):
        async for finding in coming:
            board.found.append(finding)
    return ordered(board.found)


def show(found: Sequence[Finding]) -> None:
    """Print all findings, and what to do about those that are not good."""
    if on_terminal():
        explanations = [_explanation(finding, found) for finding in _wrong(found)]
        printer.draw(_table(found), *explanations, "")
    else:
        for finding in found:
            printer.say(*_lines(finding, found))
    printer.say(", ".join(f"{verdict}: {count}" for verdict, count in counts(found).items()))


class _Board:
    """The findings so far; the newest of them, where a terminal is too low for all."""

    def __init__(self) -> None:
        self.found: list[Finding] = []
        self._spinner = Spinner("line")

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        newest = self.found[-max(1, console.height - _FRAME) :]
        self._spinner.update(text=f"{len(self.found)} findings")
        yield Group(_table(ordered(newest)), self._spinner)


def _table(found: Iterable[Finding]) -> Table:
    table = Table(box=None, pad_edge=False, expand=True, header_style="bold")
    table.add_column("verdict", width=7)
    table.add_column("layer", no_wrap=True)
    table.add_column("code", no_wrap=True)
    table.add_column("seen", ratio=1, no_wrap=True, overflow="ellipsis")
    for finding in found:
        style = _STYLES[finding.verdict]
        table.add_row(
            Text(f"{SIGNS[finding.verdict]} {finding.verdict}", style),
            Text(finding.layer),
            Text(finding.code),
            Text(f"{finding.about}: {finding.seen}" if finding.about else finding.seen),
        )
    return table


def _explanation(finding: Finding, found: Sequence[Finding]) -> Group:
    """What is wrong, below the table."""
    told = Table.grid(padding=(0, 2))
    told.add_column(style="dim")
    told.add_column(overflow="fold")
    for name, text in _parts(finding, found).items():
        told.add_row(name, Text(text))
    head = Text.assemble((_head(finding), _STYLES[finding.verdict]), f": {finding.title}")
    return Group("", head, Padding(told, (0, 0, 0, 2)))


def _lines(finding: Finding, found: Sequence[Finding]) -> list[str]:
    parts = _parts(finding, found) if finding.verdict in ("warn", "fail") else {}
    return [
        f"{_head(finding)}: {finding.title}: {finding.seen}",
        *(f"      {name}: {text}" for name, text in parts.items() if name != "seen"),
    ]


def _head(finding: Finding) -> str:
    about = f" ({finding.about})" if finding.about else ""
    return f"{SIGNS[finding.verdict]} {finding.verdict} {finding.code}{about}"


def _parts(finding: Finding, found: Sequence[Finding]) -> dict[str, str]:
    parts = {
        "seen": finding.seen,
        "expected": finding.expected,
        "cause": finding.cause,
        "fix": finding.fix,
        "hides": ", ".join(kept_from_saying(finding, found)),
        "more": finding.page,
    }
    return {name: text for name, text in parts.items() if text}


def _wrong(found: Iterable[Finding]) -> list[Finding]:
    """Warnings, and then failures, which stay in sight at the end."""
    verdicts = ("warn", "fail")
    wrong = [finding for finding in found if finding.verdict in verdicts]
    return sorted(wrong, key=lambda each: verdicts.index(each.verdict))
