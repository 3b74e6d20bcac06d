"""`destroy`: remove what a deploy made, and nothing else."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from federation import files
from federation.config import ClusterConfig
from wizard import applied, manifests, printer
from wizard.cdktf import runs
from wizard.cli.options import config_option
from wizard.cli.running import (
    agreed,
    follow,
    planned,
    require_answer,
    require_ready,
    show_plan,
)
from wizard.left_behind import left_behind
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
        printer.say("Nothing was changed.")


def destroyed(path: Path, config: ClusterConfig, yes: bool) -> bool:
    """Plan, ask and destroy; False where the answer was no.

    Raises:
        UserError: something of others is in a namespace that would go with it.
        WorldError: planning or destroying failed.
    """
    for each in (config, *applied.left_behind(files.PROJECT, config).values()):
        manifests.refuse_others(each)
    behind = partial(left_behind, config)
    project = runs.project(path, config)
    log = new_log(f"plan-{config.cluster}")
    plan = planned(runs.plan(project, log, destroy=True, behind=behind))
    show_plan(plan, destroy=True)
    question = f"Every pod that uses these roles loses them. Type '{config.cluster}' to destroy"
    if not plan.empty and not agreed(question, yes, config.cluster):
        return False
    applied.begin(files.PROJECT, config, "destroy")
    if config.kubernetes.apply == "manifests":
        manifests.delete_manifests(config, printer.say)
    run = runs.destroy(project, new_log(f"destroy-{config.cluster}"), behind=behind)
    follow(run, plan.steps)
    applied.forget(files.PROJECT, config.cluster)
    return True
