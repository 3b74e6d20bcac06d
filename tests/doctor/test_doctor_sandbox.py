"""The doctor on a real API server and a strict STS."""

from __future__ import annotations

from collections.abc import Iterable

from live_federation import LiveFederation

from doctor.examination import Options
from doctor.finding import Finding
from doctor.runner import examined


async def test_a_federation_that_works_passes_with_every_live_proof(live: LiveFederation) -> None:
    options = Options(negative=True, signing_key=live.sandbox.service_account_key)

    findings = await examined(live.config, options)

    assert not_passed(findings) == [
        "skip names-resolves",
        "skip names-public",
        "skip control-plane-flags",
        "skip control-plane-api-audiences",
    ]


def not_passed(findings: Iterable[Finding]) -> list[str]:
    return [
        f"{each.verdict} {each.code} {each.about}".rstrip()
        for each in findings
        if each.verdict != "pass"
    ]
