"""Files that a person names: what is read, what is refused, and that nothing waits for ever."""

from __future__ import annotations

import codecs
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from federation import named_files
from federation.named_files import FileError

REFUSED_AFTER = 2.0
"""Seconds within which what is refused is refused, on a busy machine."""


def refusal(name: str | Path, **options: bool | int) -> str:
    begun = time.monotonic()
    with pytest.raises(FileError) as caught:
        named_files.text(name, **options)  # type: ignore[arg-type]
    assert time.monotonic() - begun < REFUSED_AFTER
    return str(caught.value)


@contextmanager
def pipe(content: bytes, *, then_close: bool = True) -> Iterator[str]:
    """The name of a pipe's reading end, into which a thread writes."""
    reading, writing = os.pipe()
    done = threading.Event()

    def write() -> None:
        os.write(writing, content)
        if not then_close:
            done.wait()
        os.close(writing)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield f"/dev/fd/{reading}"
    finally:
        done.set()
        thread.join()
        os.close(reading)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("é".encode(), "é"),
        (codecs.BOM_UTF8 + "é".encode(), "é"),
        (codecs.BOM_UTF16_LE + "é\n".encode("utf-16-le"), "é\n"),
        (codecs.BOM_UTF16_BE + "é\n".encode("utf-16-be"), "é\n"),
        (b"", ""),
    ],
)
def test_text_is_utf_8_or_utf_16_with_its_mark(tmp_path: Path, content: bytes, text: str) -> None:
    (tmp_path / "a").write_bytes(content)
    assert named_files.text(tmp_path / "a") == text


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"caf\xe9\n", "is not UTF-8 text (byte 3): save it as UTF-8."),
        (codecs.BOM_UTF8 + b"\xff", "is not UTF-8 text (byte 3): save it as UTF-8."),
        (codecs.BOM_UTF16_LE + b"a", "is not UTF-16 text (byte 2): save it as UTF-8."),
        (b"a\0b", "has a NUL (character 2): save it as UTF-8, without NULs."),
        ("a".encode("utf-16-le"), "has a NUL (character 2): save it as UTF-8, without NULs."),
        ("a".encode("utf-32"), "has a NUL (character 1): save it as UTF-8, without NULs."),
        (b" " * 11, "has more than 10 bytes."),
    ],
)
def test_what_is_not_text_is_named_with_its_place(
    in_folder: Path, content: bytes, problem: str
) -> None:
    Path("a").write_bytes(content)
    assert refusal("a", limit=10) == f"a: {problem}"


def test_the_bytes_of_a_file_are_not_looked_at(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\0\xff")
    assert named_files.content(tmp_path / "a") == b"\0\xff"


def test_a_huge_file_is_refused_before_it_is_read(in_folder: Path) -> None:
    with Path("a").open("wb") as file:
        file.truncate(1 << 40)
    assert refusal("a") == "a: has more than 1000000 bytes."


def test_what_is_no_regular_file_is_refused_at_once(in_folder: Path) -> None:
    os.mkfifo("fifo")
    Path("folder").mkdir()
    Path("loop").symlink_to("loop")
    Path("to-fifo").symlink_to("fifo")
    Path("to-folder").symlink_to("folder")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        pipe_text = "is a named pipe: name a regular file, '-' for stdin, or use <(...)."
        assert {name: refusal(name).removeprefix(f"{name}: ") for name in _ODD} == {
            "fifo": pipe_text,
            "to-fifo": pipe_text,
            "folder": "is a folder: name a file.",
            "to-folder": "is a folder: name a file.",
            "": "is a folder: name a file.",
            "socket": "is a socket: name a regular file, or '-' for stdin.",
            "/dev/zero": "is a device: name a regular file.",
            "/dev/tty": "is a device: name a regular file.",
            "loop": "is a symbolic link that leads to itself: remove it.",
            "none": "there is no such file. Check the name.",
            "fifo/none": "there is no such file: a part of its path is a file. Check the name.",
            "n" * 300: "has a name that is too long to be one of a file.",
            "/dev/fd/900000": "is not open: the program that started this one did not pass it.",
        }


_ODD = (
    "fifo",
    "to-fifo",
    "folder",
    "to-folder",
    "",
    "socket",
    "/dev/zero",
    "/dev/tty",
    "loop",
    "none",
    "fifo/none",
    "n" * 300,
    "/dev/fd/900000",
)


@pytest.mark.parametrize("name", ["a\0b", "a\ud800b"])
def test_a_name_that_no_file_can_have(name: str) -> None:
    escaped = name.encode("unicode_escape").decode()
    assert refusal(name) == f"{escaped}: has a name that no file can have."


def test_a_fifo_that_takes_the_place_of_a_file_is_refused_all_the_same(
    in_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("a").write_text("a")
    os.mkfifo("b")
    open_file = os.open

    def swapped(path: Path, flags: int) -> int:
        Path("b").replace("a")
        return open_file(path, flags)

    monkeypatch.setattr(os, "open", swapped)
    assert refusal("a").startswith("a: is a named pipe: ")


def test_a_pipe_behind_a_number_is_read_and_can_be_read_again() -> None:
    with pipe("é".encode() * 100_000) as name:
        assert [named_files.text(name), named_files.text(name)] == ["é" * 100_000] * 2


def test_a_pipe_that_brings_too_much_is_given_up() -> None:
    with pipe(b"a" * 1000) as name:
        assert refusal(name, limit=999) == f"{name}: has more than 999 bytes."


@pytest.mark.parametrize("content", [b"", b"some of it"])
def test_a_pipe_that_is_never_closed_is_given_up_in_time(
    content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(named_files, "SECONDS", 0.2)
    with pipe(content, then_close=False) as name:
        assert refusal(name) == (
            f"{name}: did not end within 0.2 seconds: write it to a file, and name that."
        )


def test_an_open_file_is_read_from_where_it_is_and_stays_there(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("first\nrest\n")
    with (tmp_path / "a").open("rb", buffering=0) as file:
        file.read(6)
        name = f"/dev/fd/{file.fileno()}"
        assert [named_files.text(name), named_files.text(name)] == ["rest\n"] * 2


def test_an_open_folder_is_refused(tmp_path: Path) -> None:
    number = os.open(tmp_path, os.O_RDONLY)
    try:
        assert refusal(f"/dev/fd/{number}") == f"/dev/fd/{number}: is a folder: name a file."
    finally:
        os.close(number)


def test_what_a_configuration_names_is_a_regular_file_alone(in_folder: Path) -> None:
    Path("-").write_text("a file")
    assert named_files.text("-", streams=False) == "a file"
    with pipe(b"a") as name:
        assert refusal(name, streams=False) == (
            f"{name}: is a named pipe: name a regular file, '-' for stdin, or use <(...)."
        )


READ = "from federation import named_files; print(repr(named_files.text({!r})))"


@pytest.mark.parametrize("name", ["-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"])
@pytest.mark.parametrize("kind", ["pipe", "file", "socket"])
def test_stdin_is_read_whatever_it_is(name: str, kind: str, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("text")
    ours, theirs = socket.socketpair()
    with ours, theirs, (tmp_path / "a").open() as file:
        ours.sendall(b"text")
        ours.shutdown(socket.SHUT_WR)
        given: Any = {"pipe": subprocess.PIPE, "file": file, "socket": theirs}[kind]
        reader = subprocess.Popen(
            [sys.executable, "-c", READ.format(name)], stdin=given, stdout=subprocess.PIPE
        )
        printed, _ = reader.communicate(b"text" if kind == "pipe" else None)
    assert printed == b"'text'\n"


def test_a_stdin_that_is_closed_is_an_error() -> None:
    done = subprocess.run(
        ["sh", "-c", 'exec "$0" -c "$1" <&-', sys.executable, READ.format("-")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr.splitlines()[-1].endswith(
        "-: is not open: the program that started this one did not pass it."
    )
