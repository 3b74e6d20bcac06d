"""What was measured, and the figures that follow from it."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version


@dataclass(frozen=True)
class Measured:
    """One way at one size."""

    seconds: tuple[float, ...]
    mebibytes: float

    @property
    def best(self) -> float:
        """The fastest run: what else the machine does only ever adds to it."""
        return min(self.seconds)


@dataclass(frozen=True)
class Results:
    """All of a bench."""

    by_size: Mapping[int, Mapping[str, Measured]]
    """By the number of workloads, and the letter of the way."""
    test_pod: Measured
    """(a) with one workload that has a test pod."""
    cold: Measured
    """(a) with one workload, where jsii's package cache is empty."""
    help: Measured
    """`python -m wizard --help`."""

    @property
    def sizes(self) -> list[int]:
        """The numbers of workloads, from few to many."""
        return sorted(self.by_size)

    def ratio(self, way: str, to: str, size: int) -> float:
        """How many times as long one way takes as another."""
        return self.by_size[size][way].best / self.by_size[size][to].best

    def milliseconds_a_workload(self, way: str) -> float:
        """What one more workload costs, between the smallest and the largest number."""
        few, many = self.sizes[0], self.sizes[-1]
        more = self.by_size[many][way].best - self.by_size[few][way].best
        return 1000 * more / (many - few)


@dataclass(frozen=True)
class Target:
    """A figure that was aimed at."""

    text: str
    measured: float
    aim: float
    unit: str
    held_by: str
    """What it is made of, where it is missed."""
    at_least: bool = False

    @property
    def reached(self) -> bool:
        """Whether the measured figure is as good as the aim."""
        if self.at_least:
            return self.measured >= self.aim
        return self.measured <= self.aim


_START = "Node's start, cdktf's own JavaScript, and pydantic: nothing of ours but a few modules."
_SYNTH = (
    "Python reads the YAML, line by line for its error messages, and checks the arguments of each "
    "resource. Then node alone resolves every value twice, once to prepare and once to write."
)
_CLI = "cdktf-cli's own start and its calls of `terraform version`: an empty app takes as long."
_COLD = (
    "jsii unpacks 48 MB of archives to 570 MB in 9,000 files, and reads 130 MB of JSON for aws "
    "before it has an index of it."
)


def targets(results: Results) -> list[Target]:
    """The targets that the sizes measured tell about."""
    found = []
    if one := results.by_size.get(1):
        a, e = one["a"], one["e"]
        slower, over = results.ratio("b", "a", 1), results.ratio("a", "c", 1)
        found += [
            Target("(a), one workload", a.best, 1.2, "s", _START),
            Target("(a), one workload, memory", a.mebibytes, 300, "MiB", _START),
            Target("(b) / (a), one workload", slower, 15, "times", _START, at_least=True),
            Target("(a) / (c), one workload", over, 2.2, "times", _START),
            Target("(e) - (a), one workload", e.best - a.best, 2, "s", _CLI),
        ]
    if many := results.by_size.get(1000):
        found.append(Target("(a), 1,000 workloads", many["a"].best, 4, "s", _SYNTH))
    if len(results.sizes) > 1:
        each = results.milliseconds_a_workload("a")
        found.append(Target("(a), one more workload", each, 4, "ms", _SYNTH))
    found.append(Target("(a), cold start", results.cold.best, 6, "s", _COLD))
    found.append(Target("`python -m wizard --help`", results.help.best, 0.3, "s", "Its imports."))
    return found


def machine() -> str:
    """What was measured on, without its name."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True)
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GiB of memory, {platform.system()} "
        f"({platform.machine()}), Python {platform.python_version()}, "
        f"Node {node.stdout.strip().removeprefix('v')}, cdktf {version('cdktf')}, "
        f"jsii {version('jsii')}"
    )
