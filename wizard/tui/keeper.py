"""Writes the drafts that are changed, soon after each change and never while a key waits."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from federation.errors import UserError

if TYPE_CHECKING:
    from wizard.tui.draft import Draft
    from wizard.tui.drafts import Drafts

PAUSE = 0.3
"""Seconds after a change in which more changes are waited for."""


class Keeper:
    """Keeps the newest drafts on disk; writes come one after the other.

    A draft that cannot be written is held, and tried again with each later one.
    """

    def __init__(self, drafts: Drafts, complain: Callable[[str], object]) -> None:
        """Make a keeper.

        Args:
            drafts: Where drafts are written.
            complain: Is told, once, why a draft cannot be written.
        """
        self._drafts = drafts
        self._complain = complain
        self._newest: dict[str, Draft] = {}
        self._changed = asyncio.Event()
        self._writing = threading.Lock()
        self._complained = False
        self.trouble = ""
        """Why a draft is not on disk; empty where all are."""

    def change(self, draft: Draft) -> None:
        """Take a draft that has to be kept."""
        self._newest[draft.name] = draft
        self._changed.set()

    async def run(self) -> None:
        """Write what changes, until cancelled."""
        while True:
            await self._changed.wait()
            await asyncio.sleep(PAUSE)
            self._changed.clear()
            await asyncio.to_thread(self.keep)

    async def drop(self, name: str) -> None:
        """Remove a draft: what it says is saved, or not wanted any more."""
        self._newest.pop(name, None)
        if not self._newest:
            self.trouble = ""
        await asyncio.to_thread(self._remove, name)

    def keep(self) -> None:
        """Write what has changed and is not written yet; waits for the disk."""
        with self._writing:
            drafts, self._newest = self._newest, {}
            self.trouble = ""
            for draft in drafts.values():
                self._keep_one(draft)

    def _keep_one(self, draft: Draft) -> None:
        try:
            if draft.changed:
                self._drafts.keep(draft)
            else:
                self._drafts.drop(draft.name)
        except (UserError, OSError) as error:
            self._newest.setdefault(draft.name, draft)
            self.trouble = str(error)
            if not self._complained:
                self._complained = True
                self._complain(str(error))

    def _remove(self, name: str) -> None:
        with self._writing:
            self._drafts.drop(name)
