"""The node half, seen from Python: options for the node process in which the jsii kernel runs."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LAZY_INDEX = Path(__file__).with_name("lazy_index.js")
ONE_PROCESS = Path(__file__).with_name("one_process.js")


@contextmanager
def options(*scripts: Path) -> Iterator[None]:
    """Have every node process that starts meanwhile run scripts before its own program.

    `NODE_OPTIONS` keeps what it held, and is restored on exit.
    """
    before = os.environ.get("NODE_OPTIONS")
    added = [f"--require {_quoted(script)}" for script in scripts]
    # jsii gives this to its second process, which one_process.js does without.
    added.append("--preserve-symlinks")
    os.environ["NODE_OPTIONS"] = " ".join([before, *added] if before else added)
    try:
        yield
    finally:
        if before is None:
            del os.environ["NODE_OPTIONS"]
        else:
            os.environ["NODE_OPTIONS"] = before


def _quoted(path: Path) -> str:
    """Quote as node reads it: double quotes, a backslash before each quote and backslash."""
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
