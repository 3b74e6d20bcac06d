"""`deploy`: preflight, the plan, the question, and `cdktf deploy`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import click

from deployment import applied
from deployment.cdktf import runs
from deployment.left_behind import left_behind
from deployment.logs import new_log
from deployment.next_steps import next_commands
from deployment.parts import after_applying
from federation.keys import key_files
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
def deploy(path: Path, yes: bool) -> None:
    """Show the plan, ask, and apply it."""
    config = files.load(path)
    key_files.check(config)
    require_answer(yes)
    require_ready(config)
    outputs = deployed(path, config, yes)
    if outputs is None:
        printer.say("Nothing was changed.")
        return
    show_outputs(outputs)
    printer.say("", "Next:")
    for command in next_commands(path, config):
        printer.say(f"  {command.text}")


def deployed(
    path: Path, config: ClusterConfig, yes: bool
) -> Mapping[str, Mapping[str, Any]] | None:
    """Plan, ask and apply; the outputs of each stack, or None where the answer was no.

    Args:
        path: the configuration's file.
        config: what it holds.
        yes: whether to go ahead without asking.

    Raises:
        WorldError: planning or applying failed.
        InterruptedRunError: somebody stopped it.
    """
    behind = partial(left_behind, config)
    project = runs.project(path, config)
    plan = planned(runs.plan(project, new_log(f"plan-{config.cluster}"), behind=behind))
    show_plan(plan)
    if not plan.empty and not agreed("Apply this?", yes):
        return None
    applied.begin(files.PROJECT, config, "deploy")
    log = new_log(f"deploy-{config.cluster}")
    run = runs.deploy(project, log, after=after_applying(config, printer.say), behind=behind)
    outputs = follow(run, plan.steps).outputs
    applied.record(files.PROJECT, config)
    return outputs


def show_outputs(outputs: Mapping[str, Mapping[str, Any]]) -> None:
    """Print the outputs of each stack."""
    for stack, values in outputs.items():
        for name, value in values.items():
            if isinstance(value, Mapping):
                for key, text in value.items():
                    printer.say(f"{stack}: {name}[{key}] = {text}")
            else:
                printer.say(f"{stack}: {name} = {value}")
