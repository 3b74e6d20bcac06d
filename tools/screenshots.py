"""Write the pictures of the terminal app that the README shows, from the app itself.

`make screenshots` runs it, with the scripted world of the app's tests in place of AWS and a
cluster, so that the same app gives the same pictures everywhere. They go to `docs/images/`.
"""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import chdir
from pathlib import Path

from project_files import PROD
from scripted import Scripted, World, deploying
from walking import Walk, done, to_deployment, to_done, to_questions, until, walking, wizard

from deployment.cdktf.events import ResourceStarted

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
SIZE = (96, 24)
_MADE_SO_FAR = 2
_TERMINAL = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
_WEB_FONT = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


async def questions(walk: Walk) -> None:
    """Four answers, and what follows from them."""
    await to_questions(walk, "cluster.example.com")
    await walk.press("down")


async def deployment(walk: Walk) -> None:
    """A deployment that is at work."""
    await to_deployment(walk)
    await until(walk, lambda: _made(walk) == _MADE_SO_FAR)
    ports = wizard(walk).session.outside
    assert isinstance(ports, World)  # noqa: S101
    ports.time = 7.0
    await until(walk, lambda: "7 s" in str(walk.app.screen.query_one("#counts").render()))


async def proof(walk: Walk) -> None:
    """What was made, the commands that come next, and the proof."""
    await to_done(walk)
    await done(walk, "proof")


PICTURES: dict[str, Callable[[Walk], Awaitable[None]]] = {
    "wizard-questions": questions,
    "wizard-deploy": deployment,
    "wizard-done": proof,
}


async def picture(go: Callable[[Walk], Awaitable[None]], world: World) -> str:
    """The app as SVG, after going to a place in it."""
    project = Path.cwd()
    (project / "clusters").mkdir()
    (project / "clusters" / "prod.yaml").write_text(PROD, encoding="utf-8")
    async with walking(project, world, SIZE) as walk:
        await go(walk)
        walk.app.clear_notifications()
        await walk.pause()
        # Pages may not load fonts from elsewhere; the text is stretched to its place anyway.
        return _WEB_FONT.sub("", walk.app.export_screenshot(title="python -m wizard"))


def half_done() -> World:
    """A world in which a deployment stops at its last resource."""
    events = deploying()
    begun = max(at for at, event in enumerate(events) if isinstance(event, ResourceStarted))
    return World(deployed=Scripted([*events[: begun + 1], events[-1]], asyncio.Event()))


def _made(walk: Walk) -> int:
    activity = wizard(walk).session.activity
    return activity.progress.done if activity else 0


def main() -> None:
    """Write all pictures."""
    os.environ.update(_TERMINAL)
    os.environ.pop("NO_COLOR", None)
    for name, go in PICTURES.items():
        with tempfile.TemporaryDirectory() as project, chdir(project):
            svg = asyncio.run(picture(go, half_done() if go is deployment else World()))
        (IMAGES / f"{name}.svg").write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
