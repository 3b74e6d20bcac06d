"""The layer `aws`: the OIDC provider and the roles, compared with the configuration."""

from __future__ import annotations

from collections.abc import AsyncIterator

from doctor import evidence
from doctor.examination import Check, Examination, WorkloadCheck
from doctor.finding import Finding
from doctor.rules import aws as rules
from federation.config import Workload


async def _is_readable(examination: Examination) -> AsyncIterator[Finding]:
    await examination.once(evidence.account)
    yield rules.ACCESS.passed("the credentials are good")


async def _has_provider(examination: Examination) -> AsyncIterator[Finding]:
    found = await examination.once(evidence.provider)
    yield rules.PROVIDER.passed(found.arn)


async def _has_role(examination: Examination, workload: Workload) -> AsyncIterator[Finding]:
    found = await examination.once(evidence.role, workload)
    yield rules.ROLE.passed(found.arn, evidence.name(workload))


CHECKS = (
    Check(rules.ACCESS, _is_readable),
    Check(rules.PROVIDER, _has_provider),
    WorkloadCheck(rules.ROLE, _has_role),
)
