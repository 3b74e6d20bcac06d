"""What several commands take alike: the configuration, and how to report."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from federation import named_files
from federation.errors import UserError
from federation.yaml import files
from federation.yaml.files import PROJECT, configurations
from wizard import printer

Command = TypeVar("Command", bound=Callable[..., Any])

_STDOUT = "-"


def config_option(command: Command) -> Command:
    """`--config FILE`; without it the file that OIDC_IAM_CONFIG names, or the only one there is."""
    return _config_option(command, lambda path: path)


def config_file_option(command: Command) -> Command:
    """The same for commands that need the file itself, since other programs read it again."""
    return _config_option(command, require_file)


def require_file(path: Path) -> Path:
    """The configuration's file, which has to stay.

    Raises:
        UserError: it is stdin or another stream.
    """
    if named_files.is_stream(path):
        raise UserError(
            f"--config: {path} can be read once, and this command needs the configuration again: "
            "name a file."
        )
    return path


def _config_option(command: Command, checked: Callable[[Path], Path]) -> Command:
    return click.option(
        "--config",
        "-c",
        "path",
        envvar="OIDC_IAM_CONFIG",
        metavar="FILE",
        callback=lambda _, __, given: checked(Path(given) if given else only_configuration()),
        help="The configuration; by default OIDC_IAM_CONFIG, or the only file in clusters/.",
    )(command)


def json_option(command: Command) -> Command:
    """`--json`: print a JSON document instead of text."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def timeout_option(what: str) -> Callable[[Command], Command]:
    """`--timeout SECONDS` for each of what is looked at."""
    return click.option(
        "--timeout",
        type=click.FloatRange(min=0, max=3600, min_open=True),
        default=20.0,
        show_default=True,
        metavar="SECONDS",
        callback=lambda _, __, given: _number(given),
        help=f"For each {what}.",
    )


def _number(seconds: float) -> float:
    if math.isnan(seconds):  # which a range lets through
        raise UserError("--timeout is not a number of seconds.")
    return seconds


def report_option(name: str, what: str) -> Callable[[Command], Command]:
    """An option that writes a report to a file, or to stdout."""
    return click.option(
        name,
        is_flag=False,
        flag_value=_STDOUT,
        # By its name it would be a file to replace, where stdout goes to one.
        callback=lambda _, __, given: _STDOUT if given == "/dev/stdout" else given,
        metavar="[FILE]",
        help=f"Write {what} to a file; without FILE, or with -, to stdout.",
    )


def is_stdout(*reports: str | None) -> bool:
    """Whether one of the reports goes to stdout, so that nothing else may.

    Raises:
        UserError: several do, or two go to one file.
    """
    count = reports.count(_STDOUT)
    places = [Path(each).resolve() for each in reports if each and each != _STDOUT]
    if len(set(places)) < len(places):
        raise UserError("Two reports cannot go to one file: the second would replace the first.")
    if count > 1:
        raise UserError("One report at a time can go to stdout: give the others a FILE.")
    return count == 1


def write_report(target: str, text: str) -> None:
    """Write a report to a file, or to stdout."""
    if target == _STDOUT:
        printer.show(text)
    else:
        files.write(Path(target), text)


def refuse_token(option: str, name: str) -> None:
    """Make sure that the name of a file is none but a token or a key itself.

    Raises:
        UserError: it is one; the message does not repeat it.
    """
    is_token = name.count(".") == 2 and name.startswith("eyJ")
    if is_token or "-----BEGIN" in name:
        raise UserError(
            f"{option} takes the name of a file. That was a {'token' if is_token else 'key'} "
            "itself, which every user of this machine can see among the processes: put it into a "
            "file, or pipe it to '-'."
        )


def read_text(option: str, name: str, limit: int = named_files.LIMIT) -> str:
    """The text of a file that an option names; `-` is stdin.

    Raises:
        UserError: it cannot be read, is not text, or is larger than the limit in bytes.
    """
    refuse_token(option, name)
    return named_files.text(name, called=called(option, name), limit=limit)


def called(option: str, name: str) -> str:
    """What messages call a file that an option names."""
    return f"{option}: {'stdin' if name == '-' else name}"


def relative(path: Path) -> str:
    """A path as a person in the current folder would type it."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def only_configuration() -> Path:
    """The one file in clusters/, the sandbox's own left aside.

    Raises:
        UserError: there is none, or there are several.
    """
    found = configurations(PROJECT / "clusters")
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
