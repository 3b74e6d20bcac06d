"""The resources of a Terraform plan as it would leave them, without what cannot or may not be told.

Reads what `terraform show -json` prints of a plan, anybody's, for `review.plan.facts`. Source of
the form: Terraform, "JSON output format", "Plan representation" and "Change representation".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from federation.errors import UserError
from federation.strict_json import json_object
from formats.escaping import printable
from review.facts.estate import Where

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
        """The blocks of a name."""
        value = self.values.get(name)
        found = value if isinstance(value, list) else []
        return [each for each in found if isinstance(each, Mapping)]


def resources(text: str, file: str) -> list[Resource]:
    """What a plan keeps, changes or makes, and the data that was read for it.

    Args:
        text: What `terraform show -json PLANFILE` prints.
        file: How the file is called.

    Raises:
        UserError: it is no plan.
    """
    plan = json_object(file, text)
    changes = plan.get("resource_changes", [] if "planned_values" in plan else None)
    if not isinstance(changes, list):
        raise UserError(f"{file} is no plan of Terraform.")
    try:
        return [*_planned(changes, file), *_read_before(plan, file)]
    except RecursionError:
        raise UserError(f"{file} is nested too deeply to be read.") from None


def _planned(changes: Iterable[Any], file: str) -> Iterator[Resource]:
    for change in changes:
        if not isinstance(change, Mapping) or change.get("mode", "managed") != "managed":
            continue
        details = change.get("change")
        after = details.get("after") if isinstance(details, Mapping) else None
        if isinstance(details, Mapping) and isinstance(after, Mapping):
            told = _told(after, details.get("after_unknown"), details.get("after_sensitive"))
            yield Resource(_address(change), str(change.get("type")), mapping(told), file)


def _read_before(plan: Mapping[str, Any], file: str) -> Iterator[Resource]:
    """The data sources that Terraform read to make the plan."""
    state = plan.get("prior_state")
    values = state.get("values") if isinstance(state, Mapping) else None
    modules = [values.get("root_module")] if isinstance(values, Mapping) else []
    while modules:
        module = modules.pop()
        if not isinstance(module, Mapping):
            continue
        modules += module.get("child_modules") or []
        for each in module.get("resources") or []:
            if isinstance(each, Mapping) and each.get("mode") == "data":
                told = _told(each.get("values") or {}, None, each.get("sensitive_values"))
                yield Resource(_address(each), str(each.get("type")), mapping(told), file)


def _address(resource: Mapping[str, Any]) -> str:
    return printable(str(resource.get("address")))


def _told(after: Any, unknown: Any, sensitive: Any) -> Any:
    """A value with `UNKNOWN` and `SENSITIVE` in the place of whatever is marked as that."""
    if unknown is True or sensitive is True:
        return UNKNOWN if unknown is True else SENSITIVE
    if isinstance(after, Mapping):
        keys = [*after, *(key for key in mapping(unknown) if key not in after)]
        return {
            key: _told(after.get(key), mapping(unknown).get(key), mapping(sensitive).get(key))
            for key in keys
        }
    if isinstance(after, list):
        return [
            _told(each, _entry(unknown, at), _entry(sensitive, at)) for at, each in enumerate(after)
        ]
    return after


def mapping(value: Any) -> Mapping[str, Any]:
    """The value where it is a mapping, an empty one otherwise."""
    return value if isinstance(value, Mapping) else {}


def _entry(marks: Any, at: int) -> Any:
    return marks[at] if isinstance(marks, list) and at < len(marks) else None
