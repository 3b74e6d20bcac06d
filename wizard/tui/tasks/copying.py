"""Writes logs and pictures to files that the user names."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path


async def copy_log(log: Path, to: Path) -> Path:
    """Copy a log; where it is then.

    Raises:
        UserError: nothing was run, or it cannot be written there.
    """
    from federation.errors import UserError

    target = to.expanduser()
    if not log.exists():
        raise UserError("There is no log: nothing was run.")
    try:
        await asyncio.to_thread(shutil.copyfile, log, target)
    except OSError as error:
        raise UserError(f"{error.filename or target}: {error.strerror or error}.") from error
    return target


async def write_picture(picture: str, to: Path) -> Path:
    """Write a picture of a screen; where it is then.

    Raises:
        UserError: it cannot be written there.
    """
    from federation.yaml import files

    target = to.expanduser()
    await asyncio.to_thread(files.write, target, picture)
    return target
