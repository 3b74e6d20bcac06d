"""`check`: whether a configuration is right, and what is worth a second thought in it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from deployment.endpoint import endpoint_advice
from deployment.neighbours import neighbour_advice
from federation.keys import key_files
from federation.model.config import ClusterConfig
from federation.rules.advice import ENDPOINT_THUMBPRINT, Advice, advice
from federation.yaml import files
from wizard import printer
from wizard.cli.options import config_option, json_option, relative


@click.command()
@config_option
@json_option
@click.option("--offline", is_flag=True, help="Do not look at discovery.endpoint's certificates.")
def check(path: Path, as_json: bool, offline: bool) -> int:
    """Check a configuration, and name what is worth a second thought.

    Nothing is contacted but discovery.endpoint, where it is set and Terraform is to take the
    thumbprint from it.

    Exit codes: 0 no error, 1 an error, 2 the configuration is not valid.
    """
    config = files.load(path)
    key_files.check(config)
    if config.lint.accept:
        from review.lint.linter import check_codes

        check_codes(config.lint.accept, relative(path))
    found = [*neighbour_advice(path, config), *_advice(config, offline), *_secrets(config)]
    errors = [each for each in found if each.weight == "error"]
    warnings = [each for each in found if each.weight == "warning"]
    if as_json:
        printer.show_json(
            {
                "cluster": config.cluster,
                "valid": not errors,
                "errors": _members(errors),
                "warnings": _members(warnings),
            }
        )
        return int(bool(errors))
    for each in (*errors, *warnings):
        printer.say(f"{each.weight}: {each.place}: {each.text} [{each.code}]")
    judged = f"has {len(errors)} error{'s' * (len(errors) > 1)}" if errors else "is right"
    printer.say(
        f"{relative(path)} {judged}: {config.issuer}, workloads: {len(config.workloads)}, "
        f"warnings: {len(warnings)}."
    )
    return int(bool(errors))


def _members(found: list[Advice]) -> list[dict[str, str]]:
    return [{"code": each.code, "place": each.place, "text": each.text} for each in found]


def _secrets(config: ClusterConfig) -> list[Advice]:
    """What looks like a secret; the texts do not repeat it."""
    from review.facts.configured import configured
    from review.lint.linter import secret_like

    found = secret_like(configured(config, ""), config.lint.accept, datetime.now(UTC).date())
    return [
        Advice(each.rule.code, each.seen.where.place, f"{each.seen.text} {each.rule.fix}", "error")
        for each in found
    ]


def _advice(config: ClusterConfig, offline: bool) -> tuple[Advice, ...]:
    known = advice(config)
    if offline:
        return known
    settled = tuple(each for each in known if each.code != ENDPOINT_THUMBPRINT)
    return (*endpoint_advice(config), *settled)
