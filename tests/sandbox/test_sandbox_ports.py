"""A program gets its ports, or is started again on others, whatever it says."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from federation.errors import WorldError
from sandbox import ports, processes
from sandbox.processes import Running

LISTENS = """
import socket, sys, time
doors = [socket.create_server(("127.0.0.1", int(port))) for port in sys.argv[1:]]
print("listening", flush=True)
time.sleep(600)
"""
SILENT = f"""
try:
    exec({LISTENS!r})
except OSError:
    raise SystemExit(3) from None
"""
SAYS_SO = """
import sys
sys.exit('{"level":"fatal","error":"listen tcp: bind: Address already in use"}')
"""
BREAKS = "import sys; sys.exit('no such flag')"


class Program:
    """Starts one program after another, and remembers on which ports."""

    def __init__(self, folder: Path, *sources: str) -> None:
        self.log = folder / "program.log"
        self.ports: list[tuple[int, ...]] = []
        self.running: list[Running] = []
        self._folder, self._sources = folder, sources

    def start(self, numbers: Sequence[int]) -> Running:
        self.ports.append(tuple(numbers))
        source = self._sources[min(len(self.ports), len(self._sources)) - 1]
        arguments = [sys.executable, "-c", source, *map(str, numbers)]
        self.running.append(processes.start("program", arguments, self.log, self._folder))
        return self.running[-1]


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


def served(program: Program, *wanted: int) -> tuple[int, ...]:
    try:
        found = ports.serve(wanted, program.start, program.log)
        assert program.running[-1].listens_on() == set(found)
        return found
    finally:
        processes.stop(program.running)


def test_a_program_gets_the_ports_that_are_wanted(tmp_path: Path) -> None:
    wanted = ports.free(0), ports.free(0)
    program = Program(tmp_path, LISTENS)
    assert served(program, *wanted) == wanted
    assert program.ports == [wanted]


@pytest.mark.parametrize("source", [LISTENS, SILENT], ids=["loud", "silent"])
def test_a_program_that_loses_a_port_after_the_choice_gets_others(
    tmp_path: Path, taken: int, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    free = ports.free
    # As if it had been taken a moment later.
    monkeypatch.setattr(ports, "free", lambda port: port or free(0))
    program = Program(tmp_path, source)
    one = free(0)
    found = served(program, one, taken)
    assert program.ports == [(one, taken), found]
    assert {one, taken} & set(found) == set()


def test_what_a_program_says_counts_where_the_port_is_free_again(tmp_path: Path) -> None:
    program = Program(tmp_path, SAYS_SO, LISTENS)
    found = served(program, 0)
    assert program.ports[1:] == [found]


def test_what_an_earlier_start_said_does_not_count(tmp_path: Path) -> None:
    program = Program(tmp_path, SAYS_SO, BREAKS)
    with pytest.raises(WorldError) as caught:
        served(program, 0)
    last = program.log.read_text().splitlines()
    assert last[1:] == ["no such flag"]
    assert str(caught.value) == "\n".join(
        [f"program ended while it started. Its log {program.log} ends with:", *last]
    )


def test_a_program_that_never_gets_a_port_is_given_up(tmp_path: Path) -> None:
    program = Program(tmp_path, SAYS_SO)
    with pytest.raises(WorldError) as caught:
        served(program, 0)
    assert len(program.ports) == 20
    assert str(caught.value).startswith("program found its port taken 20 times in a row. Its log ")


def test_our_own_server_gets_a_socket_that_listens(taken: int) -> None:
    with ports.listener(taken) as door, socket.create_connection(door.getsockname()):
        assert door.getsockname()[1] != taken


def test_a_process_that_ended_listens_on_nothing() -> None:
    with subprocess.Popen(["true"]) as ended:
        created = psutil.Process(ended.pid).create_time()
    assert Running("ended", ended.pid, created).listens_on() == set()
