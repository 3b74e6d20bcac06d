"""Folders and files that nobody else may read, whatever the umask and whatever was there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from federation.private import close, make_private
from federation.yaml import files


def mode(path: Path) -> str:
    return oct(path.stat().st_mode & 0o777)


@pytest.fixture(autouse=True)
def _open_to_all() -> object:
    before = os.umask(0)
    yield
    os.umask(before)


def test_a_private_file_is_written_into_a_private_folder(tmp_path: Path) -> None:
    files.write(tmp_path / "state" / "a.json", "1", private=True)
    assert (mode(tmp_path / "state"), mode(tmp_path / "state" / "a.json")) == ("0o700", "0o600")
    assert [path.name for path in (tmp_path / "state").iterdir()] == ["a.json"]


def test_what_others_could_read_is_closed(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.mkdir(mode=0o755)
    (folder / "a.json").touch(mode=0o644)
    files.write(folder / "a.json", "1", private=True)
    assert (mode(folder), mode(folder / "a.json")) == ("0o700", "0o600")


def test_another_file_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "a.json").touch(mode=0o640)
    files.write(tmp_path / "a.json", "1")
    assert mode(tmp_path / "a.json") == "0o640"


def test_only_a_folder_that_is_there_is_closed(tmp_path: Path) -> None:
    close(tmp_path / "none")
    assert not (tmp_path / "none").exists()
    (tmp_path / "some").mkdir(mode=0o777)
    close(tmp_path / "some")
    assert mode(tmp_path / "some") == "0o700"
    make_private(tmp_path / "one" / "two")
    assert mode(tmp_path / "one" / "two") == "0o700"
