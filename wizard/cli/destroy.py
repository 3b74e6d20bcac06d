"""`destroy`: remove what a deploy made, and nothing else."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from deployment import applied
from deployment.cdktf import runs
from deployment.left_behind import left_behind
from deployment.logs import new_log
from deployment.parts import before_destroying, refusing_others
from federation.model.config import ClusterConfig
from federation.yaml import files
from wizard import printer
from wizard.cli.options import config_file_option
from wizard.cli.running import (
    agreed,
    follow,
    planned,
    require_answer,
    require_ready,
    show_plan,
)


@click.command()
@config_file_option
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
        InterruptedRunError: a user stopped it.
    """
    behind = partial(left_behind, config, destroy=True)
    project = runs.project(path, config)
    log = new_log(f"plan-{config.cluster}")
    refusing = refusing_others(config)
    plan = planned(runs.plan(project, log, destroy=True, before=refusing, behind=behind))
    show_plan(plan, destroy=True)
    question = f"Every pod that uses these roles loses them. Type '{config.cluster}' to destroy"
    if not plan.empty and not agreed(question, yes, config.cluster):
        return False
    applied.begin(files.PROJECT, config, "destroy")
    log = new_log(f"destroy-{config.cluster}")
    first = before_destroying(config, printer.say)
    follow(runs.destroy(project, log, before=first, behind=behind), plan.steps)
    applied.forget(files.PROJECT, config.cluster)
    return True
