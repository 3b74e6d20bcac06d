"""The real side of the seam: threads that wait."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from project_files import STAGING

from deployment.preflight import Requirement
from federation.yaml import files
from wizard.threads import UnawaitedThreads
from wizard.tui import live
from wizard.tui.outside import CheckResult


async def test_values_of_an_iterator_that_waits_come_one_by_one() -> None:
    def values() -> Iterator[int]:
        yield 1
        yield 2

    assert [value async for value in live._in_thread(values())] == [1, 2]


async def test_what_a_deployment_needs_comes_as_results(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {
        "staging": [Requirement("cluster", "fail", "no response.", "Is it up?")],
        None: [Requirement("node", "ok", "v22.")],
    }
    monkeypatch.setattr(
        "deployment.preflight.preflight",
        lambda config: iter(found[config.cluster if config else None]),
    )
    world = live.Live(Path())
    deployment = world.deployment(
        Path("staging.yaml"), files.parse(STAGING, "staging"), destroys=False
    )
    assert [each async for each in world.preflight(deployment)] == [
        CheckResult("fail", "cluster", "no response.", "Is it up?")
    ]
    assert [each async for each in world.check_machine()] == [CheckResult("pass", "node", "v22.")]


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
