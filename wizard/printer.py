"""The one place that writes to the terminal, or to the log of a pipeline.

Every line passes `federation.secrets` and `formats.escaping`, whatever is in it: no secret is shown
whole, and nothing acts on a terminal or on a pipeline. Styles of ours are arguments here and never
part of a text. Ruff refuses `print` and the ways of click and rich elsewhere.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TextIO

import click

from federation.secrets import masked, without_secrets
from formats import escaping

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
    from rich.live import Live
    from rich.segment import Segment


def say(*lines: str) -> None:
    """Print lines, or an empty one; a line end within one of them is shown as `\\n`."""
    _write(sys.stdout, "\n".join(map(escaping.line, map(masked, lines))))


def hand_out(*lines: str) -> None:
    """Print lines with credentials that a person asked for, whole: those of the sandbox."""
    _write(sys.stdout, "\n".join(map(escaping.line, lines)))


def warn(*lines: str) -> None:
    """The same on standard error."""
    _write(sys.stderr, "\n".join(map(escaping.line, map(masked, lines))))


def show(text: str) -> None:
    """Print a text of several lines, such as a document; it ends where its last line ends."""
    _write(sys.stdout, page(text).removesuffix("\n"))


def show_error(text: str) -> None:
    """The same on standard error."""
    _write(sys.stderr, page(text).removesuffix("\n"))


def show_usage_error(error: click.ClickException) -> None:
    """Print what click says of arguments that it does not take; it quotes them as they came."""
    said = _Verbatim()
    error.show(said)
    show_error(said.getvalue())


def show_json(document: Any) -> None:
    """Print a document as readable JSON."""
    show(json_text(document))


def json_text(document: Any) -> str:
    """A document as readable JSON, as `--json` and the reports have it."""
    return escaping.json_text(without_secrets(document), indent=2)


def heading(text: str) -> None:
    """Print a line in bold after an empty one."""
    click.secho(f"\n{escaping.line(masked(text))}", bold=True)


def ask(question: str, default: str | None = None) -> str:
    """Ask on the terminal; an empty answer is the default, or asks again if there is none."""
    shown = f"{question} [{default}]" if default else question
    return str(click.prompt(escaping.line(shown), default=default, show_default=False))


def confirms(question: str) -> bool:
    """Ask for yes or no on the terminal; an empty answer is no."""
    return bool(click.confirm(escaping.line(question)))


def draw(*parts: RenderableType) -> None:
    """Print what rich lays out on a terminal."""
    console = _console()
    for part in parts:
        console.print(_Safe(part))


def drawn_live(part: RenderableType) -> Live:
    """What rich draws again and again while the block lasts; nothing of it stays."""
    from rich.live import Live

    return Live(_Safe(part), console=_console(), transient=True, refresh_per_second=8)


def page(text: str) -> str:
    """A text of several lines as it is safe to print, or to write where somebody prints it."""
    return escaping.page(masked(text))


def _console() -> Console:
    from rich.console import Console

    return Console(markup=False, highlight=False, emoji=False)


class _Verbatim(io.StringIO):
    """Gets what click prints without losing escape sequences, which are to be seen."""

    def isatty(self) -> bool:
        return True


class _Safe:
    """What rich lays out, line by line, with styles as rich has them and texts as they are safe."""

    def __init__(self, part: RenderableType) -> None:
        self._part = part

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.segment import Segment

        for segments in console.render_lines(self._part, options, pad=False):
            yield from _safe(segments)
            yield Segment.line()


def _safe(segments: Iterable[Segment]) -> Iterable[Segment]:
    from rich.segment import Segment

    segments = [Segment(each.text, each.style) for each in segments]
    plain = "".join(each.text for each in segments)
    safe = escaping.line(masked(plain))
    return segments if safe == plain else [Segment(safe)]


def _write(stream: TextIO, text: str) -> None:
    """Write a text, with escapes for what the encoding of the stream does not have."""
    encoding = stream.encoding or "utf-8"
    click.echo(text.encode(encoding, "backslashreplace").decode(encoding), file=stream)
