"""`plan`: what a deploy would change."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from deployment.sequence import Deployment
from federation.keys import key_files
from federation.yaml import files
from wizard import printer
from wizard.cli.options import config_file_option, json_option
from wizard.cli.running import make_plan, require_ready, show_plan


@click.command()
@config_file_option
@json_option
@click.option("--destroy", is_flag=True, help="Plan to remove everything instead.")
def plan(path: Path, as_json: bool, destroy: bool) -> None:
    """Show what a deploy would change, and change nothing.

    If the cluster cannot be reached, or is another one, this only warns; a deploy is refused.
    """
    config = files.load(path)
    key_files.check(config)
    deployment = Deployment(path, config, destroys=destroy)
    require_ready(deployment, plan_only=True)
    made = make_plan(deployment.plan(plan_only=True), quiet=as_json)
    if as_json:
        printer.show_json(asdict(made))
    else:
        show_plan(made, destroy=destroy)
