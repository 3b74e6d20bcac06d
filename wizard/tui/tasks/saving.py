"""Reviews and saves a draft, also if another program changed the file meanwhile."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from federation.yaml import files
from wizard.tui import draft as drafts
from wizard.tui import review as reviews

if TYPE_CHECKING:
    from wizard.tui.review import Review
    from wizard.tui.session import AppSession


async def review_draft(session: AppSession) -> Review:
    """What saving the draft would do.

    Raises:
        ConfigError: an answer breaks a rule, or the file cannot be read.
    """
    return await asyncio.to_thread(reviews.review, session.draft, session.project)


async def save_review(review: Review, *, agreed: bool = False) -> None:
    """Write what was reviewed; see `wizard.tui.review.save`."""
    await asyncio.to_thread(reviews.save, review, agreed=agreed)


async def settle_review(session: AppSession, saved: Review) -> Review:
    """Go on with the file as it is now, without a draft; what saving it again would do."""
    await session.drop_draft(session.draft.name)
    session.settle(drafts.open_draft(saved.path, saved.text))
    return await review_draft(session)


async def merge_file(session: AppSession, path: Path) -> bool:
    """Put the answers on top of another program's changes to the file.

    Returns:
        Whether both changed the workloads, so that the other program's are left out.
    """
    on_disk = await asyncio.to_thread(files.read, path)
    overruled = session.draft.overrules_workloads_of(on_disk)
    session.change(session.draft.onto(on_disk))
    return overruled
