"""Compares all places of a federation side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from doctor.drift import account, bucket, cluster
from doctor.drift.places import Compared, DriftPlace, LiveDifference
from doctor.examination import ASKER, Examination, Missing, Options, is_for_us, raised
from doctor.reportable import reportable
from federation.model.config import ClusterConfig


async def compare(config: ClusterConfig, options: Options | None = None) -> tuple[Compared, ...]:
    """Compare what is live with what is configured; nothing is made or changed.

    Args:
        config: What is configured.
        options: How to look: layers in `skip` are left out, and so are the places that need them.

    Returns:
        What came of each place, in an order that depends on the configuration alone.

    Raises:
        UserError: a file of keys cannot be read, or holds what may not be published.
    """
    all_places = tuple(places(config))
    examination = Examination(config, options or Options())
    try:
        return tuple(
            await asyncio.gather(*(_compare_place(examination, each) for each in all_places))
        )
    finally:
        await examination.close()


def places(config: ClusterConfig) -> Iterator[DriftPlace]:
    """All that a configuration describes.

    Raises:
        UserError: a file of keys cannot be read, or holds what may not be published.
    """
    yield from account.places(config)
    yield from bucket.places(config)
    yield from cluster.places(config)


async def _compare_place(examination: Examination, place: DriftPlace) -> Compared:
    for layer in place.layers:
        if layer in examination.options.skip:
            return Compared(place.name, skipped=layer)
    ASKER.set(place)
    differences: list[LiveDifference] = []
    seconds = examination.options.timeout
    try:
        async with asyncio.timeout(seconds) as limit:
            async for difference in place.look(examination):
                differences.append(difference)  # noqa: PERF401  (kept, whatever comes after it)
    except Missing as missing:
        return Compared(place.name, tuple(differences), unseen=reportable(_reason(missing)))
    except BaseException as error:
        if isinstance(error, TimeoutError) and limit.expired():
            reason = f"no answer within {seconds:g} s"
        elif is_for_us(error):
            raise
        else:
            reason = f"the comparison raised {raised(examination.options, error)}"
        return Compared(place.name, tuple(differences), unseen=reportable(reason))
    return Compared(place.name, tuple(differences))


def _reason(missing: Missing) -> str:
    """Why something cannot be seen; what is wrong in another place is told with what should be."""
    finding = missing.finding
    return f"{finding.seen} (expected: {finding.expected})" if finding else str(missing)
