"""What a configuration shows of rules in `federation.rules.registry` that need a distribution."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from apiserver.distributions import distribution_of
from federation.model.config import ClusterConfig
from federation.rules.configuration import Observation


def _anonymous_requests_off(config: ClusterConfig) -> Iterator[Observation]:
    own = distribution_of(config)
    if not own.anonymous and config.discovery.exposure == "binding":
        yield Observation(
            ("discovery", "exposure"),
            f"{own.title} sets --anonymous-auth=false unless it is configured otherwise.",
        )


LOOKS: Mapping[str, Callable[[ClusterConfig], Iterator[Observation]]] = {
    "anonymous-requests-off": _anonymous_requests_off,
}
"""What looks for violations, by the rule's code."""
