"""Where logs go, and which are kept."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from deployment.logs import KEPT, display_path, new_log
from federation.yaml import files


@pytest.fixture
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of logs of a project of its own."""
    monkeypatch.setattr(files, "PROJECT", tmp_path)
    folder = tmp_path / "logs"
    folder.mkdir()
    return folder


def test_a_log_is_named_by_its_time_and_what_it_is_of(logs: Path) -> None:
    path = new_log("deploy-prod")
    assert path.parent == logs
    assert re.fullmatch(r"\d{8}T\d{6}Z-deploy-prod\.log", path.name)
    assert not path.exists()


def test_the_oldest_make_room_and_what_is_no_log_of_ours_stays(logs: Path) -> None:
    names = [f"202601{day:02}T00000{second}Z-plan.log" for day in range(1, 31) for second in (0, 1)]
    for name in (*names, "notes.log", "a.txt"):
        (logs / name).touch()
    new_log("deploy-prod").touch()
    kept = {path.name for path in logs.iterdir()} - {"notes.log", "a.txt"}
    assert len(kept) == KEPT
    assert sorted(kept)[: KEPT - 1] == names[-KEPT + 1 :]
    assert {"notes.log", "a.txt"} < {path.name for path in logs.iterdir()}


def test_a_few_logs_are_all_kept(logs: Path) -> None:
    (logs / "20260101T000000Z-plan.log").touch()
    new_log("deploy-prod")
    assert [path.name for path in logs.iterdir()] == ["20260101T000000Z-plan.log"]


def test_a_path_is_shown_from_the_current_folder(in_folder: Path) -> None:
    assert display_path(in_folder / "logs" / "a.log") == "logs/a.log"
    assert display_path(Path("/elsewhere/a.log")) == "/elsewhere/a.log"
