"""`doctor`: proves that a federation works, or says which layer does not, why, and what to do."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from federation import files
from federation.config import ClusterConfig
from federation.errors import UserError
from wizard.cli.options import config_option, json_option, print_json

if TYPE_CHECKING:
    from doctor.examination import Options
    from doctor.finding import Finding

_SIGNS = {"pass": "+", "warn": "!", "fail": "x", "skip": "-"}


@click.command()
@config_option
@json_option
@click.option("--ca-file", metavar="FILE", help="Certificate authorities of the issuer, in PEM.")
@click.option("--token", "token_file", metavar="FILE", help="Look at this token; mint none.")
@click.option("--only", multiple=True, metavar="LAYER", help="Look at this layer; repeatable.")
@click.option("--skip", multiple=True, metavar="LAYER", help="Leave this layer out; repeatable.")
@click.option("--offline", is_flag=True, help="Look at the configuration and files only.")
@click.option("--negative", is_flag=True, help="Offer STS tokens that it must refuse, too.")
@click.option("--strict", is_flag=True, help="Exit 1 for warnings too.")
def doctor(
    path: Path,
    as_json: bool,
    ca_file: str | None,
    token_file: str | None,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    offline: bool,
    negative: bool,
    strict: bool,
) -> int:
    """Prove that a federation works, or say why not.

    Nothing is created in the cluster or the account. Exit codes: 0, 1 where something fails.
    """
    from doctor.examination import LAYERS, Options

    if unknown := sorted({*only, *skip} - set(LAYERS)):
        raise UserError(f"{unknown[0]!r} is not a layer. Layers: {', '.join(LAYERS)}.")
    options = Options(
        ca_file=Path(ca_file) if ca_file else None,
        token_file=Path(token_file) if token_file else None,
        only=frozenset(only),
        skip=frozenset(skip),
        offline=offline,
        negative=negative,
    )
    found = examined(files.load(path), options, quiet=as_json)
    if as_json:
        print_json({"findings": [asdict(finding) for finding in found]})
    bad = ("fail", "warn") if strict else ("fail",)
    return int(any(finding.verdict in bad for finding in found))


def examined(config: ClusterConfig, options: Options, *, quiet: bool = False) -> list[Finding]:
    """Examine a federation, show each finding as it comes, and count them at the end.

    Returns:
        The findings in the order of a report.
    """
    found = asyncio.run(_examined(config, options, quiet))
    if not quiet:
        counts = dict.fromkeys(_SIGNS, 0)
        for finding in found:
            counts[finding.verdict] += 1
        click.echo(", ".join(f"{verdict}: {count}" for verdict, count in counts.items()))
    return found


async def _examined(config: ClusterConfig, options: Options, quiet: bool) -> list[Finding]:
    from doctor.runner import examine, ordered

    found = []
    async for finding in examine(config, options):
        found.append(finding)
        if not quiet:
            click.echo(_text(finding))
    return ordered(found)


def _text(finding: Finding) -> str:
    about = f" ({finding.about})" if finding.about else ""
    text = f"  {_SIGNS[finding.verdict]} {finding.layer}: {finding.title}{about}: {finding.seen}"
    if finding.verdict in ("pass", "skip"):
        return text
    return "\n".join(
        [
            f"{text} [{finding.code}]",
            f"      expected: {finding.expected}",
            f"      cause: {finding.cause}",
            f"      fix: {finding.fix}",
        ]
    )
