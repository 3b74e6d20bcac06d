"""The real side of the seam: threads that wait."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from project_files import STAGING

from deployment import applied
from deployment.cdktf import runs
from deployment.cdktf.runs import FindBehind
from federation.yaml import files
from wizard.threads import UnawaitedThreads
from wizard.tui import live


async def test_values_of_an_iterator_that_waits_come_one_by_one() -> None:
    def values() -> Iterator[int]:
        yield 1
        yield 2

    assert [value async for value in live._in_thread(values())] == [1, 2]


def test_every_run_takes_what_is_left_behind_into_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "PROJECT", tmp_path)
    before = STAGING.replace("{apply: manifests}", "{apply: terraform, context: staging}")
    applied.record(tmp_path, files.parse(before, "staging"))
    now, place = files.parse(STAGING, "staging"), tmp_path / "staging.yaml"
    left: list[list[tuple[str, ...]]] = []

    def note(*_: object, behind: FindBehind, **__: object) -> None:
        left.append([each.stacks for each in behind().projects])

    for name in ("plan", "deploy", "destroy"):
        monkeypatch.setattr(runs, name, note)
    world = live.Live(tmp_path)
    world.plan(place, now, destroy=False)
    world.deploy(place, now)
    world.destroy(place, now)
    assert left == [[("staging-workloads",), ("staging-discovery",)]] * 3


def test_a_thread_that_hangs_does_not_keep_the_app_from_ending() -> None:
    may_end = threading.Event()
    waits: list[bool] = []

    def hang() -> None:
        waits.append(may_end.wait(30))

    async def main() -> None:
        asyncio.get_running_loop().set_default_executor(UnawaitedThreads())
        asyncio.get_running_loop().run_in_executor(None, hang)

    asyncio.run(main())
    assert waits == []
    may_end.set()
