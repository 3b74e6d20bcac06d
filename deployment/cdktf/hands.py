"""Resources that change hands: Terraform forgets them, or takes them over, and they stay.

A change of who manages a resource must not destroy it. What Terraform no longer manages is taken
out of its state (`terraform state rm`, which each version has; `removed` blocks came with 1.7).
What it takes over is imported while it applies, by `import` blocks (Terraform 1.5). Which resources
these are is `deployment.hands`'s business.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from federation.errors import WorldError
from formats.escaping import quoted
from review.plan.changes import ChangeAction, ResourceChange

State = Mapping[str, Any]
"""A Terraform state, version 4. Ours have no modules, and no `count` above 1 or `for_each`."""
Configuration = Mapping[str, Any]
"""A stack in Terraform's JSON syntax; {} is one that is taken down."""

_ADDRESS = re.compile(r"[a-z0-9]+_[a-z0-9_]+\.[A-Za-z0-9_-]+")
_FILES = ("hands.tf.json", "hands_override.tf.json")


@dataclass(frozen=True)
class Hands:
    """What changes hands in one stack.

    Attributes:
        forgets: Addresses of resources that stay, without Terraform.
        deletes: Addresses of resources that are taken out of the state, since another part of the
            run deletes them.
        imports: Address to import ID of resources that exist and become Terraform's.
        notes: What could not be found out, for the user.
    """

    forgets: tuple[str, ...] = ()
    deletes: tuple[str, ...] = ()
    imports: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def removed(self) -> tuple[str, ...]:
        """What is taken out of the state."""
        return (*self.forgets, *self.deletes)

    @property
    def changes(self) -> tuple[ResourceChange, ...]:
        """What a plan has of it besides Terraform's own part."""
        return (*_changes(self.forgets, "forget"), *_changes(self.deletes, "delete"))


FindHands = Callable[[str, State, Configuration], Hands]
"""Finds what changes hands between a stack's state and its configuration; it may ask the world."""


def managed_resources(state: State) -> dict[str, Mapping[str, Any]]:
    """The resources in a state: address to attributes.

    Raises:
        WorldError: an address is not a plain one, as an argument of Terraform has to be.
    """
    found = {
        f"{each['type']}.{each['name']}": each["instances"][0]["attributes"]
        for each in state.get("resources", ())
        if each["mode"] == "managed" and each["instances"]
    }
    for address in found:
        if not _ADDRESS.fullmatch(address):
            raise WorldError(
                f"The state has a resource {quoted(address)}, which is not a valid address. "
                "Remove it from the state."
            )
    return found


def data(state: State, address: str) -> Mapping[str, Any]:
    """The attributes of a data source in a state, like `aws_iam_role.web`; {} if it has none."""
    for each in state.get("resources", ()):
        found = each["mode"] == "data" and f"{each['type']}.{each['name']}" == address
        if found and each["instances"]:
            attributes: Mapping[str, Any] = each["instances"][0]["attributes"]
            return attributes
    return {}


def declared_resources(configuration: Configuration) -> dict[str, Mapping[str, Any]]:
    """The resources that a configuration makes: address to arguments."""
    return {address: each for address, each in _blocks(configuration) if each.get("count") != 0}


def guarded_addresses(configuration: Configuration) -> set[str]:
    """The addresses that a configuration only keeps from being destroyed (`count = 0`)."""
    return {address for address, each in _blocks(configuration) if each.get("count") == 0}


def without(state: State, addresses: Iterable[str]) -> dict[str, Any]:
    """The state when these are taken out of it."""
    gone = set(addresses)
    stay = [
        each
        for each in state.get("resources", ())
        if each["mode"] != "managed" or f"{each['type']}.{each['name']}" not in gone
    ]
    return {**state, "resources": stay}


def write(folder: Path, hands: Hands, lifted: Iterable[str]) -> None:
    """Write beside a stack's Terraform what it needs to take over, and to destroy.

    Args:
        folder: The stack's folder.
        hands: What it takes over.
        lifted: Addresses with a guard that is lifted.
    """
    remove(folder)
    imports, override = (folder / name for name in _FILES)
    if hands.imports:
        blocks = [{"to": address, "id": of} for address, of in hands.imports.items()]
        imports.write_text(json.dumps({"import": blocks}))
    resources: dict[str, dict[str, Any]] = {}
    for kind, _, name in (address.partition(".") for address in lifted):
        resources.setdefault(kind, {})[name] = {"lifecycle": {"prevent_destroy": False}}
    if resources:
        override.write_text(json.dumps({"resource": resources}))


def remove(folder: Path) -> None:
    """Remove what `write` wrote."""
    for name in _FILES:
        (folder / name).unlink(missing_ok=True)


def _blocks(configuration: Configuration) -> Iterable[tuple[str, Mapping[str, Any]]]:
    for kind, named in configuration.get("resource", {}).items():
        for name, block in named.items():
            yield f"{kind}.{name}", block


def _changes(addresses: Iterable[str], action: ChangeAction) -> Iterable[ResourceChange]:
    for address in addresses:
        kind, _, name = address.partition(".")
        yield ResourceChange(address, kind, name, action)
