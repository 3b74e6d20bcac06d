"""Rules about a configuration that need to know its distribution."""

from __future__ import annotations

import pytest
from apiserver_cases import config

from apiserver.distributions import DISTRIBUTIONS
from apiserver.findings import LOOKS
from federation.rules.configuration import Observation

REFUSE = {
    "k3s": "k3s",
    "rke2": "RKE2",
    "talos": "Talos Linux",
    "kops": "kOps",
    "k0s": "k0s",
}


@pytest.mark.parametrize("distribution", [*DISTRIBUTIONS, None])
def test_a_binding_alone_shows_nothing_where_anonymous_requests_are_off(
    distribution: str | None,
) -> None:
    look = LOOKS["anonymous-requests-off"]
    title = REFUSE.get(distribution or "")
    text = f"{title} sets --anonymous-auth=false unless it is configured otherwise."
    found = [Observation(("discovery", "exposure"), text)] if title else []
    assert list(look(config(distribution=distribution))) == found
    allowlist = config(distribution=distribution, exposure="authentication-config")
    assert list(look(allowlist)) == []
