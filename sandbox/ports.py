"""Loopback ports, from which several sandboxes and other programs choose at the same time.

A port that is free when we look can be taken before a program binds it. Our own server therefore
gets a socket that already listens. Any other program chooses by number: if it ends because somebody
else has the port, it is started again on another one.
"""

from __future__ import annotations

import secrets
import socket
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from federation.errors import WorldError
from sandbox.processes import Running, last_words

LOOPBACK = "127.0.0.1"

DEADLINE = 90.0
"""Seconds that a component has to start."""

INTERVAL = 0.05
"""Seconds between two looks at a component that starts."""

_CANDIDATES = range(20_000, 32_000)
"""Below the ports that systems give to outgoing connections, which come and go without a look."""

_MOST_STARTS = 20
_TAKEN = b"address already in use"


def listener(port: int) -> socket.socket:
    """A socket that listens on the port if it is free, or else on another; 0 stands for any."""
    while True:
        try:
            return socket.create_server((LOOPBACK, free(port)), backlog=128)
        except OSError:
            # Taken since we looked.
            port = 0


def serve(
    wanted: Sequence[int], start: Callable[[Sequence[int]], Running], log: Path
) -> tuple[int, ...]:
    """Start a program, and return the ports on which it listens.

    Args:
        wanted: the ports to use if they are free; 0 stands for any.
        start: starts the program on these ports.
        log: gets what the program prints.

    Raises:
        WorldError: it ends for another reason than a taken port, or does not listen in time.
    """
    for _ in range(_MOST_STARTS):
        ports = tuple(map(free, wanted))
        begin = log.stat().st_size if log.exists() else 0
        running = start(ports)
        if _listens(running, ports, log):
            return ports
        if not _lost_a_port(ports, log, begin):
            raise WorldError(f"{running.name} ended while it started. {last_words(log)}")
        wanted = [0] * len(wanted)
    raise WorldError(
        f"{running.name} found its port taken {_MOST_STARTS} times in a row. {last_words(log)}"
    )


def free(port: int) -> int:
    """The port if it is free, or else one that is; 0 stands for any."""
    while not port or not _can_be_bound(port):
        port = secrets.choice(_CANDIDATES)
    return port


def _listens(running: Running, ports: Sequence[int], log: Path) -> bool:
    """Wait until a process listens on all its ports; False if it ends before.

    Raises:
        WorldError: it does neither in time.
    """
    deadline = time.monotonic() + DEADLINE
    while not set(ports) <= running.listens_on():
        if running.process() is None:
            return False
        if time.monotonic() > deadline:
            raise WorldError(
                f"{running.name} did not listen within {DEADLINE:.0f} s. {last_words(log)}"
            )
        time.sleep(INTERVAL)
    return True


def _lost_a_port(ports: Sequence[int], log: Path, begin: int) -> bool:
    """Whether a program that ended could not have its ports; its log from `begin` may say so."""
    said = log.read_bytes()[begin:].lower()
    return _TAKEN in said or not all(map(_can_be_bound, ports))


def _can_be_bound(port: int) -> bool:
    with socket.socket() as trial:
        # As servers do: a port whose last connections still linger is free.
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
