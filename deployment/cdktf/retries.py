"""Shows that AWS is asked again, which Terraform itself does not say.

A throttled request is tried again by the AWS provider, for minutes, while Terraform only prints
"Still creating...". The provider's debug log tells: each request carries `amz-sdk-request:
attempt=2; max=3`. That log is read here as it grows, from a private folder that goes away with the
run: besides what is looked for it holds the requests themselves.
"""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from deployment.cdktf.events import Retrying

_PAUSE = 0.5
_RECORD = re.compile(rb"^(?=\d{4}-\d\d-\d\dT\S+ \[)", re.MULTILINE)
_ATTEMPT = re.compile(rb'amz_sdk_request="attempt=(\d+); max=(\d+)"')
_CODE = re.compile(rb"<Code>(\w+)</Code>")


@asynccontextmanager
async def watch_retries(tell: Callable[[Retrying], None]) -> AsyncIterator[dict[str, str]]:
    """Tell of each retry while the block lasts.

    Yields:
        What has to be in Terraform's environment; nothing where a person asked Terraform for a log
        of their own.
    """
    if any(os.environ.get(name) for name in ("TF_LOG", "TF_LOG_PROVIDER", "TF_LOG_PATH")):
        yield {}
        return
    with tempfile.TemporaryDirectory(prefix="oidc-iam-") as folder:
        path = Path(folder) / "provider.log"
        log = RetryLog()
        watching = asyncio.create_task(_follow(path, log, tell))
        try:
            yield {"TF_LOG_PROVIDER": "DEBUG", "TF_LOG_PATH": str(path)}
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching
            _tell_rest(path, log, tell)


class RetryLog:
    """Finds the retries in a provider's debug log, which comes in pieces."""

    def __init__(self) -> None:
        self.size = 0
        """How many bytes were fed."""
        self._rest = b""
        self._codes: dict[bytes, str] = {}

    def feed(self, piece: bytes) -> Iterator[Retrying]:
        """The retries in the records that this piece completes."""
        self.size += len(piece)
        *records, self._rest = _RECORD.split(self._rest + piece)
        for record in records:
            yield from self._read(record)

    def finish(self) -> Iterator[Retrying]:
        """The retry in the record that was read last."""
        yield from self._read(self._rest)
        self._rest = b""

    def _read(self, record: bytes) -> Iterator[Retrying]:
        operation = _field(record, b"rpc.method")
        if code := _CODE.search(record):
            self._codes[operation] = code[1].decode()
        if (attempt := _ATTEMPT.search(record)) and attempt[1] != b"1":
            yield Retrying(
                f"{_field(record, b'rpc.service').decode()} {operation.decode()}".strip(),
                self._codes.get(operation),
                int(attempt[1]),
                int(attempt[2]),
            )


async def _follow(path: Path, log: RetryLog, tell: Callable[[Retrying], None]) -> None:
    while True:
        await asyncio.sleep(_PAUSE)
        piece = _read_from(path, log.size)
        # A record ends where the next one begins, or where nothing more comes for a while.
        for retry in log.feed(piece) if piece else log.finish():
            tell(retry)


def _tell_rest(path: Path, log: RetryLog, tell: Callable[[Retrying], None]) -> None:
    for retries in (log.feed(_read_from(path, log.size)), log.finish()):
        for retry in retries:
            tell(retry)


def _read_from(path: Path, offset: int) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(offset)
            return file.read()
    except OSError:
        return b""


def _field(record: bytes, name: bytes) -> bytes:
    found = re.search(rb"\b" + re.escape(name) + rb"=(\w+)", record)
    return found[1] if found else b""
