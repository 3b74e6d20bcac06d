"""The jsii kernel, without waiting for answers that can be foreseen.

jsii starts node and waits until it says hello, then has it load one assembly after the other and
waits for each: half a second in which Python could import what it needs. Later it waits for each
resource, only to learn the number of the object that stands for it, and the two work by turns. Here
Python goes on, and the answers stay in the pipe until it has sent as much as a pipe surely holds,
or sends a request whose answer it wants.

An answer that is not the foreseen one is raised when it is read, and so is the error of a
constructor: both after the line that caused them, and before anything is synthesized.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from typing import IO, Any, NamedTuple, cast

from jsii import _stack_trace
from jsii._kernel.providers import process
from jsii._kernel.types import CreateRequest, CreateResponse, LoadRequest, LoadResponse
from jsii.errors import ErrorType, JavaScriptError, JSIIError

RESOURCES = "@cdktf/provider-"
"""Generated classes, whose constructors make one object and no more."""

_PIPE_BYTES = 16 * 1024
"""The least that a pipe of an operating system holds (macOS), so that no write waits for node while
node waits until its answers are read."""


def install() -> None:
    """Have jsii start its kernel in this way; one that runs already stays as it is."""
    process._NodeProcess = _EagerProcess  # type: ignore[misc]  # noqa: SLF001  # no setting for it


class _Unread(NamedTuple):
    request_bytes: int
    read: Callable[[], object]


class _EagerProcess(process._NodeProcess):  # noqa: SLF001
    """A kernel's process that takes requests before it has answered the ones before."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._unread: deque[_Unread] = deque()
        self._next_object: int | None = None
        """The number that the kernel gives next, if it is known."""
        self._interfaces: dict[str, list[str] | None] = {}
        """What the kernel says of the objects of each class."""
        self._calls_back = False
        """Whether an object has methods in Python, so that node may ask instead of answering."""

    def handshake(self) -> None:
        self._unread.append(_Unread(0, super().handshake))

    def send(self, request: Any, response_type: Any) -> Any:
        if isinstance(request, LoadRequest):
            self._send_ahead(self._serializer.unstructure(request), self._read_answer)
            return LoadResponse(assembly=request.name, types=0)
        if isinstance(request, CreateRequest):
            return self._create(request)
        self._next_object = None  # what it makes is not known here
        return self._ask(request, response_type)

    def _create(self, request: CreateRequest) -> Any:
        self._calls_back |= bool(request.overrides)
        foreseen = self._foreseen(request.fqn)
        if foreseen is None:
            answer = self._ask(request, CreateResponse)
            self._learn(request.fqn, answer)
            return answer

        def check() -> None:
            answer = self._read_answer()
            if answer.ref != foreseen.ref:
                raise JSIIError(
                    f"jsii numbers its objects differently: {answer.ref}, not {foreseen.ref}. "
                    "OIDC_IAM_PLAIN_BINDINGS=1 does without the numbers."
                )

        members = {"fqn": request.fqn, "args": request.args, "interfaces": request.interfaces}
        self._send_ahead({"api": "create", "overrides": [], **members}, check)
        return foreseen

    def _foreseen(self, fqn: str) -> Any:
        """The answer to a request for an object of a class, or None if it is not known."""
        number = self._next_object
        if (
            self._calls_back
            or _stack_trace.is_enabled()
            or number is None
            or fqn not in self._interfaces
        ):
            return None
        self._next_object = number + 1
        return CreateResponse(ref=f"{fqn}@{number}", interfaces=self._interfaces[fqn])

    def _learn(self, fqn: str, answer: Any) -> None:
        """Note what an answer tells about the next one."""
        self._next_object = None
        if isinstance(answer, CreateResponse) and fqn.startswith(RESOURCES):
            number = answer.ref.rpartition("@")[2]
            self._next_object = int(number) + 1 if number.isdecimal() else None
            self._interfaces[fqn] = answer.interfaces

    def _ask(self, request: Any, response_type: Any) -> Any:
        while self._unread:
            self._unread.popleft().read()
        return super().send(request, response_type)

    def _send_ahead(self, request: dict[str, Any], read: Callable[[], object]) -> None:
        line = json.dumps(request, default=process.jdefault).encode() + b"\n"
        while self._unread and self._sent_ahead() + len(line) > _PIPE_BYTES:
            self._unread.popleft().read()
        stdin = cast(IO[bytes], self._process.stdin)
        stdin.write(line)
        stdin.flush()
        self._unread.append(_Unread(len(line), read))

    def _sent_ahead(self) -> int:
        return sum(each.request_bytes for each in self._unread)

    def _read_answer(self) -> Any:
        answer = self._next_message()
        if "error" in answer:
            kind = JSIIError if answer["name"] == ErrorType.JSII_FAULT.value else RuntimeError
            trace = JavaScriptError(answer["stack"])  # type: ignore[no-untyped-call]
            raise kind(answer["error"]) from trace
        return answer["ok"]
