"""Finds and opens configurations and drafts."""

from __future__ import annotations

import asyncio
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deployment.sequence import Deployment
    from wizard.tui.clusters import ClusterEntry
    from wizard.tui.draft import Draft
    from wizard.tui.session import AppSession


async def cluster_entries(session: AppSession) -> tuple[ClusterEntry, ...]:
    """The configurations and drafts of the project."""
    from wizard.tui import clusters

    return await asyncio.to_thread(clusters.entries, session.project)


async def new_draft(session: AppSession) -> Draft:
    """A draft of a new configuration, with what is known here as its first answers."""
    from wizard.tui import draft

    loaded = await session.load()
    return draft.begin_draft(f"new-{uuid.uuid4().hex[:8]}", loaded.surroundings)


async def draft_of(session: AppSession, path: Path) -> Draft:
    """The answers that a file gives.

    Raises:
        ConfigError: the file is not a valid configuration.
    """
    from federation.yaml import files
    from wizard.tui import draft

    await session.load()
    return draft.open_draft(path, await asyncio.to_thread(files.read, path))


async def deployment_of(session: AppSession, path: Path, *, destroys: bool) -> Deployment:
    """What deploys, or destroys, what a file says.

    Raises:
        ConfigError: the file is not a valid configuration.
    """
    from federation.yaml import files

    config = await asyncio.to_thread(files.load, path)
    return (await session.load()).outside.deployment(path, config, destroys=destroys)
