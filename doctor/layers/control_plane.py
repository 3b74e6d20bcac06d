"""The layer `control-plane`: what the cluster itself says, with a kubeconfig."""

from __future__ import annotations

from collections.abc import AsyncIterator

from doctor import evidence
from doctor.examination import Check, Examination
from doctor.finding import Finding
from doctor.quoting import shown
from doctor.rules import control_plane as rules


async def _answers(examination: Examination) -> AsyncIterator[Finding]:
    found = await examination.once(evidence.cluster)
    yield rules.ACCESS.passed(f"{shown(found.server)}")


CHECKS = (Check(rules.ACCESS, _answers),)
