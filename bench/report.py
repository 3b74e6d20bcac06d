"""The results as tables, on the terminal and in `docs/performance.md`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from rich.console import Console
from rich.table import Table

from bench.results import Measured, Results, machine, targets
from bench.ways import PROJECT, Way

DOCUMENT = PROJECT / "docs" / "performance.md"

Rows = list[tuple[str, ...]]


def show(results: Results, ways: Mapping[str, Way]) -> None:
    """Print the tables."""
    console = Console()
    for title, rows in _tables(results, ways).items():
        table = Table(title=title, title_justify="left")
        for number, column in enumerate(_columns(results)):
            table.add_column(column, justify="right" if number else "left")
        for row in rows:
            table.add_row(*row)
        console.print(table)
    table = Table("", "measured", "target", "", title="Targets", title_justify="left")
    for row in _targets(results):
        table.add_row(*row)
    console.print(table)


def write(results: Results, ways: Mapping[str, Way]) -> Path:
    """Write the document; what it says in words is in `performance.md.j2`."""
    environment = Environment(  # Markdown, of our own figures
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        autoescape=False,
    )
    text = environment.get_template("performance.md.j2").render(
        results=results,
        ways=ways,
        machine=machine(),
        tables={
            title: _markdown(_columns(results), rows)
            for title, rows in _tables(results, ways).items()
        },
        targets=_markdown(("", "measured", "target", ""), _targets(results)),
        missed=[target for target in targets(results) if not target.reached],
    )
    DOCUMENT.write_text(text)
    return DOCUMENT


def _columns(results: Results) -> tuple[str, ...]:
    return ("workloads", *(f"{size:,}" for size in results.sizes))


def _tables(results: Results, ways: Mapping[str, Way]) -> dict[str, Rows]:
    ratios = {
        "plain imports / ours: (b) / (a)": ("b", "a"),
        "ours / the floor: (a) / (c)": ("a", "c"),
        "ours / JavaScript: (a) / (d)": ("a", "d"),
    }
    return {
        "Ratios": [
            (label, *(f"{results.ratio(*pair, size):.2f}" for size in results.sizes))
            for label, pair in ratios.items()
        ],
        "Seconds": _rows(results, ways, lambda measured: f"{measured.best:.2f}"),
        "Peak memory in MiB": _rows(results, ways, lambda measured: f"{measured.mebibytes:,.0f}"),
    }


def _rows(results: Results, ways: Mapping[str, Way], cell: Callable[[Measured], str]) -> Rows:
    return [
        (f"({letter}) {way.label}", *(cell(results.by_size[n][letter]) for n in results.sizes))
        for letter, way in ways.items()
    ]


def _targets(results: Results) -> Rows:
    return [
        (
            target.text,
            f"{target.measured:.3g} {target.unit}",
            f"{'at least' if target.at_least else 'at most'} {target.aim:g} {target.unit}",
            "reached" if target.reached else f"missed: {target.measured / target.aim:.2f} times",
        )
        for target in targets(results)
    ]


def _markdown(columns: tuple[str, ...], rows: Rows) -> str:
    head = [columns, ("---", *("---:" for _ in columns[1:]))]
    return "\n".join(f"| {' | '.join(row)} |" for row in [*head, *rows])
