"""One run of a program: how long it takes, and how much memory its process tree holds."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]

SAMPLING_SECONDS = 0.01


@dataclass(frozen=True)
class Program:
    """A command with the surroundings it runs in."""

    command: Sequence[str]
    folder: Path
    environment: Mapping[str, str]


def seconds(program: Program) -> float:
    """How long a run takes, from the start of its process to its end.

    Raises:
        subprocess.CalledProcessError: it failed; `stderr` says why.
    """
    before = time.perf_counter()
    subprocess.run(
        program.command,
        cwd=program.folder,
        env=program.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=True,
    )
    return time.perf_counter() - before


def peak_mebibytes(program: Program) -> float:
    """The most that the processes of a run hold at one time: resident memory, summed over them.

    Pages that processes share count in each. Sampling slows a run: its time is not taken.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    with subprocess.Popen(
        program.command,
        cwd=program.folder,
        env=program.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        sampler = _Sampler(process.pid)
        sampler.start()
        process.wait()
        sampler.join()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, program.command)
    return sampler.peak / 2**20


class _Sampler(threading.Thread):
    """Adds up the memory of a process and its descendants until it has ended."""

    def __init__(self, pid: int) -> None:
        super().__init__()
        self.peak = 0
        self._root = psutil.Process(pid)

    def run(self) -> None:
        while resident := self._resident():
            self.peak = max(self.peak, resident)
            time.sleep(SAMPLING_SECONDS)

    def _resident(self) -> int:
        total = 0
        with suppress(psutil.NoSuchProcess):  # the root has ended
            for process in [self._root, *self._root.children(recursive=True)]:
                with suppress(psutil.NoSuchProcess):
                    total += process.memory_info().rss
        return total
