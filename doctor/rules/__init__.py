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
