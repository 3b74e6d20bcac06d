"""The node half, seen from Python: options for the node process in which the jsii kernel runs."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LAZY_INDEX = Path(__file__).with_name("lazy_index.js")


@contextmanager
def required(script: Path) -> Iterator[None]:
    """Have every node process that starts meanwhile load `script` before its own program.

    `NODE_OPTIONS` keeps what it held, and is restored on exit.
    """
    before = os.environ.get("NODE_OPTIONS")
    option = f"--require {_quoted(script)}"
    os.environ["NODE_OPTIONS"] = f"{before} {option}" if before else option
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
