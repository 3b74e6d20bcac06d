"""Everything can be reached: each field of a configuration, each action by key, mouse and name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
from project_files import STAGING
from pydantic import BaseModel
from scripted import CHANGES, Scripted, World, failing, planning
from textual.widgets import Button, Tab
from textual.widgets._footer import FooterKey
from walking import (
    Walk,
    choose,
    done,
    ended,
    field,
    on,
    shown,
    to_plan,
    to_questions,
    toasts,
    until,
    walking,
    wizard,
)

from federation.model.config import ClusterConfig
from wizard.questions import BASICS, questions
from wizard.tui.screens import more
from wizard.tui.screens.deploy import ShowDeployment
from wizard.tui.screens.dialogs import Asked, Typed
from wizard.tui.screens.done import Done
from wizard.tui.screens.help import Help
from wizard.tui.screens.more import More
from wizard.tui.screens.plan import ShowPlan
from wizard.tui.screens.questions import Questions
from wizard.tui.screens.review import ShowReview
from wizard.tui.screens.start import Start
from wizard.tui.screens.workload import EditWorkload
from wizard.tui.wants import OpenSettings, Wanted


def test_each_field_of_a_configuration_has_a_question_and_each_question_a_place() -> None:
    asked = questions(1)
    missing = sorted(set(_fields(ClusterConfig)) - {question.key for question in asked})
    assert missing == [], "a question for each belongs into wizard/questions.py"
    unplaced = sorted({question.group for question in asked} - {BASICS, *more.GROUPS})
    assert unplaced == [], "a tab for each belongs into wizard/tui/screens/more.py"


async def test_each_question_is_shown_in_a_form(project: Path, world: World) -> None:
    found: set[str] = set()
    async with walking(project, world) as walk:
        await to_questions(walk)
        found.update(_asked(walk))
        await walk.press("f2")
        await on(walk, More)
        for _ in more.GROUPS:
            await walk.press("f3")
            found.update(_asked(walk))
        walk.app.post_message(Wanted(OpenSettings("workloads.0.trust")))
        await on(walk, EditWorkload)
        assert field(walk, "workloads.0.trust").editor.has_focus
        found.update(_asked(walk))
    assert found == {question.key for question in questions(1)}


async def test_the_main_actions_can_be_done_with_the_mouse(project: Path, world: World) -> None:
    world.planned = Scripted(planning(CHANGES))
    async with walking(project, world) as walk:
        await walk.click("#clusters", offset=(4, 1))
        await on(walk, Questions)
        await walk.press(*"k.io")
        await walk.click("#field-workloads-0-namespace LineEditor")
        assert field(walk, "workloads.0.namespace").editor.has_focus
        await click_key(walk, "All settings")
        await on(walk, More)
        await walk.click(_tab(walk, "Kubernetes"))
        await walk.click("#field-kubernetes-apply ChoiceEditor", offset=(18, 0))
        assert field(walk, "kubernetes.apply").editor.value == "manifests"
        await walk.click(_tab(walk, "Workloads"))
        await walk.click("#workloads", offset=(5, 1))
        await on(walk, EditWorkload)
        await click_key(walk, "Back")
        await click_key(walk, "Review")
        await on(walk, ShowReview)
        await click_key(walk, "Save and plan")
        await on(walk, ShowPlan)
        await ended(walk)
        await click_key(walk, "Deploy")
        await on(walk, Typed)
        await walk.press("k", "enter")
        await on(walk, ShowDeployment)
        await ended(walk)
        await click_key(walk, "Outputs and proof")
        await on(walk, Done)
        await walk.click("#outputs", offset=(4, 1))
        assert walk.app.clipboard == "python -m wizard doctor --config clusters/k.yaml"
        await walk.click(".step.-before")
        await on(walk, Start)


async def test_a_click_on_a_tab_goes_into_it(project: Path, world: World) -> None:
    async with walking(project, world) as walk:
        await to_questions(walk)
        await walk.press("f2")
        await on(walk, More)
        await walk.click(_tab(walk, "Kubernetes"))
        await walk.pause()
        assert field(walk, "cluster").editor.has_focus
        await walk.click(_tab(walk, "Workloads"))
        await walk.pause()
        assert walk.app.screen.query_one("#workloads").has_focus
        await walk.press("f3", "f3")
        await walk.pause()
        assert field(walk, "lint.accept").editor.has_focus
        await walk.press("ctrl+n")
        await on(walk, ShowReview)
        await walk.click(_tab(walk, "Trust"))
        await walk.pause()
        assert walk.app.screen.query_one("#trust-table").has_focus


async def test_a_picture_of_the_screen_goes_where_the_person_wants_it(
    project: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    async with walking(project, world) as walk:
        await choose(walk, "Screenshot")
        await on(walk, Asked)
        await walk.press("enter")
        await until(walk, lambda: toasts(walk))
        assert toasts(walk) == ["oidc-iam.svg"]
        await choose(walk, "Screenshot")
        await on(walk, Asked)
        await walk.press(*"clusters", "enter")
        await until(walk, lambda: len(toasts(walk)) == 2)
        assert (
            toasts(walk)[1] == "clusters: cannot be written: Is a directory. Nothing was changed."
        )
    picture = (project / "oidc-iam.svg").read_text()
    assert picture.startswith("<svg")
    assert "New&#160;configuration" in picture
    assert "picture&#160;of&#160;this&#160;screen" not in picture


async def test_a_dialog_is_answered_with_the_mouse(project: Path, world: World) -> None:
    async with walking(project, world) as walk:
        await to_questions(walk)
        await walk.press("escape")
        await done(walk, "clusters")
        await walk.press("down", "delete")
        await walk.pause()
        await walk.click(walk.app.screen.query(Button).last())
        await on(walk, Start)
        await done(walk, "open", "clusters")
        assert shown(walk, "#clusters") == "+ New configuration"


_KEYS = {
    "Start": "esc Leave, n New, p Plan, x Destroy, F5 Check again, q Quit, ^q Quit, F1 Help",
    "Questions": "esc Back, F2 All settings, F5 Probe, ^n Review, ^q Quit, F1 Help",
    "More": "esc Back, F3 Next tab, shift+F3 Previous tab, ^n Review, ^q Quit, F1 Help",
    "Review": "esc Back, ^s Save, ^n Save and plan, F3 Next tab, shift+F3 Previous tab, d Diff, "
    "^q Quit, F1 Help",
    "Plan": "esc Back, / Search, w Copy log to a file, ^n Deploy, l Log, r Plan again, ^q Quit, "
    "F1 Help",
    "Deploy": "n Next match, N Previous match, esc Back, / Search, w Copy log to a file, "
    "r Plan again, ^q Quit, ^c Leave, F1 Help",
}


async def test_help_and_palette_of_each_step_name_its_keys(project: Path, world: World) -> None:
    world.planned = Scripted(planning(CHANGES))
    world.deployed = Scripted(failing())
    (project / "clusters" / "staging.yaml").write_text(STAGING)
    seen = {}
    async with walking(project, world) as walk:
        await to_plan(walk)
        seen["Plan"] = await _help(walk)
        await walk.press("ctrl+n")
        await on(walk, Typed)
        await walk.press(*"staging", "enter")
        await on(walk, ShowDeployment)
        await ended(walk)
        seen["Deploy"] = await _help(walk)
        await walk.press("escape")
        await on(walk, Start)
        seen["Start"] = await _help(walk)
        await to_questions(walk)
        seen["Questions"] = await _help(walk)
        await walk.press("f2")
        await on(walk, More)
        seen["More"] = await _help(walk)
        await walk.press("escape", "ctrl+n")
        await on(walk, ShowReview)
        seen["Review"] = await _help(walk)
    assert seen == _KEYS


async def test_the_palette_does_what_it_says(project: Path, world: World) -> None:
    async with walking(project, world) as walk:
        await choose(walk, "New")
        await on(walk, Questions)
        await choose(walk, "All settings")
        await on(walk, More)


async def click_key(walk: Walk, description: str) -> None:
    """Click on a key of the footer."""
    keys = walk.app.screen.query(FooterKey)
    await walk.click(next(key for key in keys if key.description == description))
    await walk.pause()


async def _help(walk: Walk) -> str:
    """What help says of the keys of a step; the palette has to have the same."""
    screen = walk.app.screen
    commands = [each.title for each in wizard(walk).get_system_commands(screen)]
    await walk.press("f1")
    await on(walk, Help)
    shown = walk.app.screen
    assert isinstance(shown, Help)
    assert [description for _, description in shown._keys] == commands[: len(shown._keys)]
    await walk.press("escape")
    await on(walk, type(screen))
    return ", ".join(" ".join(each) for each in shown._keys)


def _tab(walk: Walk, title: str) -> Tab:
    tabs = walk.app.screen.query(Tab)
    return next(tab for tab in tabs if str(tab.label) == title)


def _asked(walk: Walk) -> Iterator[str]:
    from wizard.tui.widgets.form import Form

    for form in walk.app.screen.query(Form):
        yield from form.keys


def _fields(model: type[BaseModel], place: str = "") -> Iterator[str]:
    """The keys of all fields; a list of parts counts as one field, except for the workloads."""
    for name, info in model.model_fields.items():
        parts = list(_models(info.annotation))
        if not parts or (_is_list(info.annotation) and name != "workloads"):
            yield f"{place}{name}"
        for part in parts if not _is_list(info.annotation) or name == "workloads" else ():
            yield from _fields(part, f"{place}{name}." + ("0." if name == "workloads" else ""))


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)


def _is_list(annotation: Any) -> bool:
    return get_origin(annotation) in (tuple, list)
