"""Drafts on disk, what keeps them there, and the list of what there is."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from project_files import BROKEN, PROD, STAGING

from deployment import applied
from federation.yaml import files
from wizard.tui import clusters
from wizard.tui.clusters import ClusterEntry
from wizard.tui.draft import Draft, open_draft
from wizard.tui.drafts import Drafts, Kept
from wizard.tui.keeper import Keeper

NEW = Draft("new-1", {"issuer": "next.example.com", "cluster": "next"}, 2)


@pytest.fixture
def drafts(project: Path) -> Drafts:
    return Drafts(project / ".drafts")


def test_a_draft_is_read_as_it_was_kept(drafts: Drafts, project: Path) -> None:
    of_file = open_draft(project / "clusters" / "prod.yaml", PROD)
    for at, draft in enumerate((NEW, of_file)):
        drafts.keep(draft)
        os.utime(project / ".drafts" / f"{draft.name}.json", (at, at))
    assert drafts.all() == [
        Kept(of_file, datetime.fromtimestamp(1, UTC)),
        Kept(NEW, datetime.fromtimestamp(0, UTC)),
    ]


def test_a_dropped_draft_is_gone_and_may_be_dropped_again(drafts: Drafts) -> None:
    drafts.keep(NEW)
    drafts.drop(NEW.name)
    drafts.drop(NEW.name)
    assert drafts.all() == []


@pytest.mark.parametrize(
    "text",
    ["", "no JSON", "[]", "{}", '{"version": 2}', '{"version": 1, "name": "x"}', "\udcff"],
)
def test_a_file_that_is_no_draft_is_passed_over(text: str, drafts: Drafts, project: Path) -> None:
    drafts.keep(NEW)
    (project / ".drafts" / "x.json").write_bytes(text.encode(errors="surrogateescape"))
    assert [kept.draft for kept in drafts.all()] == [NEW]


def test_the_list_says_what_is_known_of_each_file_and_draft(project: Path, drafts: Drafts) -> None:
    folder = project / "clusters"
    for name, text in (("broken", BROKEN), ("prod", PROD), ("staging", STAGING)):
        (folder / f"{name}.yaml").write_text(text)
    applied.record(project, files.parse(STAGING, "staging"))
    changed = open_draft(folder / "prod.yaml", PROD).with_answer("aws.region", "eu-north-1")
    drafts.keep(NEW)
    drafts.keep(changed)
    new, kept = sorted(drafts.all(), key=lambda each: each.draft.name)
    listed = clusters.entries(project)
    assert (listed[0], *listed[2:]) == (
        ClusterEntry("next", "draft", "next.example.com", kept=new),
        ClusterEntry(
            *("prod", "never applied", "https://cluster.example.com", folder / "prod.yaml"),
            kept=kept,
        ),
        ClusterEntry("staging", "deployed", "https://staging.example.com", folder / "staging.yaml"),
    )
    assert (listed[1].name, listed[1].status, listed[1].path) == (
        *("broken", "invalid"),
        folder / "broken.yaml",
    )
    assert [problem.split(": ")[:2] for problem in listed[1].problems] == [
        ["broken.yaml:1", "issuer"],
        ["broken.yaml:2", "isuer"],
        ["broken.yaml:6", "workloads[0].namespace"],
    ]


def test_an_empty_project_has_nothing_to_list(tmp_path: Path) -> None:
    assert clusters.entries(tmp_path) == ()


def test_a_draft_of_a_file_that_is_gone_becomes_one_of_a_new_file(
    project: Path, drafts: Drafts
) -> None:
    draft = open_draft(project / "clusters" / "prod.yaml", PROD)
    drafts.keep(draft)
    (kept,) = drafts.all()
    new = Kept(Draft("prod", draft.answers, 2), kept.changed)
    assert clusters.entries(project) == (
        ClusterEntry("prod", "draft", "https://cluster.example.com", kept=new),
    )


def test_the_newest_of_many_changes_is_kept(drafts: Drafts) -> None:
    keeper = Keeper(drafts, _never)
    for letter in ("a", "ab", "abc"):
        keeper.change(Draft("new", {"issuer": letter}))
    keeper.keep()
    keeper.keep()
    assert [kept.draft.answers for kept in drafts.all()] == [{"issuer": "abc"}]


def test_a_draft_that_says_what_its_file_says_is_dropped(drafts: Drafts, project: Path) -> None:
    same = open_draft(project / "clusters" / "prod.yaml", PROD)
    keeper = Keeper(drafts, _never)
    keeper.change(same.with_answer("aws.region", "eu-north-1"))
    keeper.keep()
    assert len(drafts.all()) == 1
    keeper.change(same)
    keeper.keep()
    assert drafts.all() == []


async def test_a_draft_that_is_dropped_is_not_written_afterwards(drafts: Drafts) -> None:
    keeper = Keeper(drafts, _never)
    keeper.change(NEW)
    await keeper.drop(NEW.name)
    keeper.keep()
    assert drafts.all() == []


async def test_changes_are_written_while_nobody_waits(drafts: Drafts) -> None:
    written = asyncio.Event()
    loop = asyncio.get_running_loop()
    keeper = Keeper(_Telling(drafts, lambda: loop.call_soon_threadsafe(written.set)), _never)
    with _running(keeper):
        for draft in (NEW, NEW.with_answer("audience", "a")):
            keeper.change(draft)
            await written.wait()
            written.clear()
            assert [kept.draft for kept in drafts.all()] == [draft]


def test_a_draft_that_could_not_be_written_is_held_while_another_is_begun(
    drafts: Drafts, project: Path
) -> None:
    other = Draft("new-2", {"issuer": "other.example.com"})
    keeper = Keeper(drafts, lambda _: None)
    folder = project / ".drafts"
    folder.write_text("a file where the folder should be")
    keeper.change(NEW)
    keeper.keep()
    keeper.change(other)
    keeper.keep()
    assert keeper.trouble
    folder.unlink()
    keeper.keep()
    assert not keeper.trouble
    assert {kept.draft.name: kept.draft for kept in drafts.all()} == {
        "new-1": NEW,
        "new-2": other,
    }


def test_why_a_draft_cannot_be_written_is_told_once_and_tried_again(
    drafts: Drafts, project: Path
) -> None:
    told: list[str] = []
    keeper = Keeper(drafts, told.append)
    (project / ".drafts").write_text("a file where the folder should be")
    keeper.change(NEW)
    keeper.keep()
    keeper.change(NEW)
    keeper.keep()
    assert told == [
        f"{project / '.drafts' / 'new-1.json'}: cannot be written: File exists. Nothing was "
        "changed."
    ]
    (project / ".drafts").unlink()
    keeper.keep()
    assert [kept.draft for kept in drafts.all()] == [NEW]


class _Telling(Drafts):
    def __init__(self, drafts: Drafts, tell: object) -> None:
        super().__init__(drafts._folder)
        self._tell = tell

    def keep(self, draft: Draft) -> None:
        super().keep(draft)
        self._tell()  # type: ignore[operator]


@contextmanager
def _running(keeper: Keeper) -> Iterator[None]:
    task = asyncio.ensure_future(keeper.run())
    yield
    task.cancel()


def _never(text: str) -> None:
    raise AssertionError(text)
