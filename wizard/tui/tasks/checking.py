"""Runs checks and shows each result as it comes: of this machine, of a cluster, of a federation."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from wizard.tui.widgets.results import SIGNS, Results

if TYPE_CHECKING:
    from federation.model.config import ClusterConfig
    from wizard.tui.app import WizardApp
    from wizard.tui.ports import Result

LONGEST = 120.0
"""Seconds without a word after which checks are given up."""


async def machine(app: WizardApp) -> None:
    """Look at this machine; the first screen shows it."""
    ports = (await app.loaded()).ports
    results = app.start.query_one(Results)
    await _show(results, ports.preflight(None), "Looking at this machine …")


async def probe(app: WizardApp, results: Results) -> None:
    """Look at the cluster that the answers name."""
    from wizard.tui import preview

    config = preview.probed(app.draft)
    if config is None:
        await results.clear()
        problem = app.draft.problems().get("issuer", "") if app.draft.answer("issuer") else ""
        results.say(f"✗ Cluster DNS: {problem}" if problem else "Answer Cluster DNS first.")
        return
    ports = (await app.loaded()).ports
    await _show(results, ports.probe(config), f"Probing {config.issuer_host} …")


async def prove(app: WizardApp, config: ClusterConfig, results: Results) -> None:
    """Look at a federation that is deployed."""
    ports = (await app.loaded()).ports
    await _show(results, ports.prove(config), "Proving …")


async def _show(results: Results, checks: AsyncIterator[Result], doing: str) -> None:
    await results.clear()
    results.say(doing)
    count: Counter[str] = Counter()
    try:
        async with asyncio.timeout(LONGEST) as patience:
            async for result in checks:
                patience.reschedule(asyncio.get_running_loop().time() + LONGEST)
                if not results.is_attached:
                    return
                count[result.verdict] += 1
                await results.add(result)
    except TimeoutError:
        results.say(f"Given up after {LONGEST:g} s without a word. {_counted(count)}")
        return
    results.say(_counted(count))


def _counted(count: Counter[str]) -> str:
    words = {"pass": "right", "warn": "to look at", "fail": "wrong", "skip": "not looked at"}
    return "   ".join(
        f"{sign} {count[verdict]} {words[verdict]}"
        for verdict, sign in SIGNS.items()
        if count[verdict]
    )
