"""`synth`: the Terraform of a configuration, for reviewers and for pipelines."""

from __future__ import annotations

from pathlib import Path

import click

from federation import files
from wizard.cdktf import runs
from wizard.cli.options import config_option
from wizard.cli.running import follow
from wizard.logs import new_log


@click.command()
@config_option
@click.option("--hcl", is_flag=True, help="Write HCL instead of JSON.")
def synth(path: Path, hcl: bool) -> None:
    """Write the Terraform of a configuration."""
    config = files.load(path)
    follow(runs.synth(runs.project(path, config), new_log(f"synth-{config.cluster}"), hcl=hcl))
    name = "cdk.tf" if hcl else "cdk.tf.json"
    for stack in config.stacks:
        click.echo(f"cdktf.out/stacks/{stack}/{name}")
