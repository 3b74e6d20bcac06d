"""Faults that tests order: the next calls of an action fail with a code.

`Sandbox.fault` sends them to the server in `sandbox.aws`, which answers with them before moto.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

_STATUS = {"AccessDenied": 403, "ServiceFailure": 500, "ServiceUnavailable": 503}
_CLIENT_ERROR = 400


@dataclass(frozen=True)
class Fault:
    """What to answer to the next calls of an action.

    Attributes:
        action: the name of the action, as `CreateRole`.
        code: the error code.
        message: its text.
        times: how many calls fail.
        status: the HTTP status; None is the usual one for the code (400 for `Throttling`).
    """

    action: str
    code: str
    message: str
    times: int = 1
    status: int | None = None

    @property
    def http_status(self) -> int:
        """The HTTP status of the answer."""
        return self.status or _STATUS.get(self.code, _CLIENT_ERROR)


class Faults:
    """The faults that are still to happen, one an action; safe to use from several threads."""

    def __init__(self) -> None:
        self._left: dict[str, tuple[Fault, int]] = {}
        self._lock = threading.Lock()

    def order(self, fault: Fault) -> None:
        """Let a fault happen, in place of an earlier one for the same action."""
        with self._lock:
            self._left[fault.action] = (fault, fault.times)

    def take(self, action: str) -> Fault | None:
        """The fault for one call of an action, if there is one left."""
        with self._lock:
            fault, left = self._left.get(action, (None, 0))
            if fault is None or left < 1:
                return None
            self._left[action] = (fault, left - 1)
            return fault
