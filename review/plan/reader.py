"""What `terraform show -json` prints of a plan, as typed records: the only reader of that form.

`review.plan.resources` makes resources of them, `review.plan.changes` what would change. Source:
Terraform, "JSON output format", "Plan representation" and "Change representation".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from federation.errors import UserError


@dataclass(frozen=True)
class PlannedChange:
    """One entry of `resource_changes`.

    Attributes:
        address: As in Terraform.
        type: The resource type, such as `aws_iam_role`.
        name: The name in its block.
        is_managed: Whether it is a resource; else a data source.
        actions: As Terraform names them, such as `("delete", "create")`.
        before: The values now; None where there is nothing.
        after: The values then, as far as they are known.
        unknown: Marks what is known only after the apply, in the form of the values.
        was_sensitive: Marks the sensitive values of `before`.
        is_sensitive: Marks those of `after`.
        replace_paths: The arguments that force a replacement.
        imported: The ID by which Terraform imports it, else None.
    """

    address: str
    type: str
    name: str
    is_managed: bool
    actions: tuple[str, ...]
    before: Any
    after: Any
    unknown: Any
    was_sensitive: Any
    is_sensitive: Any
    replace_paths: tuple[tuple[str | int, ...], ...]
    imported: str | None


@dataclass(frozen=True)
class ReadData:
    """A data source that Terraform read to make the plan."""

    address: str
    type: str
    values: Any
    sensitive: Any


def planned_changes(plan: Mapping[str, Any], called: str) -> Iterator[PlannedChange]:
    """The changes of a plan, in Terraform's order; also those with the action `no-op`.

    A plan of `-refresh-only` has no list of changes: there, each resource is a `no-op`.

    Args:
        plan: The document.
        called: How messages call it.

    Raises:
        UserError: it is not a plan, or one of the changes does not have the form of one.
    """
    changes = plan.get("resource_changes", _unchanged(plan))
    if not isinstance(changes, list):
        raise UserError(f"{called} is not a Terraform plan.")
    for at, each in enumerate(changes):
        change = each.get("change") if isinstance(each, Mapping) else None
        if not isinstance(change, Mapping):
            raise UserError(f"{called}: resource_changes[{at}] is not a change of a resource.")
        yield PlannedChange(
            address=str(each.get("address")),
            type=str(each.get("type")),
            name=str(each.get("name")),
            is_managed=each.get("mode", "managed") == "managed",
            actions=tuple(map(str, _list(change.get("actions")))),
            before=change.get("before"),
            after=change.get("after"),
            unknown=change.get("after_unknown"),
            was_sensitive=change.get("before_sensitive"),
            is_sensitive=change.get("after_sensitive"),
            replace_paths=tuple(tuple(_list(path)) for path in _list(change.get("replace_paths"))),
            imported=_import_id(change.get("importing")),
        )


def read_data(plan: Mapping[str, Any]) -> Iterator[ReadData]:
    """The data sources that Terraform read to make a plan."""
    for each in _resources(mapping(plan.get("prior_state")).get("values")):
        if each.get("mode") == "data":
            address, kind = str(each.get("address")), str(each.get("type"))
            yield ReadData(address, kind, each.get("values"), each.get("sensitive_values"))


def _unchanged(plan: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """The resources of a document without changes, as changes; None if it is another document."""
    values = plan.get("planned_values")
    if not isinstance(values, Mapping):
        return None
    return [
        {
            **each,
            "change": {
                "actions": ["no-op"],
                "after": each.get("values"),
                "after_sensitive": each.get("sensitive_values"),
            },
        }
        for each in _resources(values)
    ]


def _resources(values: Any) -> Iterator[Mapping[str, Any]]:
    """The resources of all modules ("Values representation")."""
    modules = [mapping(values).get("root_module")]
    while modules:
        module = mapping(modules.pop())
        modules += _list(module.get("child_modules"))
        yield from map(mapping, _list(module.get("resources")))


def mapping(value: Any) -> Mapping[str, Any]:
    """The value where it is a mapping, an empty one otherwise."""
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _import_id(importing: Any) -> str | None:
    if not isinstance(importing, Mapping):
        return None
    # An import by identity (Terraform 1.12) has no ID.
    return str(importing.get("id") or "")
