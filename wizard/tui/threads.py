"""Threads for what waits: for files, for the network, for AWS."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

_MOST = 32
"""Enough that a few which hang leave some for the draft that has to be written."""


class LeftBehind(ThreadPoolExecutor):
    """Runs what waits, and does not wait for it when the app ends: it may hang in the network."""

    def __init__(self) -> None:
        super().__init__(_MOST, "waiting")

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Begin nothing more; what runs is left behind."""
        super().shutdown(wait=False, cancel_futures=True)
