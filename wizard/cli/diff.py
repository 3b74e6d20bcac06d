"""`diff`: two configurations, files or revisions, compared as a reviewer would put it.

Exit codes: 0 they say the same, 1 they differ, 2 bad input.
"""

from __future__ import annotations

from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from federation.errors import UserError
from federation.model.config import ClusterConfig
from federation.named_files import is_stream
from federation.yaml import files
from wizard import printer
from wizard.cli.options import json_option, only_configuration, relative

if TYPE_CHECKING:
    from review.comparison import Difference

_HEADINGS = {
    "breaks": "Breaks what works:",
    "widens": "Lets in or allows more:",
    "narrows": "Lets in or allows less:",
    "changes": "Changes:",
}


@click.command()
@click.argument("old")
@click.argument("new", required=False)
@click.option(
    "--config",
    "-c",
    envvar="OIDC_IAM_CONFIG",
    metavar="FILE",
    help="The file that a revision alone stands for; by default OIDC_IAM_CONFIG, or the only one "
    "in clusters/.",
)
@json_option
def diff(old: str, new: str | None, config: str | None, as_json: bool) -> int:
    """Compare two configurations: who gains or loses which role, and what breaks.

    OLD and NEW are files, or git's REVISION:PATH, or a REVISION alone for the file of --config.
    Without NEW it is that file as it is now.

    Exit codes: 0 they say the same, 1 they differ, 2 bad input.
    """
    from review.comparison import compare

    new = relative(_file(config)) if new is None else new
    differences = compare(_configuration(old, config), _configuration(new, config))
    if as_json:
        found = [asdict(each) for each in differences]
        printer.show_json({"old": old, "new": new, "same": not found, "differences": found})
    else:
        _show(old, new, differences)
    return int(bool(differences))


def _file(config: str | None) -> Path:
    return Path(config) if config else only_configuration()


def _configuration(source: str, config: str | None) -> ClusterConfig:
    """The configuration that an argument stands for: a file comes before a revision."""
    from wizard.revisions import text_at, text_of

    if not source:
        raise UserError("OLD and NEW cannot be empty: is a variable unset that should be one?")
    if is_stream(source) or Path(source).exists():
        return files.load(Path(source))
    if ":" in source:
        return files.parse(text_of(source), source)
    if source.endswith((".yaml", ".yml")):
        return files.load(Path(source))
    path = _file(config)
    return files.parse(text_at(source, path), f"{source}:{relative(path)}")


def _show(old: str, new: str, differences: tuple[Difference, ...]) -> None:
    if not differences:
        printer.say(f"{old} and {new} say the same.")
    for effect, group in groupby(differences, key=lambda each: each.effect):
        printer.say(_HEADINGS[effect])
        for each in group:
            start = ": ".join(filter(None, [each.about, each.field]))
            printer.say(f"  {start}: {each.text}")
