"""`destroy`: remove what a deploy made, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from federation import files
from federation.config import ClusterConfig
from wizard import applied, manifests
from wizard.cdktf import runs
from wizard.cli.options import config_option
from wizard.cli.running import agreed, follow, require_answer, show_plan
from wizard.logs import new_log
from wizard.preflight import preflight, require


@click.command()
@config_option
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
def destroy(path: Path, yes: bool) -> None:
    """Remove what a deploy made.

    Refuses while anything of others is in a namespace that the deploy made.
    """
    require_answer(yes)
    config = files.load(path)
    for check in require(preflight(config)):
        if check.verdict == "warn":
            click.echo(f"warning: {check}", err=True)
    if not destroyed(path, config, yes):
        click.echo("Nothing was changed.")


def destroyed(
    path: Path, config: ClusterConfig, yes: bool, environment: Mapping[str, str] | None = None
) -> bool:
    """Plan, ask and destroy; False where the answer was no.

    Raises:
        UserError: something of others is in a namespace that would go with it.
        WorldError: planning or destroying failed.
    """
    manifests.refuse_others(config)
    project = runs.project(path, config, environment)
    plan = follow(runs.plan(project, new_log(f"plan-{config.cluster}"), destroy=True)).plan
    if plan is None:
        raise AssertionError("a run that plans ends with a plan")
    show_plan(plan)
    question = f"Every pod that uses these roles loses them. Type '{config.cluster}' to destroy"
    if not plan.empty and not agreed(question, yes, config.cluster):
        return False
    if config.kubernetes.apply == "manifests":
        manifests.delete_manifests(config, click.echo)
    follow(runs.destroy(project, new_log(f"destroy-{config.cluster}")), plan.steps)
    applied.forget(files.PROJECT, config.cluster)
    return True
