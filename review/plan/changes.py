"""What a plan of Terraform would change, as both presenters and the review show it.

Made of the records of `review.plan.reader`; `deployment.cdktf.planning` runs
`terraform show -json`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from federation.secrets import masked
from review.plan.reader import PlannedChange, planned_changes

ChangeAction = Literal[
    "create", "update", "replace", "delete", "read", "forget", "import", "unknown"
]

UNKNOWN = "(known after apply)"
SENSITIVE = "(sensitive)"

_ACTIONS: dict[tuple[str, ...], ChangeAction] = {
    ("create",): "create",
    ("update",): "update",
    ("delete",): "delete",
    ("read",): "read",
    ("forget",): "forget",
    ("delete", "create"): "replace",
    ("create", "delete"): "replace",
    ("no-op",): "import",
}


@dataclass(frozen=True)
class AttributeChange:
    """An attribute that will differ.

    Attributes:
        path: Its place, like `metadata[0].labels.app`.
        before: Its value now, as JSON; None where it has none. What looks like a secret is masked.
        after: Its value then, as JSON, or `UNKNOWN`; None where it will have none. What Terraform
            calls sensitive is `SENSITIVE` on both sides.
        replaces: Whether it is the reason why the resource is recreated.
    """

    path: str
    before: str | None
    after: str | None
    replaces: bool = False


@dataclass(frozen=True)
class ResourceChange:
    """A resource that will be made, changed, replaced, removed, read, forgotten or taken over.

    Attributes:
        imported: The ID by which Terraform takes over what exists, and may change it; else None.
        unknown_actions: What Terraform calls it, if this version does not know the action.
    """

    address: str
    type: str
    name: str
    action: ChangeAction
    attributes: tuple[AttributeChange, ...] = ()
    imported: str | None = None
    unknown_actions: tuple[str, ...] = ()


@dataclass(frozen=True)
class StackPlan:
    """What would change in one stack, in Terraform's order."""

    stack: str
    changes: tuple[ResourceChange, ...]

    @property
    def add(self) -> int:
        """How many resources will be made; a replaced one counts here and in `destroy`."""
        return _count(self.changes, "create", "replace")

    @property
    def change(self) -> int:
        """How many resources will be changed in place."""
        return _count(self.changes, "update")

    @property
    def destroy(self) -> int:
        """How many resources will be removed."""
        return _count(self.changes, "delete", "replace")


@dataclass(frozen=True)
class Plan:
    """What would change, stack by stack, in the order in which it would happen."""

    stacks: tuple[StackPlan, ...]

    @property
    def add(self) -> int:
        """How many resources will be made; a replaced one counts here and in `destroy`."""
        return sum(stack.add for stack in self.stacks)

    @property
    def change(self) -> int:
        """How many resources will be changed in place."""
        return sum(stack.change for stack in self.stacks)

    @property
    def destroy(self) -> int:
        """How many resources will be removed."""
        return sum(stack.destroy for stack in self.stacks)

    @property
    def forget(self) -> int:
        """How many resources stay where they are, without Terraform."""
        return sum(_count(stack.changes, "forget") for stack in self.stacks)

    @property
    def imports(self) -> int:
        """How many resources that exist become Terraform's, changed or not."""
        return sum(each.imported is not None for stack in self.stacks for each in stack.changes)

    @property
    def counts(self) -> str:
        """How many resources it adds, changes and destroys, in words."""
        unknown = f", {self.unknown} with an unknown action" if self.unknown else ""
        return f"{self.add} to add, {self.change} to change, {self.destroy} to destroy{unknown}"

    @property
    def unknown(self) -> int:
        """How many resources have an action that this version does not know."""
        return sum(_count(stack.changes, "unknown") for stack in self.stacks)

    @property
    def steps(self) -> int:
        """How many `ResourceDone` a deployment of it ends with: a replacement takes two."""
        return self.add + self.change + self.destroy

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.steps or self.forget or self.imports or self.unknown)


def stack_plan(stack: str, shown: Mapping[str, Any]) -> StackPlan:
    """The plan of a stack from what `terraform show -json` says of it.

    Raises:
        UserError: it does not have the form of a plan.
    """
    found = planned_changes(shown, f"The plan of {stack}")
    return StackPlan(stack, tuple(_change(each) for each in found if not _stays(each)))


def _stays(change: PlannedChange) -> bool:
    return change.actions == ("no-op",) and change.imported is None


def _change(change: PlannedChange) -> ResourceChange:
    action = _ACTIONS.get(change.actions, "unknown")
    return ResourceChange(
        change.address,
        change.type,
        change.name,
        action,
        tuple(_attributes(change)),
        change.imported,
        change.actions if action == "unknown" else (),
    )


def _count(changes: tuple[ResourceChange, ...], *actions: ChangeAction) -> int:
    return sum(change.action in actions for change in changes)


def _attributes(change: PlannedChange) -> Iterator[AttributeChange]:
    secret = {*_marked_paths(change.was_sensitive), *_marked_paths(change.is_sensitive)}
    old, new = dict(_leaves(change.before)), dict(_leaves(change.after))
    new.update(dict.fromkeys(_marked_paths(change.unknown), UNKNOWN))
    for path in sorted({*old, *new}, key=_sortable):
        if old.get(path) != new.get(path):
            hidden = any(path[: len(each)] == each for each in secret)
            yield AttributeChange(
                masked(_path_text(path)),
                SENSITIVE if hidden and path in old else _mask_value(path, old),
                SENSITIVE if hidden and path in new else _mask_value(path, new),
                any(path[: len(each)] == each for each in change.replace_paths),
            )


_Path = tuple[str | int, ...]


def _leaves(value: Any, path: _Path = ()) -> Iterator[tuple[_Path, str]]:
    """Each value that is not null below this one, as JSON."""
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            yield from _leaves(item, (*path, key))
    elif value is not None:
        yield path, json.dumps(value, ensure_ascii=False)


def _mask_value(path: _Path, leaves: Mapping[_Path, str]) -> str | None:
    """The value of a place, as JSON, in which nothing that looks like a secret is whole."""
    value = leaves.get(path)
    if value is None or not value.startswith('"'):
        return value
    return json.dumps(masked(json.loads(value), _name(path, leaves)), ensure_ascii=False)


def _name(path: _Path, leaves: Mapping[_Path, str]) -> str:
    """What a value goes by: its key, or the `name` beside a `value`."""
    names = [each for each in path if isinstance(each, str)]
    beside = leaves.get((*path[:-1], "name"))
    return beside if path[-1:] == ("value",) and beside else (names or [""])[-1]


def _marked_paths(value: Any, path: _Path = ()) -> Iterator[_Path]:
    """Each place that is true in Terraform's maps of unknown and of sensitive values."""
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            yield from _marked_paths(item, (*path, key))
    elif value is True:
        yield path


def _sortable(path: _Path) -> list[tuple[bool, int, str]]:
    return [(isinstance(key, str), key if isinstance(key, int) else 0, str(key)) for key in path]


def _path_text(path: _Path) -> str:
    parts = (f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)
    return "".join(parts).removeprefix(".")
