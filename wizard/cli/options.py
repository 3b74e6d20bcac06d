"""What several commands take alike: the configuration, and how to report."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from federation.errors import UserError
from federation.files import PROJECT

Command = TypeVar("Command", bound=Callable[..., Any])


def config_option(command: Command) -> Command:
    """`--config FILE`; without it the file that OIDC_IAM_CONFIG names, or the only one there is."""
    return click.option(
        "--config",
        "-c",
        "path",
        envvar="OIDC_IAM_CONFIG",
        metavar="FILE",
        callback=lambda _, __, given: Path(given) if given else _only_configuration(),
        help="The configuration; by default OIDC_IAM_CONFIG, or the only file in clusters/.",
    )(command)


def json_option(command: Command) -> Command:
    """`--json`: print a JSON document instead of text."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def print_json(document: Any) -> None:
    """Print a document as readable JSON."""
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))


def refuse_token(option: str, name: str) -> None:
    """Make sure that the name of a file is none but a token itself.

    Raises:
        UserError: it is one; the message does not repeat it.
    """
    if name.count(".") == 2 and name.startswith("eyJ"):
        raise UserError(
            f"{option} takes the name of a file. That was a token itself, which every user of this "
            "machine can see among the processes: put it into a file, or pipe it to '-'."
        )


def relative(path: Path) -> str:
    """A path as a person in the current folder would type it."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _only_configuration() -> Path:
    found = sorted((PROJECT / "clusters").glob("*.yaml"))
    others = [path for path in found if path.name != "sandbox.yaml"]
    if len(others or found) == 1:
        return (others or found)[0]
    if not found:
        raise UserError(
            "clusters/ holds no configuration: 'python -m wizard init' writes one, "
            "or name one with --config FILE."
        )
    names = ", ".join(f"clusters/{path.name}" for path in found)
    raise UserError(f"There are several configurations: name one with --config FILE ({names}).")
