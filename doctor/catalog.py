"""Every check of the doctor and every rule that findings can carry, in the order of the layers."""

from __future__ import annotations

from doctor.checks import (
    aws,
    control_plane,
    discovery,
    keys,
    names,
    negative,
    pod_environment,
    sts,
    tls,
    token,
    trust,
)
from doctor.examination import Check, WorkloadCheck
from doctor.finding import Rule

CHECKS: dict[str, tuple[Check | WorkloadCheck, ...]] = {
    "names": names.CHECKS,
    "tls": tls.CHECKS,
    "discovery": discovery.CHECKS,
    "keys": keys.CHECKS,
    "control-plane": (*control_plane.CHECKS, *pod_environment.CHECKS),
    "aws": aws.CHECKS,
    "token": token.CHECKS,
    "trust": trust.CHECKS,
    "sts": sts.CHECKS,
    "negative": negative.CHECKS,
}
"""The checks of each layer, in the order of `LAYERS`."""

ANSWERS: dict[str, tuple[Rule, ...]] = {"discovery": discovery.ANSWERS}
"""The rules of a layer that no check has: their findings say why evidence is missing."""

RULES: tuple[Rule, ...] = tuple(
    dict.fromkeys(
        rule
        for layer, checks in CHECKS.items()
        for rule in (*(check.rule for check in checks), *ANSWERS.get(layer, ()))
    )
)
"""Every rule of a layer."""

ERROR = Rule(
    "doctor-error",
    "doctor",
    "Every check runs to its end",
    "A check, or the code that reads its evidence, stopped with an unexpected error. Its result "
    "is unknown, so this counts as a failure. The other checks are not affected. The finding "
    "names the check and is listed in its layer.",
    "A bug in oidc-iam, or an answer in a form that it does not know.",
    "Report the bug with the log that the finding names; --skip CHECK skips the check.",
)
"""What a check that raises becomes, in the layer of the check."""

EVERY_RULE: tuple[Rule, ...] = (*RULES, ERROR)
"""The same with the one that no layer has."""
