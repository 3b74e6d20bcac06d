"""Threads for what waits: for files, for the network, for AWS.

Python ends when all of them have, and one that hangs in the network takes seconds. What leaves
without them goes through `leave`.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import NoReturn

_MOST = 32
"""Enough that a few which hang leave some for others; asyncio by itself has six on two cores."""


class UnawaitedThreads(ThreadPoolExecutor):
    """Runs what waits, and does not wait for it in the end: it may hang in the network."""

    def __init__(self) -> None:
        super().__init__(_MOST, "waiting")

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Begin nothing more; what runs is left behind."""
        super().shutdown(wait=False, cancel_futures=True)


def leave(status: int) -> NoReturn:
    """End this process now, whatever its threads wait for."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
