"""Takes down stacks that were deployed once and that the configuration has no more.

Going back from a bucket to the API server, with `kubernetes.apply: manifests`, leaves the stack
`discovery` out: Terraform would never hear of its bucket again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import click

from federation import files
from federation.config import ClusterConfig
from federation.errors import WorldError
from review.changes import Plan
from wizard import applied
from wizard.cdktf import runs
from wizard.cli.running import follow, planned, show_plan
from wizard.logs import new_log


@dataclass(frozen=True)
class LeftBehind:
    """Stacks to take down, as the configuration that they were deployed with has them."""

    cluster: str
    project: runs.Project
    plan: Plan

    def show(self) -> None:
        """Print what goes with them."""
        click.echo(f"No longer in the configuration: {', '.join(self.project.stacks)}.")
        show_plan(self.plan, destroy=True)

    def take_down(self) -> None:
        """Destroy them: last, since nothing may read the documents of the bucket any more.

        Raises:
            WorldError: it failed; the next deploy or destroy tries it again.
            InterruptedRunError: somebody stopped it.
        """
        log = new_log(f"destroy-{self.cluster}")
        follow(runs.take_down(self.project, log), self.plan.steps)
        applied.forget_left_behind(files.PROJECT, self.cluster)


def left_behind(config: ClusterConfig) -> LeftBehind | None:
    """What to take down besides a deployment or a removal, planned; None where there is nothing.

    It synthesizes into the folder in which the configuration's own stacks are: ask it first.

    Raises:
        InterruptedRunError: somebody stopped it.
    """
    path = applied.keep_left_behind(files.PROJECT, config)
    if path is None:
        return None
    known = files.load(path)
    stacks = applied.left_behind(files.PROJECT, config)
    project = replace(runs.project(path, known), stacks=stacks)
    log = new_log(f"plan-{config.cluster}")
    try:
        plan = planned(runs.plan(project, log, destroy=True), quiet=True)
    except WorldError as error:
        click.echo(f"warning: {', '.join(stacks)} cannot be taken down: {error}", err=True)
        return None
    if plan.empty:
        applied.forget_left_behind(files.PROJECT, config.cluster)
        return None
    return LeftBehind(config.cluster, project, plan)
