"""`drift`: what is live, compared with what is configured, without Terraform's state.

Exit codes: 0 no drift, 1 drift, or something could not be seen, 2 bad input.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from deployment.logs import keep_traceback
from federation.errors import UserError
from federation.yaml import files
from wizard import printer
from wizard.cli.options import config_option, json_option, timeout_option
from wizard.threads import UnawaitedThreads

if TYPE_CHECKING:
    from doctor.drift.places import Compared

_LAYERS = ("aws", "control-plane", "tls")
_SEE = "Give what it takes to see it, or leave it out with --skip."
_TITLES = {
    "same": "as configured",
    "differs": "different",
    "unseen": "not seen",
    "skipped": "left out",
}


@click.command()
@config_option
@json_option
@click.option(
    "--skip",
    multiple=True,
    type=click.Choice(_LAYERS),
    help="Leave out what is read there; can be repeated.",
)
@timeout_option("place")
def drift(path: Path, as_json: bool, skip: tuple[str, ...], timeout: float) -> int:
    """Compare what is live with what is configured, without Terraform's state.

    Nothing is created or changed. What cannot be seen is named, and is never taken for right: give
    what it takes to see it, or leave it out with --skip.

    Exit codes: 0 no drift, 1 drift, or something could not be seen, 2 bad input.
    """
    from doctor.drift.comparison import compare
    from doctor.drift.places import document, is_drift
    from doctor.examination import Options

    if set(skip) >= {"aws", "control-plane"}:
        raise UserError("--skip aws and --skip control-plane together leave nothing to compare.")
    config = files.load(path)
    options = Options(
        skip=frozenset(skip),
        timeout=timeout,
        answer_timeout=min(Options.answer_timeout, timeout),
        keep_traceback=keep_traceback,
    )

    async def compared() -> tuple[Compared, ...]:
        asyncio.get_running_loop().set_default_executor(UnawaitedThreads())
        return await compare(config, options)

    found = asyncio.run(compared())
    if as_json:
        printer.show_json(document(config, found))
    else:
        _show(found)
    return int(is_drift(found) is not False)


def _show(found: Sequence[Compared]) -> None:
    from doctor.drift.places import counts

    for each in found:
        for difference in each.differences:
            printer.say(f"{': '.join(filter(None, [each.name, difference.field]))}")
            printer.say(f"  live        {difference.live}")
            printer.say(f"  configured  {difference.configured}")
            printer.say(f"  to do       {difference.remedy}")
    for reason, names in _by(found, lambda each: each.unseen):
        printer.say(f"not seen: {reason}")
        printer.say(f"  places      {', '.join(names)}")
        printer.say(f"  to do       {_SEE}")
    for layer, names in _by(found, lambda each: each.skipped):
        printer.say(f"left out with --skip {layer}: {', '.join(names)}")
    numbers = (f"{_TITLES[verdict]}: {count}" for verdict, count in counts(found).items())
    printer.say(f"Places: {', '.join(numbers)}")


def _by(
    found: Sequence[Compared], text: Callable[[Compared], str]
) -> Iterator[tuple[str, list[str]]]:
    """The places that have a text, by it: hundreds may not be seen for one reason."""
    texts = dict.fromkeys(text(each) for each in found if text(each))
    for each in texts:
        yield each, [place.name for place in found if text(place) == each]
