"""`check`: whether a configuration is right, and what is worth a second thought in it."""

from __future__ import annotations

from pathlib import Path

import click

from federation import files, key_files
from federation.advice import ENDPOINT_THUMBPRINT, Advice, advice
from federation.config import ClusterConfig
from wizard import printer
from wizard.cli.options import config_option, json_option, relative
from wizard.endpoint import endpoint_advice
from wizard.neighbours import neighbour_advice


@click.command()
@config_option
@json_option
@click.option("--offline", is_flag=True, help="Do not look at discovery.endpoint's certificates.")
def check(path: Path, as_json: bool, offline: bool) -> None:
    """Check a configuration, and name what is worth a second thought.

    Nothing is contacted but discovery.endpoint, where it is set and Terraform is to take the
    thumbprint from it.
    """
    config = files.load(path)
    key_files.check(config)
    if config.lint.accept:
        from review.lint.linter import check_codes

        check_codes(config.lint.accept, relative(path))
    found = [*neighbour_advice(path, config), *_advice(config, offline)]
    if as_json:
        warnings = [{"code": each.code, "place": each.place, "text": each.text} for each in found]
        printer.show_json({"cluster": config.cluster, "valid": True, "warnings": warnings})
        return
    for each in found:
        printer.say(f"warning: {each.place}: {each.text} [{each.code}]")
    count = len(config.workloads)
    printer.say(
        f"{relative(path)} is right: {config.issuer}, workloads: {count}, warnings: {len(found)}."
    )


def _advice(config: ClusterConfig, offline: bool) -> tuple[Advice, ...]:
    known = advice(config)
    if offline:
        return known
    settled = tuple(each for each in known if each.code != ENDPOINT_THUMBPRINT)
    return (*endpoint_advice(config), *settled)
