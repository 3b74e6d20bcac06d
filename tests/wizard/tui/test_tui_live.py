"""The real side of the seam: what surrounds a run of cdktf, and threads that wait."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Self, cast

import pytest
from scripted import Scripted

from federation.errors import UserError
from wizard.cdktf.events import Event, Interrupted, Line, Step, Succeeded
from wizard.cdktf.runs import Run
from wizard.threads import LeftBehind
from wizard.tui import live

OUTPUTS = {"prod-identity": {"role_arns": {"default/app": "arn:aws:iam::123456789012:role/app"}}}


class Noted(Scripted):
    """A run that starts when it is entered, as cdktf does."""

    started = False

    async def __aenter__(self) -> Self:
        self.started = True
        return self


def surrounded(run: Noted, **parts: live._Part) -> live._Surrounded:
    return live._Surrounded(cast(Run, run), **parts)


async def events(run: live._Surrounded) -> list[Event]:
    async with run:
        return [event async for event in run]


async def test_what_comes_before_ends_before_cdktf_starts() -> None:
    run = Noted([Succeeded({})])

    def work(_: live.Outputs, say: live.Say) -> None:
        say(f"started: {run.started}")

    assert await events(surrounded(run, before=live._Part("looking", work))) == [
        Step(None, "looking"),
        Line(None, "started: False"),
        Succeeded({}),
    ]
    assert run.started


async def test_where_what_comes_before_refuses_cdktf_never_starts() -> None:
    run = Noted([Succeeded({})])

    def work(_: live.Outputs, __: live.Say) -> None:
        raise UserError("There is something of others.")

    with pytest.raises(UserError, match=r"^There is something of others\.$"):
        await events(surrounded(run, before=live._Part("looking", work)))
    assert not run.started


async def test_what_comes_after_gets_the_outputs_and_its_lines_come_before_the_outcome() -> None:
    def work(outputs: live.Outputs, say: live.Say) -> None:
        for account, arn in outputs["prod-identity"]["role_arns"].items():
            say(f"{account}: {arn}")

    run = Noted([Line(None, "Apply complete!"), Succeeded(OUTPUTS)])
    assert await events(surrounded(run, after=live._Part("applying manifests", work))) == [
        Line(None, "Apply complete!"),
        Step(None, "applying manifests"),
        Line(None, "default/app: arn:aws:iam::123456789012:role/app"),
        Succeeded(OUTPUTS),
    ]


async def test_after_an_interrupt_nothing_more_is_done() -> None:
    run = Noted([Succeeded(OUTPUTS)])
    whole = surrounded(run, after=live._Part("applying manifests", lambda *_: None))
    whole.interrupt()
    assert await events(whole) == [Interrupted(Path("logs/run.log"))]


async def test_values_of_an_iterator_that_waits_come_one_by_one() -> None:
    def values() -> Iterator[int]:
        yield 1
        yield 2

    assert [value async for value in live._in_thread(values())] == [1, 2]


def test_a_thread_that_hangs_does_not_keep_the_app_from_ending() -> None:
    may_end = threading.Event()
    waits: list[bool] = []

    def hang() -> None:
        waits.append(may_end.wait(30))

    async def main() -> None:
        asyncio.get_running_loop().set_default_executor(LeftBehind())
        asyncio.get_running_loop().run_in_executor(None, hang)

    asyncio.run(main())
    assert waits == []
    may_end.set()
