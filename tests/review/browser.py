"""A headless Chromium that is told what to do over a pipe (Chrome DevTools Protocol).

Its own user directory, no network service of its own, ended with the block. What pages say on the
console and ask of the network is kept.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)


def chromium() -> str | None:
    """The program, if there is one on the PATH."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


class Page:
    """A tab.

    Attributes:
        complaints: What was said on the console, and exceptions.
        requests: The addresses that were asked for, the page's own first.
    """

    def __init__(self, to: int, answers: Iterator[dict[str, Any]]) -> None:
        self._to = to
        self._answers = answers
        self._count = 0
        self._session: str | None = None
        self.complaints: list[Any] = []
        self.requests: list[str] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Give a command and wait for its result."""
        self._count += 1
        message: dict[str, Any] = {"id": self._count, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        for answer in self._answers:
            if answer.get("id") == self._count:
                assert "error" not in answer, answer
                return dict(answer["result"])
            self._note(answer)
        raise AssertionError("Chromium has ended")

    def open(self, path: Path, width: int) -> None:
        """Show a file in a window of a width, in CSS pixels, and wait until it is there."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        self.call("Page.navigate", url=path.as_uri())
        ready = "new Promise(done => addEventListener('load', done) || "
        self.evaluate(f"{ready}document.readyState === 'complete' && done())")

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression in the page."""
        answer = self.call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def picture(self) -> bytes:
        """The whole page as PNG."""
        answer = self.call("Page.captureScreenshot", captureBeyondViewport=True)
        return base64.b64decode(answer["data"])

    def pdf(self) -> bytes:
        """The page as it prints, in the size that its style asks for."""
        answer = self.call("Page.printToPDF", preferCSSPageSize=True, printBackground=False)
        return base64.b64decode(answer["data"])

    def _note(self, event: dict[str, Any]) -> None:
        parameters = event.get("params", {})
        if event.get("method") == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])
        elif event.get("method") in _COMPLAINTS:
            self.complaints.append(parameters)


_COMPLAINTS = ("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown")


_WITH_PIPES = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); "
    "os.execv(sys.argv[3], sys.argv[3:])"
)
"""Chromium reads commands from 3 and writes to 4."""


def _pipe() -> tuple[int, int]:
    """A pipe whose ends differ from the descriptors that Chromium looks for."""
    low = os.pipe()
    reading, writing = (fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in low)
    for end in low:
        os.close(end)
    return reading, writing


@contextmanager
def page(program: str, folder: Path) -> Iterator[Page]:
    """A tab of a Chromium of its own, whose user directory is made in a folder."""
    ours_in, theirs_out = _pipe()
    theirs_in, ours_out = _pipe()
    with subprocess.Popen(
        [
            *(sys.executable, "-c", _WITH_PIPES, str(theirs_in), str(theirs_out), program),
            *(*_OPTIONS, f"--user-data-dir={folder / 'chromium'}"),
        ],
        pass_fds=(theirs_in, theirs_out),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        os.close(theirs_in)
        os.close(theirs_out)
        try:
            with os.fdopen(ours_in, "rb", buffering=0) as stream:
                yield Page(ours_out, _messages(stream))
        finally:
            process.kill()
            os.close(ours_out)


def _messages(stream: Any) -> Iterator[dict[str, Any]]:
    rest = b""
    while part := stream.read(65536):
        *whole, rest = (rest + part).split(b"\0")
        yield from map(json.loads, whole)
