"""Reviews and saves a draft, and finds a way out where another program was there first."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from deployment.logs import shown
from federation.yaml import files
from wizard.tui import draft as drafts
from wizard.tui import navigation
from wizard.tui import review as reviews
from wizard.tui.review import ChangedMeanwhileError, Review
from wizard.tui.screens.dialogs import Ask

if TYPE_CHECKING:
    from wizard.tui.app import WizardApp
    from wizard.tui.screens.review import ShowReview


async def review(app: WizardApp) -> None:
    """Look at what saving the draft would do, and show it."""
    navigation.show_review(app, await _review(app))


async def save(app: WizardApp, screen: ShowReview, *, then_plan: bool) -> None:
    """Write what was reviewed; with `then_plan` go on to the plan."""
    try:
        await asyncio.to_thread(reviews.save, screen.review)
    except ChangedMeanwhileError as error:
        if not await _resolved(app, screen, error):
            return
    await _settle(app, screen)
    if then_plan:
        screen.give_up_terraform()
        review = screen.review
        deployment = app.ports.deployment(review.path, review.config, destroys=False)
        navigation.show_plan(app, deployment)
    else:
        app.notify(f"clusters/{screen.review.path.name} is written.", title="Saved", markup=False)


async def write_picture(app: WizardApp, picture: str, to: Path) -> None:
    """Write a picture of a screen to where the person wants it.

    Raises:
        UserError: it cannot be written there.
    """
    target = to.expanduser()
    await asyncio.to_thread(files.write, target, picture)
    app.notify(shown(target), title="The picture was written", markup=False)


async def _resolved(app: WizardApp, screen: ShowReview, error: ChangedMeanwhileError) -> bool:
    """Ask what to do about another program's changes; True where the file is written then."""
    answers: tuple[tuple[str, str], ...]
    if not screen.review.known:
        text = f"{error} Put your values into it, or go back and name the cluster otherwise?"
        answers = (("", "Go back"), ("mine", "Put mine into it"))
    else:
        text = f"{error} Nothing was written yet."
        answers = (("both", "Keep both changes"), ("mine", "Only mine"), ("theirs", "Only theirs"))
    match await app.push_screen_wait(Ask("Changed meanwhile", text, answers)):
        case "both":
            on_disk = await asyncio.to_thread(files.read, screen.review.path)
            overruled = app.draft.overrules_workloads_of(on_disk)
            app.change(app.draft.onto(on_disk))
            screen.show(await _review(app))
            app.notify(
                "Both changed the workloads: yours stay. The rest has both. Look, then save."
                if overruled
                else "Your changes are on top of theirs now. Look, then save."
            )
        case "mine":
            screen.show(await _review(app))
            await asyncio.to_thread(reviews.save, screen.review, agreed=True)
            return True
        case "theirs":
            text = await asyncio.to_thread(files.read, screen.review.path)
            name = app.draft.name
            navigation.back_to(app, "Start")
            navigation.show_questions(app, drafts.opened(screen.review.path, text))
            await app.keeper.drop(name)
    return False


async def _settle(app: WizardApp, screen: ShowReview) -> None:
    """Go on with the file as it is now, without a draft."""
    kept = app.draft.name
    await app.keeper.drop(kept)
    app.settle(drafts.opened(screen.review.path, screen.review.text))
    screen.show(await _review(app))


async def _review(app: WizardApp) -> Review:
    return await asyncio.to_thread(reviews.review, app.draft, app.project)
