"""`plan`: what a deploy would change."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from pathlib import Path

import click

from deployment.cdktf import runs
from deployment.left_behind import left_behind
from deployment.logs import new_log
from federation.keys import key_files
from federation.yaml import files
from wizard import printer
from wizard.cli.options import config_file_option, json_option
from wizard.cli.running import planned, require_ready, show_plan


@click.command()
@config_file_option
@json_option
@click.option("--destroy", is_flag=True, help="Plan to remove everything instead.")
def plan(path: Path, as_json: bool, destroy: bool) -> None:
    """Show what a deploy would change, and change nothing.

    A cluster that cannot be reached, or is another one, is a warning here: a deploy would refuse.
    """
    config = files.load(path)
    key_files.check(config)
    require_ready(config, changes=False)
    log = new_log(f"plan-{config.cluster}")
    behind = partial(left_behind, config, destroy=destroy)
    run = runs.plan(runs.project(path, config), log, destroy=destroy, behind=behind)
    made = planned(run, quiet=as_json)
    if as_json:
        printer.show_json(asdict(made))
    else:
        show_plan(made, destroy=destroy)
