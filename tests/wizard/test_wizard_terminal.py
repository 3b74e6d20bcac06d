"""`python -m wizard` in a real terminal: how the app starts there, and how it ends."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from federation.yaml.files import PROJECT
from wizard.tui.drafts import Drafts

TO_THE_COMMANDS = """\
The terminal app needs a terminal that can move its cursor, and this is not one.
  python -m wizard init    asks the same questions, as options or as plain prompts
  python -m wizard --help  lists all commands
"""


SILENCE_SECONDS = 15

_COLOUR = re.compile(rb"\x1b\[(?:\d+;)*(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])[;m]")

CTRL_C = "\x03"
CTRL_Q = "\x11"


@dataclass
class Terminal:
    """A program in a terminal of its own."""

    process: subprocess.Popen[bytes]
    descriptor: int
    seen: bytes = b""

    def await_text(self, text: str) -> None:
        """Read until the program has written a text; its end or its silence fails the test."""
        while text.encode() not in self.seen:
            ready, _, _ = select.select([self.descriptor], [], [], SILENCE_SECONDS)
            assert ready, f"{text!r} was not written: {self.seen[-3000:]!r}"
            self.seen += os.read(self.descriptor, 65_536)

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self.descriptor, keys.encode())

    def send(self, content: bytes) -> None:
        """Send what may be no text."""
        os.write(self.descriptor, content)

    def hang_up(self) -> None:
        """Close the terminal, as closing its window does."""
        os.close(self.descriptor)
        self.descriptor = -1

    def ended(self) -> int:
        """The exit status, when it has ended; its silence fails the test."""
        with suppress(OSError):  # Linux reports the end of the program as an error
            while select.select([self.descriptor], [], [], 4 * SILENCE_SECONDS)[0]:
                self.seen += os.read(self.descriptor, 65_536)
        return self.process.wait(timeout=SILENCE_SECONDS)


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
        preexec_fn=_own_terminal,
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


def _own_terminal() -> None:
    """Lead a session, whose terminal is standard input."""
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder that has the program, and no configuration."""
    for name in (
        "wizard",
        "federation",
        "apiserver",
        "deployment",
        "doctor",
        "review",
        "formats",
        "templates",
    ):
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


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
def test_a_closed_standard_file_is_no_defect(closed: str, tmp_path: Path) -> None:
    path = tmp_path / "prod.yaml"
    path.write_text("cluster:\n\tprod: a\n")
    done = subprocess.run(
        ["sh", "-c", f'exec "$0" -m wizard check --config "$1" {closed}', sys.executable, path],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    said = f"{path}:2: is not YAML: a tab stands where only spaces may: replace it.\n"
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == ("" if "2>" in closed else said)


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


def test_the_app_opens_and_ctrl_q_leaves_it(project: Path) -> None:
    with in_terminal("-m", "wizard", project=project) as terminal:
        terminal.await_text("New configuration")
        terminal.type(CTRL_Q)
        assert terminal.ended() == 0


def test_ctrl_c_leaves_at_the_second_time(project: Path) -> None:
    with in_terminal("-m", "wizard", project=project) as terminal:
        terminal.await_text("New configuration")
        terminal.type(CTRL_C)
        terminal.await_text("Press it again to leave")
        # On a busy machine the time for the second one may be over: then this is a first one again.
        terminal.type(CTRL_C + CTRL_C)
        assert terminal.ended() == 0


def test_without_colours_the_first_screen_is_the_same_text(project: Path) -> None:
    with in_terminal("-m", "wizard", project=project, NO_COLOR="1", TERM="xterm") as terminal:
        terminal.await_text("New configuration")
        terminal.type("n")
        terminal.await_text("The cluster's issuer, https")
        terminal.type(CTRL_Q)
        assert terminal.ended() == 0
    assert _COLOUR.findall(terminal.seen) == []
    assert b"\x1b[1;4;39;49m+ New configuration" in terminal.seen  # under the cursor
    assert b"\x1b[7;39;49m \x1b[0m" in terminal.seen  # the cursor in the first field


def test_when_the_terminal_is_lost_the_app_ends_and_keeps_the_answers(project: Path) -> None:
    with in_terminal("-m", "wizard", project=project) as terminal:
        terminal.await_text("New configuration")
        terminal.type("n")
        terminal.await_text("The cluster's issuer, https")  # explained, since in focus
        terminal.type("lost.example.com")
        terminal.await_text("https://lost.example.com/openid/v1/jwks")
        terminal.hang_up()
        assert terminal.process.wait(timeout=60) == 0
    [kept] = Drafts(project / ".drafts").all()
    assert kept.draft.answer("issuer") == "lost.example.com"


def test_init_asks_in_lines_that_fit_and_asks_before_it_replaces_a_file(project: Path) -> None:
    there = project / "clusters" / "web.yaml"
    there.write_text("# mine\n")
    command = ("-m", "wizard", "init", "--region", "eu-west-1", "--namespace", "default")
    for answer, status in (("n", 2), ("y", 0)):
        with in_terminal(*command, project=project) as terminal:
            terminal.await_text("Cluster DNS: ")
            terminal.type("Web.example.com\n")
            terminal.await_text("capital letters")
            terminal.type("web.example.com\n")
            terminal.await_text("Audience [sts.amazonaws.com]: ")
            terminal.type("\n")
            terminal.await_text("Service account [oidc-iam-pod]: ")
            terminal.type("\n")
            terminal.await_text("clusters/web.yaml is there already. Replace it? [y/N]: ")
            assert max(map(len, terminal.seen.decode().splitlines())) < 80
            assert there.read_text() == "# mine\n"
            terminal.type(f"{answer}\n")
            assert terminal.ended() == status
    assert "web.example.com" in there.read_text()


def test_bytes_that_are_no_text_are_shown_as_such_and_end_nothing(project: Path) -> None:
    with in_terminal("-m", "wizard", project=project) as terminal:
        terminal.await_text("New configuration")
        terminal.type("n")
        terminal.await_text("The cluster's issuer, https")
        terminal.send(b"\x1b[200~caf\xe9\xff\x1b[201~\t")
        terminal.await_text(
            "caf\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}' is not a DNS name"
        )
        terminal.type(CTRL_Q)
        assert terminal.ended() == 0


def test_a_defect_ends_the_app_with_the_place_of_its_traceback(project: Path) -> None:
    with (project / "wizard" / "tui" / "session.py").open("a") as module:
        module.write("AppSession.begin_loading = None\n")
    with in_terminal("-m", "wizard", project=project) as terminal:
        assert terminal.ended() == 70
    [log] = (project / "logs").iterdir()
    said = " ".join(terminal.seen.decode().split())
    assert said.endswith(
        "This is a bug in oidc-iam, not in your input (TypeError). The traceback is in "
        f"logs/{log.name}."
    )
    assert log.read_text().splitlines()[-1] == "TypeError: 'NoneType' object is not callable"
