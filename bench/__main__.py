"""`python -m bench` measures, prints tables, and writes `docs/performance.md`.

The ways take turns within each round, so that whatever else the machine does meets them all alike.
What (a), (b), (d) and (e) write is compared: a way that wrote something else would measure nothing.
"""

from __future__ import annotations

import filecmp
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import click
from rich.progress import Progress

from bench import report
from bench.measure import Program, peak_mebibytes, seconds
from bench.results import Measured, Results
from bench.ways import PROJECT, Way, configuration, install_peer, ways


@click.command()
@click.option("--rounds", default=5, show_default=True, help="Runs of each way at each size.")
@click.option("--slow-rounds", default=2, show_default=True, help="Runs of plain imports.")
@click.option("--sizes", default="1,10,100,1000", show_default=True, help="Numbers of workloads.")
@click.option("--write/--no-write", default=True, help="Write docs/performance.md.")
def main(rounds: int, slow_rounds: int, sizes: str, write: bool) -> None:
    """Measure synth speed."""
    install_peer()
    compared = ways(rounds, slow_rounds)
    with tempfile.TemporaryDirectory() as folder, Progress(transient=True) as progress:
        bench = Bench(Path(folder), compared, progress)
        try:
            results = bench.run([int(size) for size in sizes.split(",")], rounds)
        except subprocess.CalledProcessError as error:
            sys.exit(f"{error}\n{(error.stderr or b'').decode(errors='replace')}")
    report.show(results, compared)
    if write:
        print(f"Written: {report.write(results, compared).relative_to(PROJECT)}")


class Bench:
    """Runs the ways in a folder of its own."""

    def __init__(self, folder: Path, compared: dict[str, Way], progress: Progress) -> None:
        self._folder = folder
        self._ways = compared
        self._progress = progress

    def run(self, sizes: list[int], rounds: int) -> Results:
        """Measure everything."""
        one = self._configuration("one", configuration(1))
        self._warm_up(one)
        by_size = {size: self._at_size(size) for size in sizes}
        pod = self._configuration("pod", configuration(1) + "  test_pod: true\n")
        main = self._ways["a"]
        help_text = replace(main, command=(sys.executable, "-m", "wizard", "--help"))
        cold = [
            replace(main, environment={"JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(cache)})
            for cache in (self._folder / f"cache-{number}" for number in range(rounds))
        ]
        return Results(
            by_size,
            test_pod=self._alone("a test pod", [main.program(pod, self._output("pod"))] * rounds),
            cold=self._alone("cold", [way.program(one, self._output("cold")) for way in cold]),
            help=self._alone("--help", [help_text.program(one, self._output("help"))] * rounds),
        )

    def _warm_up(self, one: Path) -> None:
        """Fill jsii's cache and Python's bytecode; not counted."""
        for number in range(2):  # jsii indexes what it has cached at the second load
            seconds(self._ways["a"].program(one, self._output(f"warm-{number}")))

    def _at_size(self, size: int) -> dict[str, Measured]:
        config = self._configuration(str(size), configuration(size))
        programs = {
            letter: way.program(config, self._output(f"{size}-{letter}"))
            for letter, way in self._ways.items()
        }
        taken: dict[str, list[float]] = {letter: [] for letter in programs}
        task = self._progress.add_task(
            f"{size:,} workloads", total=sum(way.rounds + 1 for way in self._ways.values())
        )
        for number in range(max(way.rounds for way in self._ways.values())):
            for letter, program in programs.items():
                if number < self._ways[letter].rounds:
                    taken[letter].append(seconds(program))
                    self._progress.advance(task)
        self._compare([self._output(f"{size}-{letter}") for letter in "abde"])
        measured = {}
        for letter, program in programs.items():
            measured[letter] = Measured(tuple(taken[letter]), peak_mebibytes(program))
            self._progress.advance(task)
        return measured

    def _alone(self, what: str, programs: list[Program]) -> Measured:
        taken = [seconds(each) for each in self._progress.track(programs, description=what)]
        return Measured(tuple(taken), peak_mebibytes(programs[-1]))

    def _compare(self, outputs: list[Path]) -> None:
        names = [
            str(path.relative_to(outputs[0]))
            for path in sorted(outputs[0].glob("stacks/*/cdk.tf.json"))
        ]
        for other in outputs[1:]:
            _, different, missing = filecmp.cmpfiles(outputs[0], other, names, shallow=False)
            if not names or different or missing:
                sys.exit(f"{other.name} differs from {outputs[0].name}: {different + missing}")

    def _configuration(self, name: str, text: str) -> Path:
        path = self._folder / f"{name}.yaml"
        path.write_text(text)
        return path

    def _output(self, name: str) -> Path:
        return self._folder / f"output-{name}"


if __name__ == "__main__":
    main()
