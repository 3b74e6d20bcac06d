"""What judges the runs of the properties notices each way in which a command goes wrong."""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hostile_runs import Judged

import wizard.cli
from wizard import printer


def _stray() -> None:
    (Path.cwd().parent / "stray").write_text("x")


def _changed() -> None:
    Path("safe.yaml").write_text("x")


def _in_home() -> None:
    (Path.home() / ".aws" / "config").write_text("x")


def _broken() -> None:
    raise RuntimeError


def _printed() -> None:
    printer._write(sys.stdout, "\u202e")


def _written() -> None:
    Path("out").mkdir()
    (Path("out") / "a\x07").write_text("::error::x")


def _busy() -> None:
    begun = time.process_time()
    while time.process_time() - begun < 0.2:
        pass


ZERO, X = (hashlib.sha256(each).hexdigest() for each in (b"0", b"x"))
FAULTS: dict[str, tuple[Callable[[], None], list[str]]] = {
    "a file elsewhere": (_stray, [f"'one/two/stray': was None, is 100644 {X}"]),
    "another file": (
        _changed, [f"'one/two/work/safe.yaml': was 100600 {ZERO}, is 100600 {X}"],
    ),
    "a bug": (_broken, ["exit status 70"]),
    "what acts": (_printed, ["'\\u202e' in '\\u202e'"]),
    "names and files that act": (_written, ["'\\x07' in 'out/a\\x07'", "a command: '::error::x'"]),
}  # fmt: skip


@pytest.mark.parametrize("case", FAULTS)
def test_a_fault_is_noticed(case: str, judged: Judged, monkeypatch: pytest.MonkeyPatch) -> None:
    run, expected = FAULTS[case]
    monkeypatch.setattr("wizard.errors.keep_traceback", lambda _: "a log")
    monkeypatch.setattr(wizard.cli, "cli", lambda **_: run())
    with pytest.raises(AssertionError) as caught:
        judged.run(["check"], {"safe.yaml": b"0"})
    _, *faults = str(caught.value).split("\n")
    assert faults[: len(expected)] == expected


def test_a_changed_home_is_noticed(judged: Judged, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wizard.cli, "cli", lambda **_: _in_home())
    with pytest.raises(AssertionError, match=r"'home/\.aws/config': was 100644 \w+, is 100644"):
        judged.run(["check"], {})


def test_time_of_the_processor_is_noticed(judged: Judged, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hostile_runs.SECONDS", 0.1)
    monkeypatch.setattr(wizard.cli, "cli", lambda **_: _busy())
    with pytest.raises(AssertionError, match=r"0\.\d+ s of the processor"):
        judged.run(["check"], {})


def test_a_command_that_may_not_write_is_noticed(
    judged: Judged, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wizard.cli, "cli", lambda **_: Path("out").mkdir())
    judged.run(["check"], {})
    with pytest.raises(AssertionError, match="'one/two/work/out': was None, is 40755"):
        judged.run(["check"], {}, writes=False)
