"""`python -m wizard` in a real terminal: how the app starts there, and how it ends."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from federation.files import PROJECT

TO_THE_COMMANDS = """\
The terminal app needs a terminal that can move its cursor, and this is not one.
  python -m wizard init    asks the same questions, as options or as plain prompts
  python -m wizard --help  lists all commands
"""


@dataclass
class Terminal:
    """A program in a terminal of its own."""

    process: subprocess.Popen[bytes]
    descriptor: int
    seen: bytes = b""

    def await_text(self, text: str) -> None:
        """Read until the program has written a text; a program that ends fails the test."""
        while text.encode() not in self.seen:
            self.seen += os.read(self.descriptor, 65_536)

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self.descriptor, keys.encode())

    def ended(self) -> int:
        """The exit status, when it has ended."""
        with suppress(OSError):  # Linux reports the end of the program as an error
            while chunk := os.read(self.descriptor, 65_536):
                self.seen += chunk
        return self.process.wait()


@contextmanager
def in_terminal(*args: str, project: Path, **environment: str) -> Iterator[Terminal]:
    """Start a program as the leader of a session, on a terminal that is its own."""
    ours, its = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, *args],
        cwd=project,
        env={**os.environ, "TERM": "xterm-256color", **environment},
        stdin=its,
        stdout=its,
        stderr=its,
        start_new_session=True,
    )
    os.close(its)
    terminal = Terminal(process, ours)
    try:
        yield terminal
    finally:
        process.kill()
        process.wait()
        with suppress(OSError):
            os.close(ours)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder that has the program, and no configuration."""
    for name in ("wizard", "federation", "doctor", "templates"):
        shutil.copytree(PROJECT / name, tmp_path / name)
    (tmp_path / "clusters").mkdir()
    return tmp_path


def test_without_a_terminal_it_points_to_the_commands() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "wizard"],
        cwd=PROJECT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (2, "", TO_THE_COMMANDS)


def test_in_a_dumb_terminal_it_points_to_the_commands_too(project: Path) -> None:
    with in_terminal("-m", "wizard", project=project, TERM="dumb") as terminal:
        assert terminal.ended() == 2
    assert terminal.seen.decode().replace("\r\n", "\n") == TO_THE_COMMANDS


def test_the_first_screen_needs_nothing_of_the_command_line() -> None:
    found = subprocess.run(
        [sys.executable, "-c", "import sys, wizard.tui.app; print(*sys.modules)"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    slow = {"click", "pydantic", "ruamel.yaml", "jinja2", "boto3", "urllib3", "kubernetes"}
    assert slow.intersection(found) == set()


def test_a_python_without_the_packages_says_how_to_get_them() -> None:
    done = subprocess.run(
        [sys.executable, "-S", "-m", "wizard", "check"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (
        1,
        "",
        f"The Python that runs this ({sys.executable}) does not have its packages.\n"
        "  make install                installs them into this folder\n"
        "  source .venv/bin/activate   makes 'python' the one that has them\n",
    )
