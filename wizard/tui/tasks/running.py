"""Carries out what was planned, and writes down what was said."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from deployment import applied
from deployment.cdktf.events import Failed, Succeeded
from deployment.logs import shown
from federation.errors import OidcIamError, UserError
from wizard.tui.activity import Activity
from wizard.tui.tasks import opening

if TYPE_CHECKING:
    from wizard.tui.app import WizardApp
    from wizard.tui.screens.review import ShowReview


async def plan(app: WizardApp, activity: Activity, *, destroy: bool) -> None:
    """Follow a plan to its end; one without any change proves that all of it is deployed."""
    await activity.follow()
    outcome = activity.progress.outcome
    unchanged = isinstance(outcome, Succeeded) and outcome.plan is not None and outcome.plan.empty
    if unchanged and not destroy and activity.config.kubernetes.apply == "terraform":
        await asyncio.to_thread(applied.record, app.project, activity.config)


async def carry_out(app: WizardApp, activity: Activity) -> None:
    """Follow a deployment to its end, remember it, and say so wherever the person is."""
    cluster = activity.config.cluster
    doing: applied.Doing = "destroy" if activity.kind == "destroy" else "deploy"
    await activity.follow(lambda: applied.begin(app.project, activity.config, doing))
    outcome = activity.progress.outcome
    done = "destroyed" if doing == "destroy" else "deployed"
    if isinstance(outcome, Succeeded):
        if doing == "destroy":
            await asyncio.to_thread(applied.forget, app.project, cluster)
        else:
            await asyncio.to_thread(applied.record, app.project, activity.config)
        app.notify(f"{cluster} is {done}.", title="Done")
    elif isinstance(outcome, Failed):
        app.notify(f"{cluster} could not be {done}.", title="It did not work", severity="error")
    else:
        app.notify(f"{cluster}: Terraform has ended in order.", title="Cancelled")
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
