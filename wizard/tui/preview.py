"""What follows from the answers so far, shown while they are typed.

Every value comes from `federation.model.config`. An answer that is missing or not right has a
stand-in, and what depends on it is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from deployment.surroundings import Surroundings
from federation.errors import UserError
from federation.model.config import ClusterConfig
from federation.yaml.files import ConfigError
from wizard.questions import (
    Question,
    answers,
    configuration,
    questions,
    workload_questions,
)
from wizard.tui.draft import Draft

_STAND_INS = {
    "cluster": "cluster",
    "issuer": "https://issuer.invalid",
    "aws.region": "us-east-1",
    "kubernetes.apply": "manifests",
}
_USED = (
    "cluster",
    "issuer",
    "audience",
    "aws.region",
    "discovery.endpoint",
    "discovery.thumbprint",
    "workloads.0.namespace",
    "workloads.0.service_account",
    "workloads.0.role.name",
)
_WORKLOAD = re.compile(r"workloads\.(\d+)\.")


@dataclass(frozen=True)
class PreviewRow:
    """One thing that follows; `value` is None while it does not."""

    label: str
    value: str | None


def facts(draft: Draft, at: int = 0) -> tuple[PreviewRow, ...]:
    """What follows from a draft, for one of its workloads.

    Args:
        draft: The answers.
        at: The position of the workload.
    """
    known, config = _stood_in(draft, at)
    workload = config.workloads[0]
    who = ("workloads.0.namespace", "workloads.0.service_account")
    rows = (
        ("Issuer", config.issuer, ("issuer",)),
        ("Discovery", config.openid_configuration_url, ("issuer",)),
        ("Public keys", config.jwks_uri, ("issuer",)),
        ("Condition keys", f"{config.issuer_key}:aud\n{config.issuer_key}:sub", ("issuer",)),
        ("Subject", workload.subject, who),
        ("Role", config.role_name(workload), () if workload.role.name else ("cluster", *who)),
    )
    return tuple(
        PreviewRow(label, value if known.issuperset(needed) else None)
        for label, value, needed in rows
    )


def role_name(draft: Draft, at: int) -> str:
    """The name of a workload's role; empty while it does not follow."""
    return facts(draft, at)[-1].value or ""


def probe_configuration(draft: Draft) -> ClusterConfig | None:
    """What to probe the cluster with: the configuration, or as much of it as is answered well.

    None without an issuer.
    """
    try:
        return draft.configuration()
    except ConfigError:
        known, config = _stood_in(draft, 0)
    return config if "issuer" in known else None


def defaults(draft: Draft, asked: Iterable[Question]) -> dict[str, str]:
    """What an empty answer to each of these questions stands for, as it would be typed."""
    bare = {**answers(_stood_in(Draft(""), 0)[1]), **dict.fromkeys(_STAND_INS, "")}
    found = {}
    for question in asked:
        of_workload = _WORKLOAD.match(question.key)
        text = draft.default(question)
        if of_workload and question.place[-2:] == ("role", "name"):
            text = role_name(draft.with_answer(question.key, ""), int(of_workload[1]))
        found[question.key] = text or bare[_WORKLOAD.sub("workloads.0.", question.key)]
    return found


def _stood_in(draft: Draft, at: int) -> tuple[set[str], ClusterConfig]:
    """What is answered well, and a configuration with stand-ins for the rest.

    Of the workloads it has the one at a position, as its first.
    """
    good = {}
    for question in (*questions(0), *workload_questions(at)):
        key = _WORKLOAD.sub("workloads.0.", question.key)
        if key in _USED:
            text = draft.answer(question.key) or draft.default(question)
            if text and _right(question, text):
                good[key] = text
    return set(good), configuration({**_STAND_INS, **good}, Surroundings())


def _right(question: Question, text: str) -> bool:
    try:
        question.check(text)
    except UserError:
        return False
    return True
