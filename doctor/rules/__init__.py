"""The rules of each layer, as data: one module a layer, texts and nothing else."""

from __future__ import annotations

from doctor.finding import Rule
from doctor.rules import (
    aws,
    control_plane,
    discovery,
    keys,
    names,
    negative,
    sts,
    tls,
    token,
    trust,
)

ALL: tuple[Rule, ...] = (
    *names.ALL,
    *tls.ALL,
    *discovery.ALL,
    *keys.ALL,
    *control_plane.ALL,
    *aws.ALL,
    *token.ALL,
    *trust.ALL,
    *sts.ALL,
    *negative.ALL,
)
"""Every rule, in the order of the layers."""

ERROR = Rule(
    "doctor-error",
    "doctor",
    "Every check runs to its end",
    "A check, or the code that reads what it looks at, stopped with an error that it does not "
    "expect. Nothing is known about what it would have said, so this counts as a failure. The "
    "other checks are not affected. The finding names the check and is listed in its layer.",
    "A bug in oidc-iam, or an answer in a form that it does not know.",
    "Report the bug with the log that the finding names; --skip CHECK leaves the check out.",
)
"""What a check that raises becomes, in the layer of the check."""

EVERY: tuple[Rule, ...] = (*ALL, ERROR)
"""The same with the one that no layer has."""
