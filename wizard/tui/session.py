"""What the app is about: the answers that are given, what keeps them, what runs, the world outside.

Screens read it and change the answers in it; tasks take it. What is slow to import is loaded in a
thread, behind the first screen.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from wizard.threads import UnawaitedThreads

if TYPE_CHECKING:
    from deployment.runs import Run
    from deployment.sequence import Deployment
    from review.plan.changes import Plan
    from wizard.tui.activity import Activity, Kind
    from wizard.tui.draft import Draft
    from wizard.tui.keeper import Keeper
    from wizard.tui.loading import Loaded
    from wizard.tui.outside import CheckResult, Outside


class AppSession:
    """The state of the app, without its screens.

    Attributes:
        project: The folder with `clusters/`.
        activity: The plan or the deployment that runs, or ran last.
    """

    def __init__(
        self,
        project: Path,
        outside: Outside | None,
        *,
        prepare: Callable[[], object],
        complain: Callable[[str], object],
    ) -> None:
        """Make a session; nothing is loaded before `load`.

        Args:
            project: The folder with `clusters/`.
            outside: What the app reaches beyond itself; None is the real world.
            prepare: Called in the thread that loads, after everything else.
            complain: Gets, once, why a draft cannot be written.
        """
        self.project = project
        self.activity: Activity | None = None
        self._given_outside = outside
        self._prepare = prepare
        self._complain = complain
        self._loading: asyncio.Task[Loaded] | None = None
        self._keeper: Keeper | None = None
        self._draft: Draft | None = None

    def begin_loading(self) -> asyncio.Task[Loaded]:
        """The loading, begun by the first who needs it: a key may be quicker than the app."""
        if self._loading is None:
            asyncio.get_running_loop().set_default_executor(UnawaitedThreads())
            self._loading = asyncio.create_task(self._load())
        return self._loading

    async def load(self) -> Loaded:
        """What is loaded behind the first screen."""
        return await asyncio.shield(self.begin_loading())

    @property
    def loaded(self) -> bool:
        """Whether all of it is loaded."""
        return self._loading is not None and self._loading.done()

    @property
    def outside(self) -> Outside:
        """What the app reaches beyond itself."""
        assert self._loading is not None  # noqa: S101  (loaded before any configuration)
        return self._loading.result().outside

    @property
    def suggestions(self) -> Mapping[str, Sequence[str]]:
        """Answers to suggest, by the key of their question."""
        assert self._loading is not None  # noqa: S101  (loaded before any configuration)
        return self._loading.result().suggestions

    @property
    def draft(self) -> Draft:
        """The answers that are being given."""
        assert self._draft is not None  # noqa: S101  (no step that asks comes without)
        return self._draft

    @property
    def keeper(self) -> Keeper | None:
        """Keeps the draft on disk; None before it is loaded."""
        return self._keeper

    def change(self, draft: Draft) -> None:
        """Take over other answers; they are on disk soon."""
        self._draft = draft
        if self._keeper is not None:
            self._keeper.change(draft)

    def settle(self, draft: Draft) -> None:
        """Take over the answers that a file gives."""
        self._draft = draft

    async def drop_draft(self, name: str) -> None:
        """Remove a draft: it is saved, or not wanted any more."""
        if self._keeper is not None:
            await self._keeper.drop(name)

    @property
    def busy(self) -> str:
        """Why nothing can be begun now; empty if something can."""
        if self.activity is None or not self.activity.running:
            return ""
        cluster = self.activity.cluster
        if self.activity.cancelled:
            return f"Terraform is still stopping for {cluster}: try again in a moment."
        return f"{cluster} is being worked on: one at a time."

    def begin(
        self,
        kind: Kind,
        deployment: Deployment,
        run: Run,
        *,
        plan: Plan | None = None,
        checks: AsyncIterator[CheckResult] | None = None,
    ) -> Activity:
        """Make the activity that plans, deploys or destroys; it must not be `busy`."""
        from wizard.tui.activity import Activity

        now = self.outside.now
        self.activity = Activity(kind, deployment, run, now, plan=plan, checks=checks)
        return self.activity

    async def _load(self) -> Loaded:
        def load() -> Loaded:
            from wizard.tui.loading import load

            loaded = load(self.project, self._given_outside)
            self._prepare()
            return loaded

        loaded = await asyncio.to_thread(load)
        from wizard.tui.keeper import Keeper

        self._keeper = Keeper(loaded.drafts, self._complain)
        return loaded
