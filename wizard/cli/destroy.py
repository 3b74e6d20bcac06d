"""`destroy`: remove what a deploy made, and nothing else."""

from __future__ import annotations

from pathlib import Path

import click

from deployment.sequence import Deployment
from federation.yaml import files
from wizard import printer
from wizard.cli.options import config_file_option
from wizard.cli.running import carry_out


@click.command()
@config_file_option
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
def destroy(path: Path, yes: bool) -> None:
    """Remove what a deploy made.

    Refuses if a namespace that the deploy made holds other people's objects.
    """
    if carry_out(Deployment(path, files.load(path), destroys=True), yes) is None:
        printer.say("Nothing was changed.")
