"""How tests walk through the app: they press keys, and wait until something is so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from scripted import World
from textual.command import CommandList, CommandPalette
from textual.events import Key, Paste
from textual.keys import _character_to_key
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input

from wizard.tui.app import WizardApp, make_app
from wizard.tui.screens.deploy import ShowDeployment
from wizard.tui.screens.done import Done
from wizard.tui.screens.following import Following
from wizard.tui.screens.plan import ShowPlan
from wizard.tui.screens.questions import Questions
from wizard.tui.screens.review import ShowReview
from wizard.tui.widgets.editors import ChoiceEditor
from wizard.tui.widgets.field import Field

_LONGEST = 60.0
"""Seconds after which what a test waits for is taken to never come."""

_GLANCE = 0.005
"""Seconds for threads and processes between two looks at whether something is so."""

_QUIET = 10
"""Turns of the loop without a message, after which none is on its way."""


class Walk(Pilot[None]):
    """Somebody who presses keys, and waits until the app has done what they ask for.

    Textual's own pilot waits until the process needs little of the CPU, several times for each key.
    This one waits until no widget has a message left, and what changed is drawn.
    """

    async def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        for key in keys:
            letter = key if len(key) == 1 else None
            self.app.post_message(Key(_character_to_key(letter) if letter else key, letter))
            await self.pause()

    async def pause(self, _: float | None = None) -> None:
        """Let the app go on until it waits for something else than itself."""
        quiet = 0
        while quiet < _QUIET:
            await asyncio.sleep(0)
            screen = self.app.screen
            nodes = (self.app, *screen.walk_children(with_self=True))
            quiet = 0 if any(node.message_queue_size for node in nodes) else quiet + 1
            if quiet == _QUIET // 2:
                screen._on_timer_update()  # draws, which may call for more


@asynccontextmanager
async def walking(
    project: Path, world: World, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[Walk]:
    """The app of a project in a scripted world, with its first screen ready."""
    app = make_app(project, world)
    app.animation_level = "none"
    with pytest.MonkeyPatch.context() as patch:
        # What was said stays, and a second Ctrl+C counts, however busy the machine is.
        patch.setattr(app, "NOTIFICATION_TIMEOUT", 3600)
        patch.setattr("wizard.tui.app._SECOND_CTRL_C", 3600)
        async with app.run_test(size=size) as pilot:
            walk = Walk(pilot.app)
            await ready(walk)
            yield walk


def wizard(walk: Walk) -> WizardApp:
    """The app that is walked through."""
    assert isinstance(walk.app, WizardApp)
    return walk.app


async def ready(walk: Walk) -> None:
    """Wait until all that the first screen begins has ended."""
    await until(walk, lambda: wizard(walk).session._loading is not None)
    await wizard(walk).session.load()
    await done(walk, "machine", "clusters")


async def until(walk: Walk, so: Callable[[], object]) -> None:
    """Let the app go on until something is so."""
    async with asyncio.timeout(_LONGEST):
        while not so():
            assert walk.app.is_running, "the app has ended"
            await walk.pause()
            await asyncio.sleep(_GLANCE)
    await walk.pause()


async def done(walk: Walk, *groups: str) -> None:
    """Wait until no worker of these groups is busy."""
    workers = walk.app.workers
    # Without any to wait for it would wait for all, and some go on as long as the app.
    if busy := [worker for worker in workers if worker.group in groups]:
        await workers.wait_for_complete(busy)
    await walk.pause()


async def on(walk: Walk, screen: type[Screen[Any]]) -> None:
    """Wait until a screen is there."""
    await until(walk, lambda: isinstance(walk.app.screen, screen))


async def answer(walk: Walk, key: str, text: str) -> None:
    """Replace the answer to a question, as pasting does; several values are in lines."""
    editor = field(walk, key).editor
    assert not isinstance(editor, ChoiceEditor)
    editor.focus()
    editor.select_all()
    await until(walk, lambda: editor.has_focus)
    walk.app.post_message(Paste(text))
    await until(walk, lambda: editor.value == ", ".join(text.split("\n")))


def field(walk: Walk, key: str) -> Field:
    """The field of a question on the screen that is shown."""
    return walk.app.screen.query_one(f"#field-{key.replace('.', '-')}", Field)


async def to_questions(walk: Walk, issuer: str = "prod.example.com") -> None:
    """Begin a new configuration and say which cluster it is about."""
    await walk.press("n")
    await on(walk, Questions)
    await answer(walk, "issuer", issuer)


async def to_review(walk: Walk) -> None:
    """Answer what has to be answered, and go to the review."""
    await to_questions(walk)
    await walk.press("ctrl+n")
    await on(walk, ShowReview)
    await done(walk, "terraform")


async def to_plan(walk: Walk, *, destroy: bool = False) -> None:
    """Plan the first configuration of the list, to deploy or to destroy it."""
    await walk.press("down", "x" if destroy else "p")
    await on(walk, ShowPlan)
    await ended(walk)


async def to_deployment(walk: Walk) -> None:
    """Plan the first configuration of the list and begin to deploy it."""
    await to_plan(walk)
    await walk.press("ctrl+n")
    await on(walk, ShowDeployment)


async def to_done(walk: Walk) -> None:
    """Deploy the first configuration of the list and wait for its proof."""
    await to_deployment(walk)
    await ended(walk)
    await walk.press("ctrl+n")
    await on(walk, Done)
    await done(walk, "proof")


async def choose(walk: Walk, command: str) -> None:
    """Choose a command of the palette, whose title is typed."""
    await walk.press("ctrl+p")
    await on(walk, CommandPalette)
    walk.app.screen.query_one(Input).value = command
    found = walk.app.screen.query_one(CommandList)
    await until(walk, lambda: found.option_count and found.highlighted is not None)
    await walk.press("enter")


def toasts(walk: Walk) -> list[str]:
    """What was said in passing."""
    return [each.message for each in walk.app._notifications]


async def ended(walk: Walk) -> None:
    """Wait until the screen shows how its run ended."""
    screen = walk.app.screen
    assert isinstance(screen, Following)
    await until(walk, lambda: screen._ended)


def shown(walk: Walk, selector: str = "Screen") -> str:
    """The text of a part of the screen, without what surrounds it."""
    screen = walk.app.screen
    region = (screen if selector == "Screen" else screen.query_one(selector)).content_region
    lines = screen._compositor.render_strips(walk.app.size)
    within = [strip.crop(region.x, region.right) for strip in lines[region.y : region.bottom]]
    return "\n".join(strip.text.rstrip() for strip in within).strip("\n")
