"""What commands do with a pipe, a socket, a device or a hostile document in place of a file."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from federation.yaml.files import PROJECT, dump, load

CONFIGURATION = PROJECT / "tests" / "stacks" / "configurations" / "bucket.yaml"
PIPE = "is a named pipe: name a regular file, '-' for stdin, or use <(...)."
SECONDS = 60
"""Within which a command ends, on a machine that is busy with other tests."""

COMMANDS = {
    "check": ("check", "--offline", "-c"),
    "lint": ("lint", "-c"),
    "synth": ("synth", "-c"),
    "apiserver": ("apiserver", "--distribution", "plain", "--new-cluster", "-c"),
    "doctor": ("doctor", "--offline", "-c"),
    "diff": ("diff", str(CONFIGURATION)),
    "jwks": ("jwks", "--key"),
    "trust --policy": ("trust", "--claims", str(CONFIGURATION), "--policy"),
    "lint --trust-policy": ("lint", "--trust-policy"),
    "lint --plan": ("lint", "--plan"),
    "lint --service-accounts": ("lint", "-c", str(CONFIGURATION), "--service-accounts"),
    "lint --apiserver-manifest": ("lint", "-c", str(CONFIGURATION), "--apiserver-manifest"),
    "lint --chain": ("lint", "-c", str(CONFIGURATION), "--chain"),
    "apiserver --from": ("apiserver", "-c", str(CONFIGURATION), "--from"),
    "apiserver --authentication-config": (
        "apiserver",
        "--distribution",
        "plain",
        "--new-cluster",
        "-c",
        str(CONFIGURATION),
        "--authentication-config",
    ),
    "doctor --ca-file": ("doctor", "--offline", "-c", str(CONFIGURATION), "--ca-file"),
}
HOSTILE = {
    "aliases": "a: &a [x, x, x, x, x, x, x, x, x]\n"
    + "".join(
        f"{b}: &{b} [" + ", ".join([f"*{a}"] * 9) + "]\n"
        for a, b in zip("abcdefghi", "bcdefghij", strict=True)
    ),
    "brackets": "[" * 200_000,
    "objects": '{"a":' * 40_000,
    "entries": "- " * 100_000,
}


def run(*arguments: str, shell: str | None = None) -> tuple[int, str]:
    """Exit code and standard error."""
    command = [sys.executable, "-m", "wizard", *arguments]
    done = subprocess.run(
        ["bash", "-c", shell, *command] if shell else command,
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
        stdin=subprocess.DEVNULL,
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_a_named_pipe_is_refused_at_once(command: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    code, said = run(*COMMANDS[command], str(tmp_path / "fifo"))
    assert (code, said.count("\n"), PIPE in said) == (2, 1, True)


@pytest.mark.breadth
@pytest.mark.parametrize("kind", ["socket", "folder", "/dev/zero", "/dev/tty", "huge"])
@pytest.mark.parametrize("command", COMMANDS)
def test_what_is_no_file_is_refused(command: str, kind: str, tmp_path: Path) -> None:
    place = tmp_path / kind.removeprefix("/")
    with socket.socket(socket.AF_UNIX) as server:
        if kind == "socket":
            server.bind(str(place))
        elif kind == "folder":
            place.mkdir()
        elif kind == "huge":
            with place.open("wb") as file:
                file.truncate(1 << 40)
        name = kind if kind.startswith("/") else str(place)
        code, said = run(*COMMANDS[command], name)
    problem = {
        "socket": "is a socket: ",
        "folder": "is a folder: ",
        "huge": "has more than ",
    }.get(kind, "is a device: ")
    assert (code, problem in said) == (2, True)


@pytest.mark.breadth
@pytest.mark.parametrize("document", HOSTILE)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_hostile_document_is_bad_input(command: str, document: str, tmp_path: Path) -> None:
    (tmp_path / "f").write_text(HOSTILE[document])
    code, said = run(*COMMANDS[command], str(tmp_path / "f"))
    assert "Traceback" not in said
    # An authority's file is looked at by the layer that needs it, which --offline leaves out.
    assert code == (0 if command == "doctor --ca-file" else 2) or code == 1


def test_a_named_pipe_among_the_keys_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    config = load(CONFIGURATION).model_dump()
    config["discovery"]["s3"]["keys"] = [str(tmp_path / "fifo")]
    path = tmp_path / "prod.yaml"
    path.write_text(dump(type(load(CONFIGURATION)).model_validate(config)))
    assert run("review", "-c", str(path), "-o", str(tmp_path / "out")) == (
        2,
        f"{tmp_path / 'fifo'}: {PIPE}\n",
    )


@pytest.mark.parametrize("command", ["check", "lint", "diff"])
def test_what_a_shell_substitutes_is_read(command: str) -> None:
    shell = f'"$0" "$@" <(cat {CONFIGURATION})'
    code, said = run(*COMMANDS[command], shell=shell)
    assert (code in (0, 1), said) == (True, "")


def test_a_command_that_needs_the_file_again_says_so() -> None:
    shell = f'"$0" "$@" <(cat {CONFIGURATION})'
    code, said = run(*COMMANDS["synth"], shell=shell)
    assert (code, said.endswith("needs the configuration again: name a file.\n")) == (2, True)
