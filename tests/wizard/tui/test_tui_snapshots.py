"""How each screen looks, as pictures that a person has looked at.

They are SVG: a reviewer of a change sees pictures, old next to new. One walk takes
many, which is quick. Fonts from elsewhere and the number that Rich derives from the whole picture
are taken out: what differs between two pictures is what differs on the screen.
`pytest tests/wizard/tui --snapshot-update` writes them again.
"""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from project_files import BROKEN, PROD, STAGING
from pytest_textual_snapshot import SVGImageExtension
from scripted import CHANGES, Scripted, World, deploying, failing, planning
from syrupy.assertion import SnapshotAssertion
from textual.widgets import Input, OptionList, TextArea
from walking import (
    Walk,
    answer,
    done,
    ended,
    on,
    walking,
    wizard,
)

from deployment import applied
from federation.yaml import files
from wizard.tui.draft import Draft
from wizard.tui.drafts import Drafts
from wizard.tui.screens.deploy import ShowDeployment
from wizard.tui.screens.dialogs import Ask, Typed
from wizard.tui.screens.done import Done
from wizard.tui.screens.help import Help
from wizard.tui.screens.more import More
from wizard.tui.screens.plan import ShowPlan
from wizard.tui.screens.questions import Questions
from wizard.tui.screens.review import ShowReview
from wizard.tui.screens.workload import EditWorkload

_FONTS = re.compile(r"@font-face \{.*?\}", re.DOTALL)
_NUMBER = re.compile(r"terminal-\d+")
_LEFT = 1_790_000_000
"""When the draft on the first screen was left."""

# pytest-textual-snapshot calls it `_file_extension`, as syrupy did before 5.
SVGImageExtension.file_extension = "svg"


@pytest.fixture
def pictures(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """The pictures of a test, by their names."""
    return snapshot.use_extension(SVGImageExtension)


@pytest.fixture(autouse=True)
def _clusters(project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Files of each kind, and a draft that was left at a known time, in a known zone."""
    for name, text in (("broken", BROKEN), ("prod", PROD), ("staging", STAGING)):
        (project / "clusters" / f"{name}.yaml").write_text(text)
    applied.record(project, files.parse(STAGING, "staging"))
    Drafts(project / ".drafts").keep(Draft("new-1", {"issuer": "https://next.example.com"}))
    os.utime(project / ".drafts" / "new-1.json", (_LEFT, _LEFT))
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


SIZES = [(80, 24), (60, 20), (160, 45)]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_way_looks_as_it_did(
    size: tuple[int, int], project: Path, world: World, pictures: SnapshotAssertion
) -> None:
    gate = asyncio.Event()
    world.planned = Scripted(planning(CHANGES))
    world.deployed = Scripted([*deploying()[:8], deploying()[-1]], gate)
    async with walking(project, world, size) as walk:
        await _open(walk, "prod")
        await answer(walk, "workloads.0.namespace", "Shop")
        await walk.press("enter")
        assert await _picture(walk) == pictures(name="questions")
        await answer(walk, "workloads.0.namespace", "shop")
        await walk.press("ctrl+n")
        await on(walk, ShowReview)
        await walk.press("d", "f3", "shift+f3")
        assert await _picture(walk) == pictures(name="review")
        await walk.press("ctrl+n")
        await on(walk, ShowPlan)
        await ended(walk)
        await walk.press("down", "down", "enter")
        assert await _picture(walk) == pictures(name="plan")
        await walk.press("ctrl+n")
        await on(walk, Typed)
        await walk.press(*"prod", "enter")
        await on(walk, ShowDeployment)
        world.time += 65
        await _seen_so_far(walk, world)
        assert await _picture(walk) == pictures(name="deploy")
        gate.set()
        await ended(walk)
        await walk.press("ctrl+n")
        await on(walk, Done)
        await done(walk, "proof")
        assert await _picture(walk) == pictures(name="done")
        await walk.press("escape")
        await done(walk, "clusters")
        assert await _picture(walk) == pictures(name="start")


async def test_everything_beside_the_way_looks_as_it_did(
    project: Path, world: World, pictures: SnapshotAssertion
) -> None:
    async with walking(project, world) as walk:
        await _open(walk, "prod")
        await walk.press("f1")
        await on(walk, Help)
        assert await _picture(walk) == pictures(name="help")
        await walk.press("escape", "f5")
        await done(walk, "probe")
        assert await _picture(walk) == pictures(name="probe")
        await walk.press("f2")
        await on(walk, More)
        await answer(walk, "aws.account_id", "1234")
        await answer(walk, "aws.tags", "team=platform, stage=prod")
        assert await _picture(walk) == pictures(name="more")
        await answer(walk, "aws.account_id", "123456789012")
        await walk.press("f3", "f3")
        assert await _picture(walk) == pictures(name="kubernetes")
        await walk.press("f3", "down")
        assert await _picture(walk) == pictures(name="workloads")
        await walk.press("enter")
        await on(walk, EditWorkload)
        await walk.press("down", "down", "down", "down")
        assert await _picture(walk) == pictures(name="workload")
        await walk.press("ctrl+n")
        await on(walk, ShowReview)
        await done(walk, "terraform")
        assert await _picture(walk) == pictures(name="warnings")
        await walk.press("shift+f3")
        assert await _picture(walk) == pictures(name="trust")
        await walk.press("shift+f3")
        assert await _picture(walk) == pictures(name="terraform")


async def test_what_goes_wrong_looks_as_it_did(
    project: Path, world: World, pictures: SnapshotAssertion
) -> None:
    world.planned = Scripted(planning(CHANGES))
    gate = asyncio.Event()
    world.deployed = Scripted(failing(), gate)
    async with walking(project, world) as walk:
        await _choose(walk, "prod")
        await walk.press("x")
        await on(walk, ShowPlan)
        await ended(walk)
        await walk.press("ctrl+n")
        await on(walk, Typed)
        await walk.press(*"pro", "enter")
        assert await _picture(walk) == pictures(name="destroy")
        await walk.press("escape", "escape", "p")
        await on(walk, ShowPlan)
        await ended(walk)
        await walk.press("ctrl+n")
        await on(walk, Typed)
        await walk.press(*"prod", "enter")
        await on(walk, ShowDeployment)
        await _seen_so_far(walk, world)
        await walk.press("c")
        await on(walk, Ask)
        assert await _picture(walk) == pictures(name="cancel")
        await walk.press("escape")
        gate.set()
        await ended(walk)
        assert await _picture(walk) == pictures(name="failure")


@pytest.mark.parametrize("theme", ["textual-light", "ansi-dark"])
async def test_other_themes_look_as_they_did(
    theme: str, project: Path, world: World, pictures: SnapshotAssertion
) -> None:
    world.planned = Scripted(planning(CHANGES))
    async with walking(project, world) as walk:
        walk.app.theme = theme
        await _open(walk, "prod")
        await answer(walk, "workloads.0.namespace", "Shop")
        await walk.press("enter")
        assert await _picture(walk) == pictures(name="questions")
        await walk.press("escape", "p")
        await on(walk, ShowPlan)
        await ended(walk)
        await walk.press("down")
        assert await _picture(walk) == pictures(name="plan")


async def test_without_colours_every_sign_is_still_there(
    project: Path, world: World, pictures: SnapshotAssertion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    world.planned = Scripted(planning(CHANGES))
    async with walking(project, world) as walk:
        await _choose(walk, "prod")
        await walk.press("p")
        await on(walk, ShowPlan)
        await ended(walk)
        await walk.press("down")
        assert await _picture(walk) == pictures(name="plan")


async def _seen_so_far(walk: Walk, world: World) -> None:
    """Wait until the deployment's screen shows all that came before the gate."""
    await world.deployed.waiting.wait()
    assert isinstance(walk.app.screen, ShowDeployment)
    walk.app.screen.follow()
    await walk.pause()


async def _picture(walk: Walk) -> str:
    """The screen without what changes by itself: toasts and the cursor."""
    walk.app.clear_notifications()
    wizard(walk)._show_meanwhile()
    for editor in walk.app.screen.query("Input, TextArea"):
        assert isinstance(editor, Input | TextArea)
        editor.cursor_blink = False
    if isinstance(walk.app.screen, ShowDeployment):
        walk.app.screen.look()
    await walk.pause()
    return _NUMBER.sub("terminal-0", _FONTS.sub("", walk.app.export_screenshot()))


async def _choose(walk: Walk, name: str) -> None:
    start = wizard(walk).start
    at = next(at for at, each in enumerate(start._entries, 1) if each.name == name)
    start.query_one("#clusters", OptionList).highlighted = at
    await walk.pause()


async def _open(walk: Walk, name: str) -> None:
    await _choose(walk, name)
    await walk.press("enter")
    await on(walk, Questions)
