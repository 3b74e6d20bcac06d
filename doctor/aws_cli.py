"""The one place where the doctor starts a process: the aws CLI, as a pod would run it.

Whoever has a gateway for processes of its own hands in a `RunAwsCli` and this one is not used.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Ran:
    """What the CLI left."""

    status: int
    stdout: str
    stderr: str


RunAwsCli = Callable[[tuple[str, ...], Mapping[str, str]], Awaitable[Ran]]
"""Runs arguments, the program first, with exactly this environment, to the end."""


async def run_aws_cli(args: tuple[str, ...], environment: Mapping[str, str]) -> Ran:
    """Run the CLI; it is ended where the caller stops waiting.

    Raises:
        OSError: it cannot be started.
    """
    process = await asyncio.create_subprocess_exec(
        *args,
        env=dict(environment),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        stdout, stderr = await process.communicate()
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
    status = process.returncode if process.returncode is not None else -1
    return Ran(status, stdout.decode(errors="replace"), stderr.decode(errors="replace"))
