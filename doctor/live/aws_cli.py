"""The one place where the doctor starts a process: the aws CLI, as a pod would run it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Ran:
    """What the CLI left."""

    status: int
    stdout: str
    stderr: str


async def run_aws_cli(args: tuple[str, ...], environment: Mapping[str, str]) -> Ran:
    """Run arguments, the program first, with exactly this environment, to the end.

    The program is ended where the caller stops waiting.

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
