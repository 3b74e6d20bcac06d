"""Processes that outlive the program that started them, found again by number and start time.

`sandbox.sandbox` starts the components here, records what it gets back, and ends them from this
process or a later one. The operating system gives a number out again after a process has ended; the
start time tells the two apart.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]

_SETTINGS_OF_OTHERS = ("AWS_", "ETCD_", "KUBE", "MOTO_")
_GRACE = 5.0
_CLOCK_JITTER = 2.0
_LAST_LINES = 5
_MARK = "OIDC_IAM_SANDBOX"
"""In the environment of each process of a sandbox: the sandbox's folder."""


@dataclass(frozen=True)
class Running:
    """A process that was started.

    Attributes:
        name: the component.
        pid: its number.
        created: when it started, in seconds since the epoch.
    """

    name: str
    pid: int
    created: float

    def process(self) -> psutil.Process | None:
        """The process, if it still runs."""
        try:
            process = psutil.Process(self.pid)
            is_another = abs(process.create_time() - self.created) > _CLOCK_JITTER
            ended = process.status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return None
        return None if is_another or ended else process

    def listens_on(self) -> set[int]:
        """The TCP ports on which the process itself listens."""
        process = self.process()
        try:
            connections = process.net_connections("tcp") if process else []
        except psutil.Error:
            return set()
        return {each.laddr.port for each in connections if each.status == psutil.CONN_LISTEN}


def start(
    name: str,
    arguments: Sequence[str],
    log: Path,
    folder: Path,
    *,
    home: Path | None = None,
    environment: Mapping[str, str] | None = None,
    sockets: Sequence[int] = (),
) -> Running:
    """Start a component in a session of its own, so that Ctrl+C in the terminal does not reach it.

    Settings of the user's own AWS, etcd or Kubernetes are kept from it. What it writes, its user
    alone can read.

    Args:
        name: the component.
        arguments: the program and its arguments; every user of the machine can read them.
        log: gets what it prints.
        folder: where it runs.
        home: the folder of the sandbox that it is part of, by which `started_for` finds it.
        environment: further variables, which no other user of the machine can read.
        sockets: the numbers of open sockets that it gets.
    """
    inherited = {
        variable: value
        for variable, value in os.environ.items()
        if not variable.startswith(_SETTINGS_OF_OTHERS)
    }
    mark = {_MARK: str(home or folder)}
    log.touch(mode=0o600)
    with log.open("ab") as output:
        process = subprocess.Popen(
            arguments,
            cwd=folder,
            env={**inherited, **mark, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=sockets,
            umask=0o077,
        )
    return Running(name, process.pid, psutil.Process(process.pid).create_time())


def started_for(home: Path) -> list[Running]:
    """All that runs for the sandbox in a folder, recorded or not.

    A process that starts others may be killed after one has started and before it is recorded.
    """
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.pid != os.getpid() and process.environ().get(_MARK) == str(home):
                found.append(Running(process.name(), process.pid, process.create_time()))
    return found


def last_words(log: Path) -> str:
    """How the log of a component ends, for a message."""
    lines = log.read_text(errors="replace").strip().splitlines()
    if not lines:
        return f"It wrote nothing to its log {log}."
    return "\n".join([f"Its log {log} ends with:", *lines[-_LAST_LINES:]])


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let Ctrl+C wait until the block is done: what has started is recorded first.

    Where another thread than the main one runs it, Ctrl+C does not reach it anyway.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    pressed = []
    before = signal.signal(signal.SIGINT, lambda *_: pressed.append(True))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if pressed:
        signal.raise_signal(signal.SIGINT)


def stop(processes: Sequence[Running]) -> None:
    """End what of these still runs, and return when it has ended.

    What does not end within five seconds when asked to is killed: nothing of it is kept anyway.
    """
    running = [process for each in processes if (process := each.process())]
    for process in running:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    _, stubborn = psutil.wait_procs(running, timeout=_GRACE)
    for process in stubborn:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(stubborn, timeout=_GRACE)
