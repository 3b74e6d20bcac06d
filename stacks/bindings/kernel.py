"""The jsii kernel, without waiting for answers that nobody reads.

jsii starts node and waits until it says hello, then has it load one assembly after the other and
waits for each: half a second in which Python could import what it needs. Here these answers stay
in the pipe until the program sends a request whose answer it wants; a failed start or load is
raised then.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from typing import IO, Any, cast

from jsii._kernel.providers import process
from jsii._kernel.types import LoadRequest, LoadResponse
from jsii.errors import ErrorType, JavaScriptError, JSIIError


def install() -> None:
    """Have jsii start its kernel in this way; one that runs already stays as it is."""
    process._NodeProcess = _EagerProcess  # type: ignore[misc]  # noqa: SLF001  # no setting for it


class _EagerProcess(process._NodeProcess):  # noqa: SLF001
    """A kernel's process that takes its first requests before it has started."""

    _unread: deque[Callable[[], None]]

    def handshake(self) -> None:
        self._unread = deque([super().handshake])

    def send(self, request: Any, response_type: Any) -> Any:
        if isinstance(request, LoadRequest):
            self._write(request)
            self._unread.append(self._read_loaded)
            return LoadResponse(assembly=request.name, types=0)
        while self._unread:
            self._unread.popleft()()
        return super().send(request, response_type)

    def _write(self, request: LoadRequest) -> None:
        stdin = cast(IO[bytes], self._process.stdin)
        stdin.write(json.dumps(self._serializer.unstructure(request)).encode() + b"\n")
        stdin.flush()

    def _read_loaded(self) -> None:
        answer = self._next_message()
        if "error" in answer:
            kind = JSIIError if answer["name"] == ErrorType.JSII_FAULT.value else RuntimeError
            trace = JavaScriptError(answer["stack"])  # type: ignore[no-untyped-call]
            raise kind(answer["error"]) from trace
