"""One examination of a federation: what it may use, and what its checks share.

Checks ask for evidence (a document, a token, a role). Each piece is fetched once, when first asked
for, and shared; where it cannot be had, every check that needs it is told why.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Concatenate, TypeVar, cast

from doctor.finding import Finding, Rule
from federation.errors import OidcIamError
from federation.model.config import ClusterConfig, Workload
from federation.yaml.files import PROJECT

LAYERS = (
    "names",
    "tls",
    "discovery",
    "keys",
    "control-plane",
    "aws",
    "token",
    "trust",
    "sts",
    "negative",
)
"""The layers in the order in which they build on each other."""

ASKER: ContextVar[Hashable] = ContextVar("ASKER", default=None)
"""Who asks for evidence in this task: a check, or another piece of evidence."""

T = TypeVar("T")


@dataclass(frozen=True)
class Options:
    """How to examine.

    Attributes:
        project: The folder at which a relative kubeconfig path starts.
        ca_file: Certificate authorities for the issuer's certificate, in PEM.
        token_file: A token to use instead of minting one.
        pod: A running pod, `NAMESPACE/NAME`, whose token to use instead of minting one.
        only: The layers and codes to check; empty means all.
        skip: The layers and codes to leave out; for a layer nothing is fetched either.
        offline: Look at the configuration and files only.
        negative: Offer STS tokens that it must refuse, instead of evaluating the policy alone.
        timeout: Seconds for one check.
        answer_timeout: Seconds for one answer; of the issuer to its last byte.
        signing_key: The key, in PEM, that signs the cluster's tokens; at hand in a sandbox alone.
        allow_http: Send tokens to STS over plain http, to another machine too.
        keep_traceback: Keeps the traceback of a bug, and says where; empty if nowhere.
    """

    project: Path = PROJECT
    ca_file: Path | None = None
    token_file: Path | None = None
    pod: str | None = None
    only: frozenset[str] = frozenset()
    skip: frozenset[str] = frozenset()
    offline: bool = False
    negative: bool = False
    timeout: float = 20.0
    answer_timeout: float = 5.0
    signing_key: Path | None = None
    allow_http: bool = False
    keep_traceback: Callable[[BaseException], str] = lambda _: ""


class Missing(Exception):  # noqa: N818  (no error: a reason to skip)
    """Evidence that cannot be had; the text says why.

    Attributes:
        finding: What is wrong with the federation, where that is why.
    """

    def __init__(self, reason: str, finding: Finding | None = None) -> None:
        self.finding = finding
        super().__init__(reason)

    @classmethod
    def because(cls, finding: Finding) -> Missing:
        """Missing since something is wrong, which the finding tells."""
        return cls(f"see {finding.code}", finding)


def is_for_us(error: BaseException) -> bool:
    """Whether an exception has to end this task: an interrupt, or a request to cancel it.

    A library can raise CancelledError by itself, and a piece of evidence can be cancelled; then
    nobody asked this task to end.
    """
    if isinstance(error, asyncio.CancelledError):
        task = asyncio.current_task()
        return task is not None and task.cancelling() > 0
    return isinstance(error, KeyboardInterrupt | GeneratorExit | OidcIamError)


def raised(options: Options, error: BaseException) -> str:
    """What was raised, and where its traceback is. The text of the error may hold secrets."""
    place = options.keep_traceback(error)
    return f"{type(error).__name__}; {f'the traceback is in {place}' if place else 'no log'}"


class Examination:
    """A run over one federation."""

    def __init__(self, config: ClusterConfig, options: Options) -> None:
        self.config = config
        self.options = options
        self._pieces: dict[Hashable, asyncio.Task[Any]] = {}
        self._awaited: dict[Hashable, Hashable] = {}
        self._stuck: dict[Hashable, Hashable] = {}

    async def once(
        self,
        fetch: Callable[Concatenate[Examination, ...], Awaitable[T]],
        *args: Hashable,
    ) -> T:
        """The evidence that `fetch(self, *args)` finds, fetched at the first call alone.

        Raises:
            Missing: it cannot be had.
        """
        key, asker = (fetch, *args), ASKER.get()
        if key not in self._pieces:
            self._pieces[key] = asyncio.ensure_future(_start(key, fetch, self, *args))
        self._awaited[asker] = key
        try:
            # A check that runs out of time must not take the evidence from the others.
            return cast(T, await asyncio.shield(self._pieces[key]))
        except asyncio.CancelledError:
            self._stuck[asker] = self._innermost(key)
            raise
        finally:
            del self._awaited[asker]

    def stuck_at(self, asker: Hashable) -> Hashable:
        """The evidence at which somebody ran out of time, or None where it was not an evidence."""
        return self._stuck.get(asker)

    def allows(self, layer: str) -> None:
        """Stop a check that is about to fetch something for a layer that must not be touched.

        Raises:
            Missing: the run is offline, or leaves the layer out.
        """
        if self.options.offline:
            raise Missing("--offline")
        if layer in self.options.skip:
            raise Missing(f"the layer '{layer}' is skipped")

    def _innermost(self, key: Hashable) -> Hashable:
        """What a piece of evidence waits for in the end: a piece that waits for no other."""
        while key in self._awaited:
            key = self._awaited[key]
        return key

    async def close(self) -> None:
        """Give up what is still being fetched."""
        for piece in self._pieces.values():
            piece.cancel()
        await asyncio.gather(*self._pieces.values(), return_exceptions=True)


async def _start(
    key: Hashable,
    fetch: Callable[Concatenate[Examination, ...], Awaitable[T]],
    examination: Examination,
    *args: Hashable,
) -> T:
    ASKER.set(key)
    try:
        return await fetch(examination, *args)
    except (SystemExit, asyncio.CancelledError) as error:
        if is_for_us(error):
            raise
        # From a library. In a task it would end the program, or look like an interrupt.
        raise RuntimeError(f"{type(error).__name__} from a library") from error


@dataclass(frozen=True)
class Check:
    """One check.

    Attributes:
        rule: Names the check where it can say nothing.
        look: Yields its findings; raises `Missing` where evidence cannot be had.
    """

    rule: Rule
    look: Callable[[Examination], AsyncIterator[Finding]]


@dataclass(frozen=True)
class WorkloadCheck:
    """A check of each workload; as `Check` otherwise."""

    rule: Rule
    look: Callable[[Examination, Workload], AsyncIterator[Finding]]
