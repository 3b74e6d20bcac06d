"""Finds and opens configurations and drafts."""

from __future__ import annotations

import asyncio
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deployment.sequence import Deployment
    from wizard.tui.clusters import Entry
    from wizard.tui.draft import Draft
    from wizard.tui.session import Session


async def cluster_entries(session: Session) -> tuple[Entry, ...]:
    """The configurations and drafts of the project."""
    from wizard.tui import clusters

    return await asyncio.to_thread(clusters.entries, session.project)


async def new_draft(session: Session) -> Draft:
    """A draft of a new configuration, with what is known here as its first answers."""
    from wizard.tui import draft

    loaded = await session.load()
    return draft.begun(f"new-{uuid.uuid4().hex[:8]}", loaded.surroundings)


async def draft_of(session: Session, path: Path) -> Draft:
    """The answers that a file gives.

    Raises:
        ConfigError: the file is not a valid configuration.
    """
    from federation.yaml import files
    from wizard.tui import draft

    await session.load()
    return draft.opened(path, await asyncio.to_thread(files.read, path))


async def deployment_of(session: Session, path: Path, *, destroys: bool) -> Deployment:
    """What deploys, or destroys, what a file says.

    Raises:
        ConfigError: the file is not a valid configuration.
    """
    from federation.yaml import files

    config = await asyncio.to_thread(files.load, path)
    return (await session.load()).outside.deployment(path, config, destroys=destroys)
