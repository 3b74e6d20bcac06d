"""The resources of a Terraform plan as it would leave them, without unknown and sensitive values.

Made of the records of `review.plan.reader`, for `review.plan.facts`; the plan may be anyone's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from federation.errors import UserError
from federation.strict_json import json_object
from formats.escaping import printable
from review.facts.estate import Where
from review.plan.reader import mapping, planned_changes, read_data

UNKNOWN = object()
"""Stands for a value that is not known before the apply."""
SENSITIVE = object()
"""Stands for a value that Terraform was told to keep secret."""


@dataclass(frozen=True)
class Resource:
    """A resource as the plan would leave it; `UNKNOWN` and `SENSITIVE` stand for values."""

    address: str
    type: str
    values: Mapping[str, Any]
    file: str

    def where(self, place: str = "") -> Where:
        """The resource, or one of its arguments."""
        return Where(self.file, ".".join(filter(None, [self.address, place])))

    def text(self, name: str) -> str | None:
        """An argument that is text, None where it is not there or cannot be told."""
        value = self.values.get(name)
        return value if isinstance(value, str) else None

    def texts(self, name: str) -> tuple[str, ...]:
        """The texts in an argument that is a list, sorted."""
        value = self.values.get(name)
        found = value if isinstance(value, list) else []
        return tuple(sorted(each for each in found if isinstance(each, str)))

    def blocks(self, name: str) -> list[Mapping[str, Any]]:
        value = self.values.get(name)
        found = value if isinstance(value, list) else []
        return [each for each in found if isinstance(each, Mapping)]


def resources(text: str, file: str) -> list[Resource]:
    """What a plan keeps, changes or makes, and the data that was read for it.

    Args:
        text: What `terraform show -json PLANFILE` prints.
        file: How the file is called.

    Raises:
        UserError: it is not a plan.
    """
    plan = json_object(file, text)
    try:
        planned = [
            _resource(
                each.address, each.type, _hide_marked(each.after, each.unknown, each.is_sensitive)
            )
            for each in planned_changes(plan, file)
            if each.is_managed and isinstance(each.after, Mapping)
        ]
        read = [
            _resource(each.address, each.type, _hide_marked(each.values, None, each.sensitive))
            for each in read_data(plan)
        ]
    except RecursionError:
        raise UserError(f"{file} is nested too deeply to be read.") from None
    return [replace(each, file=file) for each in (*planned, *read)]


def _resource(address: str, kind: str, values: Any) -> Resource:
    return Resource(printable(address), kind, mapping(values), "")


def _hide_marked(after: Any, unknown: Any, sensitive: Any) -> Any:
    """A value with `UNKNOWN` and `SENSITIVE` in the place of whatever is marked as that."""
    if unknown is True or sensitive is True:
        return UNKNOWN if unknown is True else SENSITIVE
    if isinstance(after, Mapping):
        keys = [*after, *(key for key in mapping(unknown) if key not in after)]
        return {
            key: _hide_marked(
                after.get(key), mapping(unknown).get(key), mapping(sensitive).get(key)
            )
            for key in keys
        }
    if isinstance(after, list):
        return [
            _hide_marked(each, _entry(unknown, at), _entry(sensitive, at))
            for at, each in enumerate(after)
        ]
    return after


def _entry(marks: Any, at: int) -> Any:
    return marks[at] if isinstance(marks, list) and at < len(marks) else None
