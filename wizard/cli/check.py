"""`check`: whether a configuration is right, and what is worth a second thought in it."""

from __future__ import annotations

from pathlib import Path

import click

from federation import files
from federation.advice import advice
from wizard.cli.options import config_option, json_option, print_json, relative


@click.command()
@config_option
@json_option
def check(path: Path, as_json: bool) -> None:
    """Check a configuration, without contacting anything."""
    config = files.load(path)
    found = advice(config)
    if as_json:
        warnings = [{"code": each.code, "place": each.place, "text": each.text} for each in found]
        print_json({"cluster": config.cluster, "valid": True, "warnings": warnings})
        return
    for each in found:
        click.echo(f"warning: {each.place}: {each.text} [{each.code}]")
    count = len(config.workloads)
    click.echo(
        f"{relative(path)} is right: {config.issuer}, workloads: {count}, warnings: {len(found)}."
    )
