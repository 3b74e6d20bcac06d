"""Where requests to AWS go, and whether others can read them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from federation.model.endpoints import is_unencrypted
from review.facts.estate import Estate
from review.lint.finding import Look, Seen


def _unencrypted(estate: Estate) -> Iterator[Seen]:
    for endpoint in estate.endpoints:
        if is_unencrypted(endpoint.url):
            yield Seen.of(endpoint, f"requests to AWS go to {endpoint.url} without encryption.")


LOOKS: Mapping[str, Look] = {
    "unencrypted-endpoint": _unencrypted,
}
