"""Reads what cdktf and Terraform print, line by line, into events and error reports.

cdktf shows each stack's Terraform under the stack's name: the first line of a batch begins with the
name and two blanks, the others are indented as far. It adds the construct's path after each address
and, where it takes its output for a terminal, codes that erase what it drew before. The sentences
are Terraform's (`internal/command/views/hook_ui.go`, `apply.go`); OpenTofu prints the same.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Sequence

from deployment.cdktf.events import (
    Action,
    Counted,
    Event,
    OutputLine,
    ResourceDone,
    ResourceProgress,
    ResourceStarted,
    StackDone,
)
from formats.escaping import uncoloured

_DRAWN = re.compile(r"[\u2800-\u28ff]\s+\w+|\d+ Stacks? \w+ing\s+\d+ Stacks? done\s+.*")
_GONE = re.compile(r"The outputs have been written to .+")
"""Names a file that is ours, and removed by the time that somebody reads the line."""
_ABOUT_RESOURCE = re.compile(
    r"(?P<address>[a-z][\w-]*(?:\.[\w-]+)+(?:\[[^\]]*\])?)(?: \([^)]*\))*"
    r"(?P<index>\[[^\]]*\])?: (?P<news>.+)"
)
_NEWS = re.compile(
    r"(?P<started>Creating|Modifying|Destroying|Reading)\.\.\."
    r"|Still (?P<still>creating|modifying|destroying|reading)\.\.\. "
    r"\[(?:id=.*, )?(?P<elapsed>\w+) elapsed\]"
    r"|(?P<done>Creation|Modifications|Destruction|Read) complete after (?P<took>\w+)"
)
_ACTIONS: dict[str, Action] = {
    "creat": "create",
    "modif": "update",
    "destr": "delete",
    "readi": "read",
    "read": "read",
}
_PLANNED = re.compile(
    r"Plan: (?:\d+ to import, )?(\d+) to add, (\d+) to change, (\d+) to destroy\b.*"
)
_UNCHANGED = re.compile(r"No changes\. .*")
_APPLIED = re.compile(
    r"Apply complete! Resources: (?:\d+ imported, )?(\d+) added, (\d+) changed, (\d+) destroyed\b.*"
)
_DESTROYED = re.compile(r"Destroy complete! Resources: (\d+) destroyed\b.*")
_REPORT = re.compile(r"(?P<severity>Error|Warning): .*")
_OWN_REPORT = re.compile(r"(?P<severity>\w*Error|ERROR): .*")
_LONGEST_REPORT = 200
_LAST_LINES = 20


class CdktfLog:
    """Reads the output of a cdktf command on these stacks."""

    def __init__(self, stacks: Sequence[str]) -> None:
        self._stacks = {stack: TerraformLog(stack) for stack in stacks}
        self._own = TerraformLog(None)
        self._current: str | None = None
        self._blank = True

    def read(self, line: str) -> Iterator[Event]:
        """What a line tells, beginning with the line itself."""
        line = uncoloured(line)
        if _DRAWN.fullmatch(line.strip()) or _GONE.fullmatch(line.strip()):
            return
        blank = not line.strip()
        if blank and self._blank:
            return
        self._blank = blank
        text = "" if blank else self._remove_frame(line)
        log = self._own if self._current is None else self._stacks[self._current]
        yield from log.read(text)

    @property
    def reports(self) -> tuple[str, ...]:
        """The errors that Terraform reported, stack by stack; else those of cdktf itself."""
        found = tuple(report for log in self._stacks.values() for report in log.reports)
        return found or self._own.reports

    @property
    def done(self) -> frozenset[str]:
        """The stacks that Terraform reported as applied or destroyed."""
        return frozenset(stack for stack, log in self._stacks.items() if log.done)

    @property
    def last(self) -> str:
        """The last lines of cdktf's own."""
        return self._own.last

    def _remove_frame(self, line: str) -> str:
        for stack in self._stacks:
            if line == stack or line.startswith(f"{stack}  "):
                self._current = stack
                return line[len(stack) + 2 :]
        if self._current is not None:
            indent = " " * (len(self._current) + 2)
            if line.startswith(indent):
                return line.removeprefix(indent)
        self._current = None
        return line


class TerraformLog:
    """Reads the output of Terraform on one stack (None: whatever else cdktf prints)."""

    def __init__(self, stack: str | None) -> None:
        self.done: frozenset[str] = frozenset()
        """The stack, once Terraform has reported it as applied or destroyed."""
        self._stack = stack
        self._reports: list[list[str]] = []
        self._reporting = False
        self._last: deque[str] = deque(maxlen=_LAST_LINES)

    def read(self, line: str) -> Iterator[Event]:
        """What a line tells, beginning with the line itself."""
        text = uncoloured(line).rstrip()
        yield OutputLine(self._stack, text)
        news = None if self._stack is None else _news(self._stack, text)
        self._note(text, news)
        if isinstance(news, StackDone):
            self.done = frozenset((news.stack,))
        if news is not None:
            yield news

    @property
    def reports(self) -> tuple[str, ...]:
        """The errors that it reported, each whole, without the frame around it."""
        return tuple("\n".join(report).strip() for report in self._reports)

    @property
    def last(self) -> str:
        """The last lines, for where nothing was reported."""
        return "\n".join(self._last).strip()

    def _note(self, line: str, news: Event | None) -> None:
        self._last.append(line)
        text = re.sub(r"^[│╷╵] ?", "", line)
        if begins := (_REPORT if self._stack else _OWN_REPORT).match(text):
            # What cdktf says of a failed synthesis goes on to the end, and quotes other errors.
            if not self._reports or not self._reports[-1][0].startswith("ERROR: "):
                self._reporting = begins["severity"] != "Warning"
                if self._reporting:
                    self._reports.append([])
        elif news is not None or line.startswith("╵"):
            self._reporting = False
        if self._reporting and len(self._reports[-1]) < _LONGEST_REPORT:
            self._reports[-1].append(text)


def _news(stack: str, text: str) -> Event | None:
    if about := _ABOUT_RESOURCE.fullmatch(text):
        address = about["address"] + (about["index"] or "")
        return _resource_news(stack, address, about["news"])
    if planned := _PLANNED.fullmatch(text):
        return Counted(stack, *map(int, planned.groups()))
    if _UNCHANGED.fullmatch(text):
        return Counted(stack, 0, 0, 0)
    if applied := _APPLIED.fullmatch(text):
        return StackDone(stack, *map(int, applied.groups()))
    if destroyed := _DESTROYED.fullmatch(text):
        return StackDone(stack, 0, 0, int(destroyed[1]))
    return None


def _resource_news(stack: str, address: str, text: str) -> Event | None:
    news = _NEWS.match(text)
    if news is None:
        return None
    verb = news["started"] or news["still"] or news["done"]
    action = _ACTIONS[verb.lower()[:5]]
    if news["started"]:
        return ResourceStarted(stack, address, action)
    if news["still"]:
        return ResourceProgress(stack, address, action, _seconds(news["elapsed"]))
    return ResourceDone(stack, address, action, _seconds(news["took"]))


def _seconds(duration: str) -> int:
    """The seconds of a Go duration: 1m3s, or 00m10s as Terraform 1.12 and newer write it."""
    factors = {"h": 3600, "m": 60, "s": 1}
    parts = re.findall(r"(\d+)([hms])", duration)
    return sum(int(number) * factors[unit] for number, unit in parts)
