"""The layer `trust`: would the role's trust policy let the workload's token in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from doctor import evidence
from doctor.checks import aws
from doctor.checks.token import token
from doctor.examination import Examination, Missing, WorkloadCheck
from doctor.finding import Finding, Rule
from doctor.live.sts import SESSION_NAME
from federation.errors import UserError
from federation.iam.evaluation import Decision, evaluate
from federation.iam.trust_policy import role_trust_policy
from federation.model.config import Workload
from formats.escaping import printable

_LAYER = "trust"

ADMITS = Rule(
    "trust-admits",
    _LAYER,
    "The role's trust policy admits the workload's token",
    "The policy is read from IAM and evaluated against the token's claims, as AWS does it (IAM "
    "user guide, 'Policy evaluation logic').",
    "The policy names another provider, audience or subject than the token: it was edited, or "
    "written for another cluster.",
    "Deploy the identity stack, which replaces the policy.",
)


async def decide(
    examination: Examination, workload: Workload, claims: Mapping[str, Any]
) -> Decision:
    """Decide with the role's policy as read back from IAM; offline, with the one that we write.

    Raises:
        Missing: the policy cannot be had, or is not one that IAM accepts.
    """
    try:
        if examination.options.offline:
            return evaluate(role_trust_policy(examination.config, workload), claims)
        role = await examination.once(aws.role, workload)
        provider = await examination.once(aws.provider)
        context = {"sts:RoleSessionName": SESSION_NAME}
        return evaluate(role.trust, claims, federated=provider.arn, context=context)
    except UserError as error:
        about = evidence.name(workload)
        finding = ADMITS.failed(printable(str(error)), "a policy and a token", about)
        raise Missing.because(finding) from None


async def _admits(examination: Examination, workload: Workload) -> AsyncIterator[Finding]:
    found = await examination.once(token, workload)
    decision = await decide(examination, workload, found.claims)
    about = evidence.name(workload)
    if decision.allowed:
        yield ADMITS.passed(f"admitted by statement {decision.statement}", about)
    else:
        seen = printable(" ".join(decision.reasons))
        yield ADMITS.failed(seen, "a statement that admits the token", about)


CHECKS = (WorkloadCheck(ADMITS, _admits),)
