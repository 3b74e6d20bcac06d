"""Finds, opens and drops configurations and drafts."""

from __future__ import annotations

import asyncio
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from wizard.tui import navigation
from wizard.tui.screens.dialogs import Ask

if TYPE_CHECKING:
    from wizard.tui.app import WizardApp
    from wizard.tui.clusters import Entry
    from wizard.tui.drafts import Kept


async def list_clusters(app: WizardApp) -> None:
    """Read the folder of configurations, and show it on the first screen."""
    from wizard.tui import clusters

    entries = await asyncio.to_thread(clusters.entries, app.project)
    app.start.show(entries)


async def begin(app: WizardApp) -> None:
    """Ask about a new configuration, with what is known here as its first answers."""
    from wizard.tui import draft

    loaded = await app.loaded()
    navigation.show_questions(app, draft.begun(f"new-{uuid.uuid4().hex[:8]}", loaded.surroundings))


async def open_entry(app: WizardApp, entry: Entry) -> None:
    """Ask about a configuration, with the answers of its draft if the person wants these."""
    if entry.kept is not None:
        wanted = "draft" if entry.path is None else await _which(app, entry, entry.kept)
        if wanted == "draft":
            await app.loaded()
            navigation.show_questions(app, entry.kept.draft)
        if wanted != "file":
            return
    if entry.problems:
        await _show_problems(app, entry)
    elif entry.path is not None:
        await _open_file(app, entry.path)


async def drop(app: WizardApp, kept: Kept) -> None:
    """Remove a draft when the person agrees."""
    about = kept.draft.path.name if kept.draft.path else "a new configuration"
    text = f"The answers about {about} from {kept.changed:%d %B, %H:%M} were not saved. Drop them?"
    if await app.push_screen_wait(Ask("Draft", text, (("", "Keep"), ("yes", "Drop")))):
        await app.keeper.drop(kept.draft.name)
        await list_clusters(app)


async def plan_file(app: WizardApp, path: Path, *, destroy: bool) -> None:
    """Plan to deploy, or to destroy, what a file says."""
    from federation.yaml import files

    config = await asyncio.to_thread(files.load, path)
    await app.loaded()
    navigation.show_plan(app, app.ports.deployment(path, config, destroys=destroy))


async def _open_file(app: WizardApp, path: Path) -> None:
    from federation.yaml import files
    from wizard.tui import draft

    await app.loaded()
    text = await asyncio.to_thread(files.read, path)
    navigation.show_questions(app, draft.opened(path, text))


async def _which(app: WizardApp, entry: Entry, kept: Kept) -> str:
    text = (
        f"Your answers about {entry.name} from {kept.changed:%d %B, %H:%M} were not saved. Go on "
        "with them, or open the file as it is? The draft stays until you save or drop it."
    )
    return await app.push_screen_wait(
        Ask("Draft", text, (("draft", "Go on with them"), ("file", "Open the file")))
    )


async def _show_problems(app: WizardApp, entry: Entry) -> None:
    text = "\n".join((*entry.problems, "", "Correct it in an editor, then look again."))
    if await app.push_screen_wait(
        Ask(f"clusters/{entry.name}.yaml", text, (("again", "Look again"), ("", "Close")))
    ):
        await list_clusters(app)
