"""The layer `trust`: would the role's trust policy let the workload's token in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from doctor import evidence
from doctor.examination import Examination, Missing, WorkloadCheck
from doctor.finding import Finding
from doctor.layers.token import token
from doctor.live.sts import SESSION_NAME
from doctor.rules import trust as rules
from federation.errors import UserError
from federation.iam.evaluation import Decision, evaluate
from federation.iam.trust_policy import role_trust_policy
from federation.model.config import Workload
from formats.escaping import printable


async def decide(
    examination: Examination, workload: Workload, claims: Mapping[str, Any]
) -> Decision:
    """Decide with the role's policy as read back from IAM; offline, with the one that we write.

    Raises:
        Missing: the policy cannot be had, or is none that IAM would take.
    """
    try:
        if examination.options.offline:
            return evaluate(configured(examination, workload), claims)
        role = await examination.once(evidence.role, workload)
        provider = await examination.once(evidence.provider)
        context = {"sts:RoleSessionName": SESSION_NAME}
        return evaluate(role.trust, claims, federated=provider.arn, context=context)
    except UserError as error:
        about = evidence.name(workload)
        finding = rules.ADMITS.failed(printable(str(error)), "a policy and a token", about)
        raise Missing.because(finding) from None


def configured(
    examination: Examination, workload: Workload, provider_arn: str | None = None
) -> dict[str, Any]:
    """The trust policy that the configuration asks for.

    Args:
        examination: What is examined.
        workload: Whose role it is.
        provider_arn: The OIDC provider; None is the one that the configuration leads to.
    """
    return role_trust_policy(examination.config, workload, provider_arn)


async def _admits(examination: Examination, workload: Workload) -> AsyncIterator[Finding]:
    found = await examination.once(token, workload)
    decision = await decide(examination, workload, found.claims)
    about = evidence.name(workload)
    if decision.allowed:
        yield rules.ADMITS.passed(f"let in by statement {decision.statement}", about)
    else:
        seen = printable(" ".join(decision.reasons))
        yield rules.ADMITS.failed(seen, "a statement that lets the token in", about)


CHECKS = (WorkloadCheck(rules.ADMITS, _admits),)
