"""Walks through the terminal app from the first screen to the last and back, for `test_wizard`.

Runs in a copy of the project, whose modules it imports, with a sandbox beside it. Keys are pressed
as a person would; nothing is a script but this one. Prints what the screens said, as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from textual.events import Paste
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import DataTable, Static

from deployment.cdktf.events import Outcome
from wizard.tui.app import WizardApp, make_app
from wizard.tui.clusters import ClusterEntry
from wizard.tui.screens.deploy import ShowDeployment
from wizard.tui.screens.dialogs import Typed
from wizard.tui.screens.done import Done
from wizard.tui.screens.more import More
from wizard.tui.screens.plan import ShowPlan
from wizard.tui.screens.questions import Questions
from wizard.tui.screens.review import ShowReview
from wizard.tui.screens.start import Start
from wizard.tui.screens.workload import EditWorkload

LONGEST = 120.0
"""Seconds after which what is waited for is taken to never come."""

GIVEN = "STS returns credentials for the workload's token "
"""How the checks begin that a service account gets its role."""

Said = dict[str, Any]


class Walk:
    """The app, and somebody who presses its keys."""

    def __init__(self, pilot: Pilot[None]) -> None:
        self._pilot = pilot
        assert isinstance(pilot.app, WizardApp)
        self.app = pilot.app

    async def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        await self._pilot.press(*keys)

    async def write(self, text: str) -> None:
        """Paste a text over what is in the field in focus."""
        await self.press("ctrl+u")
        self.app.post_message(Paste(text))
        await self._pilot.pause()

    async def until(self, so: Callable[[], object]) -> None:
        """Let the app go on until something is so."""
        async with asyncio.timeout(LONGEST):
            while not so():
                await self._pilot.pause(0.05)
        await self._pilot.pause()

    async def to(self, screen: type[Screen[Any]], *keys: str) -> None:
        """Press keys that lead to a screen."""
        await self.press(*keys)
        await self.until(lambda: isinstance(self.app.screen, screen))

    async def idle(self, group: str) -> None:
        """Wait until what takes time has ended."""
        await self.until(lambda: not any(each.group == group for each in self.app.workers))

    def text(self, selector: str) -> str:
        """What a part of the screen says."""
        return str(self.app.screen.query_one(selector, Static).content)

    def results(self, selector: str, sign: str) -> list[str]:
        """The titles of the results with a sign, each with what it is about."""
        texts = [
            str(result.query_one(".text", Static).content)
            for result in self.app.screen.query(f"{selector} .result")
            if str(result.query_one(".sign", Static).content).strip() == sign
        ]
        return [text.partition(": ")[0] for text in texts]

    def outcome(self) -> Outcome | None:
        """How what ran last ended."""
        assert self.app.session.activity is not None
        return self.app.session.activity.progress.outcome


async def walk(pilot: Pilot[None]) -> Said:
    """Deploy, prove, change, deploy again, destroy."""
    one = Walk(pilot)
    stands, plans, reviews, proofs = [await status(one)], [], [], []
    await one.to(Questions, "enter")
    probe = await probed(one)
    for round_ in range(2):
        if round_:
            await one.to(Questions, "enter")
            await change(one)
        reviews.append(await reviewed(one, patiently=not round_))
        plans.append([await planned(one), await carried_out(one)])
        proofs.append(await proven(one))
        stands.append(await status(one))
    plans.append([await planned_to_destroy(one), await taken_down(one)])
    stands.append(await status(one))
    return {"stands": stands, "probe": probe, "reviews": reviews, "plans": plans, "proofs": proofs}


async def status(one: Walk) -> str:
    """Go to the first screen and choose the only configuration there; how it stands."""
    while not isinstance(one.app.screen, Start):
        await one.press("escape")
    await one.idle("machine")
    await one.idle("clusters")
    await one.press("home", "down")
    entry = one.app.start.chosen
    assert isinstance(entry, ClusterEntry)
    return f"{entry.name}: {entry.status}"


async def probed(one: Walk) -> list[str]:
    """Look at the cluster; what is wrong with it."""
    await one.press("f5")
    await one.idle("probe")
    return one.results("#probe", "✗")


async def reviewed(one: Walk, *, patiently: bool) -> Said:
    """Go to the review, and where there is time wait for the Terraform there."""
    await one.to(ShowReview, "ctrl+n")
    if patiently:
        await one.idle("terraform")
    return {
        "summary": one.text("#summary"),
        "terraform": 'resource "aws_iam_role"' in one.text("#terraform-text"),
        "trust": one.app.screen.query_one("#trust-table", DataTable).row_count,
    }


async def planned(one: Walk) -> str:
    """Save and plan."""
    await one.to(ShowPlan, "ctrl+n")
    return await plan_summary(one)


async def plan_summary(one: Walk) -> str:
    """Wait for the plan; what it would do."""
    await one.until(one.outcome)
    await one.until(lambda: not one.text("#summary").endswith(" s"))
    return one.text("#summary").partition("\n")[0]


async def carried_out(one: Walk) -> str:
    """Do what was planned; how it ended."""
    await one.to(ShowDeployment, "ctrl+n")
    return await ending(one)


async def ending(one: Walk) -> str:
    """Wait for the end, which the app tells; what it was."""
    await one.until(one.outcome)
    await one.idle("run")
    return type(one.outcome()).__name__


async def proven(one: Walk) -> dict[str, list[str]]:
    """Go to the last screen and wait for the proof; what it found wrong, and who gets a role."""
    await one.to(Done, "ctrl+n")
    await one.idle("proof")
    passed = one.results("#proof", "✓")
    given = sorted(title.removeprefix(GIVEN) for title in passed if title.startswith(GIVEN))
    return {"failed": one.results("#proof", "✗"), "roles given": given}


async def change(one: Walk) -> None:
    """Add an audience, and a copy of the second workload for another service account."""
    await one.press("down")
    await one.write("sts.amazonaws.com, vault")
    await one.to(More, "f2")
    await one.press("f3", "f3", "f3", "down")
    await one.to(EditWorkload, "c")
    await one.press("down")
    await one.write("auditor")


async def planned_to_destroy(one: Walk) -> str:
    """Plan, from the first screen, to destroy."""
    await one.to(ShowPlan, "x")
    return await plan_summary(one)


async def taken_down(one: Walk) -> str:
    """Agree to destroy by typing the cluster's name; how it ended."""
    await one.to(Typed, "ctrl+n")
    await one.press(*"sandbox", "enter")
    await one.until(lambda: isinstance(one.app.screen, ShowDeployment))
    return await ending(one)


async def main() -> None:
    """Walk, and print what was said."""
    app = make_app(Path.cwd())
    async with app.run_test(size=(100, 30)) as pilot:
        sys.stdout.write(json.dumps(await walk(pilot), indent=2))


if __name__ == "__main__":
    asyncio.run(main())
