"""What a person has answered is never lost: not with the terminal, the disk, or the file."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from project_files import PROD
from scripted import PROBED, Scripted, World, deploying
from walking import (
    answer,
    done,
    on,
    shown,
    to_deployment,
    to_questions,
    to_review,
    toasts,
    until,
    walking,
    wizard,
)

from federation.yaml import files
from wizard.tui import terminal
from wizard.tui.outside import CheckResult
from wizard.tui.screens.dialogs import Ask
from wizard.tui.screens.questions import Questions
from wizard.tui.screens.review import ShowReview
from wizard.tui.screens.start import Start
from wizard.tui.widgets import results


@pytest.fixture
def prod(project: Path) -> Path:
    """A file that is there."""
    path = project / "clusters" / "prod.yaml"
    path.write_text(PROD)
    return path


@pytest.fixture
def _no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests keep the terminal that the app lets go of."""
    monkeypatch.setattr(terminal, "let_go", lambda: None)


@pytest.mark.usefixtures("_no_terminal")
async def test_a_lost_terminal_leaves_a_draft_that_is_offered_again(
    project: Path, world: World
) -> None:
    async with walking(project, world) as walk:
        await to_questions(walk)
        await answer(walk, "workloads.0.namespace", "shop")
        wizard(walk).lose_terminal()
        await until(walk, lambda: not walk.app.is_running or walk.app._exit)
    async with walking(project, world) as walk:
        await walk.press("down", "enter")
        await on(walk, Questions)
        draft = wizard(walk).session.draft
        assert (draft.answer("issuer"), draft.answer("workloads.0.namespace")) == (
            "prod.example.com",
            "shop",
        )


@pytest.mark.usefixtures("_no_terminal", "prod")
async def test_a_lost_terminal_lets_terraform_finish_what_is_in_flight(
    project: Path, world: World
) -> None:
    world.deployed = Scripted(deploying(), asyncio.Event())
    async with walking(project, world) as walk:
        await to_deployment(walk)
        await world.deployed.waiting.wait()
        wizard(walk).lose_terminal()
        activity = wizard(walk).session.activity
        assert activity is not None
        await until(walk, lambda: not activity.running)
    assert world.deployed.interrupts == 1


@pytest.mark.parametrize("key", ["ctrl+c", "escape"])
async def test_leaving_takes_a_second_press_and_keeps_the_draft(
    key: str, project: Path, world: World
) -> None:
    async with walking(project, world) as walk:
        await to_questions(walk)
        await walk.press("escape")
        await on(walk, Start)
        await walk.press(key)
        assert toasts(walk) == ["Press it again to leave. Your answers are kept."]
        assert not walk.app._exit
        await walk.press(key)
        await until(walk, lambda: walk.app._exit)
    (left,) = (project / ".drafts").glob("new-*.json")
    assert '"issuer": "prod.example.com"' in left.read_text()


async def test_ctrl_c_leaves_also_where_a_field_is_selected(project: Path, world: World) -> None:
    async with walking(project, world) as walk:
        await to_questions(walk)
        await walk.press("down", "ctrl+c")
        assert walk.app.clipboard == "sts.amazonaws.com"
        assert toasts(walk) == ["Press it again to leave. Your answers are kept."]
        await walk.press("ctrl+c")
        await until(walk, lambda: walk.app._exit)


async def test_a_draft_is_written_as_soon_as_something_changes_and_dropped_when_asked(
    project: Path, world: World
) -> None:
    async with walking(project, world) as walk:
        await to_questions(walk)
        await until(walk, lambda: _drafts(project))
        await walk.press("escape")
        await on(walk, Start)
        await done(walk, "clusters")
        assert wizard(walk).start.chosen is None
        await walk.press("down", "delete")
        await on(walk, Ask)
        await walk.press("enter")
        await on(walk, Start)
        assert _drafts(project)
        await walk.press("delete")
        await on(walk, Ask)
        await walk.press("right", "enter")
        await until(walk, lambda: not _drafts(project))


async def test_a_file_with_a_draft_asks_which_of_them_is_wanted(
    project: Path, prod: Path, world: World
) -> None:
    async with walking(project, world) as walk:
        await walk.press("down", "enter")
        await on(walk, Questions)
        await answer(walk, "workloads.0.namespace", "shop")
        await until(walk, lambda: _drafts(project))
        for keys, namespace in ((("enter",), "shop"), (("right", "enter"), "default")):
            await walk.press("escape")
            await on(walk, Start)
            await until(walk, lambda: wizard(walk).start.chosen.kept)  # type: ignore[union-attr]
            await walk.press("enter")
            await on(walk, Ask)
            await walk.press(*keys)
            await on(walk, Questions)
            assert wizard(walk).session.draft.answer("workloads.0.namespace") == namespace
    assert prod.read_text() == PROD


async def test_a_full_disk_keeps_answers_and_file_and_says_so(
    project: Path, prod: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with walking(project, world) as walk:
        await walk.press("down", "enter")
        await on(walk, Questions)
        await answer(walk, "workloads.0.namespace", "shop")
        await until(walk, lambda: _drafts(project))
        await walk.press("ctrl+n")
        await on(walk, ShowReview)
        with monkeypatch.context() as full:
            full.setattr(os, "fsync", _full)
            await walk.press("ctrl+s")
            await until(walk, lambda: toasts(walk))
        assert toasts(walk) == [
            f"{prod}: cannot be written: No space left on device. Nothing was changed."
        ]
        assert prod.read_text() == PROD
        assert _drafts(project) == ["prod.json"]
        await walk.press("ctrl+s")
        await until(walk, lambda: not wizard(walk).session.draft.changed)
    assert files.load(prod).workloads[0].namespace == "shop"
    assert _drafts(project) == []


async def test_a_draft_that_cannot_be_written_is_told_once_and_not_left_unasked(
    project: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with walking(project, world) as walk:
        with monkeypatch.context() as full:
            full.setattr(os, "fsync", _full)
            await to_questions(walk)
            await until(walk, lambda: toasts(walk))
            await answer(walk, "workloads.0.namespace", "shop")
            await walk.press("escape")
            await on(walk, Start)
            await walk.press("ctrl+q")
            await on(walk, Ask)
            await walk.press("enter")
            await on(walk, Start)
        assert len(toasts(walk)) == 1
        assert toasts(walk)[0].endswith(
            "cannot be written: No space left on device. Nothing was changed. Your answers are not "
            "safe until you save them."
        )
        await walk.press("ctrl+q")
        await until(walk, lambda: walk.app._exit)
    assert len(_drafts(project)) == 1


@pytest.mark.parametrize(
    ("answered", "then", "namespace", "region"),
    [
        pytest.param(("enter",), ("ctrl+s",), "shop", "eu-north-1", id="both"),
        pytest.param(("right", "enter"), (), "shop", "eu-west-1", id="mine"),
        pytest.param(("right", "right", "enter"), (), "default", "eu-north-1", id="theirs"),
    ],
)
async def test_a_file_that_changed_meanwhile_is_not_written_over_unasked(
    answered: tuple[str, ...],
    then: tuple[str, ...],
    namespace: str,
    region: str,
    project: Path,
    prod: Path,
    world: World,
) -> None:
    theirs = PROD.replace("eu-west-1", "eu-north-1") + "# and a note of theirs\n"
    async with walking(project, world) as walk:
        await walk.press("down", "enter")
        await on(walk, Questions)
        await answer(walk, "workloads.0.namespace", "shop")
        await walk.press("ctrl+n")
        await on(walk, ShowReview)
        prod.write_text(theirs)
        await walk.press("ctrl+s")
        await on(walk, Ask)
        assert prod.read_text() == theirs
        await walk.press(*answered)
        await done(walk, "save")
        await walk.press(*then)
        await until(walk, lambda: not wizard(walk).session.draft.changed)
        await done(walk, "save")
    config = files.load(prod)
    assert (config.workloads[0].namespace, config.aws.region) == (namespace, region)
    assert prod.read_text().endswith("# and a note of theirs\n")


async def test_keeping_both_changes_says_whose_workloads_are_left_out(
    project: Path, prod: Path, world: World
) -> None:
    async with walking(project, world) as walk:
        await walk.press("down", "enter")
        await on(walk, Questions)
        await answer(walk, "workloads.0.namespace", "shop")
        await walk.press("ctrl+n")
        await on(walk, ShowReview)
        prod.write_text(PROD.replace("namespace: default", "namespace: other"))
        await walk.press("ctrl+s")
        await on(walk, Ask)
        await walk.press("enter")
        await done(walk, "save")
        assert toasts(walk) == [
            "Both changed the workloads: yours are kept. Check the rest, then save."
        ]


async def test_a_file_of_the_same_name_is_not_written_over_unasked(
    project: Path, world: World
) -> None:
    async with walking(project, world) as walk:
        await to_review(walk)
        (project / "clusters" / "prod.yaml").write_text(PROD)
        await walk.press("ctrl+s")
        await on(walk, Ask)
        assert shown(walk, ".dialog VerticalScroll") == (
            "clusters/prod.yaml exists already. Put your values into it, or go\n"
            "back and choose another cluster name?"
        )
        await walk.press("enter")
        await on(walk, ShowReview)
    assert (project / "clusters" / "prod.yaml").read_text() == PROD
    assert len(_drafts(project)) == 1


async def test_a_probe_says_what_is_wrong_with_the_name_that_it_would_ask(
    project: Path, world: World
) -> None:
    async with walking(project, world) as walk:
        await walk.press("n")
        await on(walk, Questions)
        said = []
        for keys in ((), tuple("K.io")):
            await walk.press(*keys, "f5")
            await done(walk, "probe")
            said.append(" ".join(shown(walk, "#probe .state").split()))
    assert said == [
        "Answer Cluster DNS first.",
        "✗ Cluster DNS: 'https://K.io' has capital letters in its host: AWS and Kubernetes compare "
        "issuers byte for byte. Write 'https://k.io'.",
    ]


async def test_a_probe_that_hangs_is_given_up(
    project: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def probed() -> Iterator[CheckResult]:
        yield from PROBED[:-1]
        monkeypatch.setattr(results, "LONGEST", 0.05)
        yield PROBED[-1]

    async with walking(project, world) as walk:
        await to_questions(walk)
        world.probed, world.hangs = probed(), True
        await walk.press("f5")
        await done(walk, "probe")
        assert shown(walk, "#probe .state") == (
            "Gave up after 0.05 s without a response. ✓ 2 passed   ✗ 1 failed   - 1\nskipped"
        )


async def test_a_probe_that_hangs_holds_up_nothing_and_gives_way_to_the_next(
    project: Path,
) -> None:
    world = Hanging()
    async with walking(project, world) as walk:
        await to_questions(walk)
        await walk.press("f5")
        await world.hanging.wait()
        await answer(walk, "issuer", "next.example.com")
        await walk.press("f5")
        await until(walk, lambda: world.probes == 2)
        await walk.press("escape")
        await on(walk, Start)
    assert world.given_up == 2


class Hanging(World):
    """A world whose probes never end.

    Attributes:
        hanging: Is set when one hangs.
        probes: How many were begun.
        given_up: How many were given up.
    """

    def __init__(self) -> None:
        super().__init__()
        self.hanging = asyncio.Event()
        self.probes = 0
        self.given_up = 0

    async def _results(self, results: object) -> AsyncIterator[CheckResult]:
        if results is not PROBED:
            return
        self.probes += 1
        self.hanging.set()
        try:
            await asyncio.Event().wait()
            yield PROBED[0]
        finally:
            self.given_up += 1


def _full(_: int) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _drafts(project: Path) -> list[str]:
    return sorted(path.name for path in (project / ".drafts").glob("*.json"))
