"""Carries out what was planned, and writes down what was said."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from deployment.cdktf.events import Failed, Succeeded
from deployment.logs import shown
from federation.errors import OidcIamError, UserError
from wizard.tui.activity import Activity
from wizard.tui.tasks import opening

if TYPE_CHECKING:
    from wizard.tui.app import WizardApp
    from wizard.tui.screens.review import ShowReview


async def carry_out(app: WizardApp, activity: Activity) -> None:
    """Follow a deployment to its end, and say how it ended wherever the person is."""
    await activity.follow()
    outcome = activity.progress.outcome
    done = "destroyed" if activity.deployment.destroys else "deployed"
    if isinstance(outcome, Succeeded):
        app.notify(f"{activity.cluster} is {done}.", title="Done")
    elif isinstance(outcome, Failed):
        text = f"{activity.cluster} could not be {done}."
        app.notify(text, title="It did not work", severity="error")
    else:
        app.notify(f"{activity.cluster}: Terraform has ended in order.", title="Cancelled")
    await opening.list_clusters(app)


async def write_terraform(app: WizardApp, screen: ShowReview) -> None:
    """Have cdktf write the Terraform of what is reviewed, and show it there."""
    try:
        stacks = await app.ports.terraform(screen.review.config)
    except OidcIamError as error:
        if screen.is_attached:
            screen.say_terraform(str(error))
    else:
        if screen.is_attached:
            screen.show_terraform(stacks)


async def copy_log(app: WizardApp, log: Path, to: Path) -> None:
    """Copy a log to where the person wants it.

    Raises:
        UserError: it cannot be written there.
    """
    target = to.expanduser()
    try:
        await asyncio.to_thread(shutil.copyfile, log, target)
    except OSError as error:
        raise UserError(f"{error.filename or target}: {error.strerror or error}.") from error
    app.notify(shown(target), title="The log was copied", markup=False)
