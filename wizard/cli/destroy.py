"""`destroy`: remove what a deploy made, and nothing else."""

from __future__ import annotations

from pathlib import Path

import click

from federation import files
from federation.config import ClusterConfig
from wizard import applied, manifests
from wizard.cdktf import runs
from wizard.cli.left_behind import left_behind
from wizard.cli.options import config_option
from wizard.cli.running import (
    agreed,
    follow,
    planned,
    require_answer,
    require_ready,
    show_plan,
)
from wizard.logs import new_log


@click.command()
@config_option
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
def destroy(path: Path, yes: bool) -> None:
    """Remove what a deploy made.

    Refuses while anything of others is in a namespace that the deploy made.
    """
    config = files.load(path)
    require_answer(yes)
    require_ready(config)
    if not destroyed(path, config, yes):
        click.echo("Nothing was changed.")


def destroyed(path: Path, config: ClusterConfig, yes: bool) -> bool:
    """Plan, ask and destroy; False where the answer was no.

    Raises:
        UserError: something of others is in a namespace that would go with it.
        WorldError: planning or destroying failed.
    """
    manifests.refuse_others(config)
    left = left_behind(config)
    project = runs.project(path, config)
    plan = planned(runs.plan(project, new_log(f"plan-{config.cluster}"), destroy=True))
    show_plan(plan, destroy=True)
    if left:
        left.show()
    question = f"Every pod that uses these roles loses them. Type '{config.cluster}' to destroy"
    if (left or not plan.empty) and not agreed(question, yes, config.cluster):
        return False
    applied.begin(files.PROJECT, config.cluster, "destroy")
    if config.kubernetes.apply == "manifests":
        manifests.delete_manifests(config, click.echo)
    follow(runs.destroy(project, new_log(f"destroy-{config.cluster}")), plan.steps)
    applied.forget(files.PROJECT, config.cluster)
    if left:
        left.take_down()
    return True
