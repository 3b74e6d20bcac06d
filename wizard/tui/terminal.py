"""The terminal that the app runs in: what it can show, and what is done when it is lost."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, TextIO

from textual.drivers import linux_driver


def has_few_colours(environment: Mapping[str, str]) -> bool:
    """Whether the terminal says that it has no more than 16 colours."""
    return not environment.get("COLORTERM") and "256" not in environment.get("TERM", "")


class _Outliving:
    """A terminal's file whose writes do not fail when the terminal is gone."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, text: str) -> None:
        with suppress(OSError):
            self._file.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._file.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


@contextmanager
def outlive_terminal() -> Iterator[None]:
    """Keep Textual's thread that writes to the terminal alive: without it the app waits forever.

    The terminal can be gone some writes before the signal that says so is handled.
    """
    terminal = sys.__stderr__
    vars(sys)["__stderr__"] = terminal and _Outliving(terminal)
    try:
        yield
    finally:
        vars(sys)["__stderr__"] = terminal


@contextmanager
def accept_any_bytes() -> Iterator[None]:
    """Show bytes that are not UTF-8 as U+FFFD, as in a pasted text or from a keyboard in Latin-1.

    Textual's thread that reads keys ends the app otherwise, and what is left of the text is typed
    into the shell.
    """
    decoder = vars(linux_driver)["getincrementaldecoder"]
    vars(linux_driver)["getincrementaldecoder"] = lambda name: partial(decoder(name), "replace")
    try:
        yield
    finally:
        vars(linux_driver)["getincrementaldecoder"] = decoder


def let_go() -> None:
    """Let writes to a terminal that is gone go nowhere, instead of waiting or failing."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
