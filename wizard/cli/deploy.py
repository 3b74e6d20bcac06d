"""`deploy`: preflight, the plan, the question, and `cdktf deploy`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from deployment.next_steps import next_commands
from deployment.sequence import Deployment
from federation.keys import key_files
from federation.yaml import files
from wizard import printer
from wizard.cli.options import config_file_option
from wizard.cli.running import carry_out


@click.command()
@config_file_option
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
def deploy(path: Path, yes: bool) -> None:
    """Show the plan, ask, and apply it."""
    config = files.load(path)
    key_files.check(config)
    done = carry_out(Deployment(path, config), yes)
    if done is None:
        printer.say("Nothing was changed.")
        return
    show_outputs(done.outputs)
    printer.say("", "Next:")
    for command in next_commands(path, config):
        printer.say(f"  {command.text}")


def show_outputs(outputs: Mapping[str, Mapping[str, Any]]) -> None:
    """Print the outputs of each stack."""
    for stack, values in outputs.items():
        for name, value in values.items():
            if isinstance(value, Mapping):
                for key, text in value.items():
                    printer.say(f"{stack}: {name}[{key}] = {text}")
            else:
                printer.say(f"{stack}: {name} = {value}")
