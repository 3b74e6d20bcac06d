"""Where documents and Terraform states lie."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from review.facts.estate import Estate
from review.lint.finding import Look, Seen


def _open_bucket(estate: Estate) -> Iterator[Seen]:
    for bucket in estate.buckets:
        yield Seen.of(bucket, f"the bucket is open: {bucket.exposure}.")


def _local_state(estate: Estate) -> Iterator[Seen]:
    for state in estate.states:
        yield Seen.of(state, "the state is in the folder state/.")


LOOKS: Mapping[str, Look] = {
    "open-bucket": _open_bucket,
    "local-state": _local_state,
}
