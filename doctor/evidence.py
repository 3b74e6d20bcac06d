"""What all pieces of evidence share: how they name a workload, and how they ask.

The pieces themselves are in the checks of their layers (`doctor.checks`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from doctor.examination import Missing
from doctor.live.account import AwsError
from doctor.live.cluster import ClusterError
from federation.model.config import Workload

T = TypeVar("T")

_PAUSES = (0.5, 1.0, 2.0, 4.0)
"""Seconds; all of them end before a check's own time does."""


def name(workload: Workload) -> str:
    """How findings call a workload."""
    return f"{workload.namespace}/{workload.service_account}"


async def ask(read: Callable[..., T], *args: object) -> T:
    """What the account or the cluster answers.

    Raises:
        Missing: it refuses, or gives no answer.
    """
    try:
        return await patiently(read, *args)
    except (AwsError, ClusterError) as error:
        raise Missing(str(error)) from None


async def patiently(read: Callable[..., T], *args: object) -> T:
    """What is answered, asked for again where AWS throttles: a large federation has many roles."""
    for seconds in _PAUSES:
        try:
            return await asyncio.to_thread(read, *args)
        except AwsError as error:
            if not error.is_throttling:
                raise
        await asyncio.sleep(seconds)
    return await asyncio.to_thread(read, *args)
