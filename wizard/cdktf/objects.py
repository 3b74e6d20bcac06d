"""Kubernetes objects in a Terraform state, which Terraform forgets where manifests take them over.

They stay in the cluster all the while: what uses them notices nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from federation.errors import WorldError
from formats.escaping import quoted
from review.changes import ResourceChange, StackPlan

_ADDRESS = re.compile(r"kubernetes_[a-z0-9_]+\.[A-Za-z0-9_-]+")
_PREFIX = "kubernetes_"
"""Of the types of hashicorp/kubernetes."""


def addresses(state: Mapping[str, Any]) -> tuple[str, ...]:
    """The addresses of the objects in a state (version 4) of ours, which has no modules.

    They become arguments of Terraform, so each must be a plain address.

    Raises:
        WorldError: one is not.
    """
    found = tuple(
        f"{each['type']}.{each['name']}" for each in state.get("resources", ()) if _is_object(each)
    )
    for address in found:
        if not _ADDRESS.fullmatch(address):
            raise WorldError(
                f"The state has a resource {quoted(address)}, which is not a valid address. "
                "Remove it from the state."
            )
    return found


def without(state: Mapping[str, Any]) -> dict[str, Any]:
    """The state when Terraform has forgotten them."""
    return {**state, "resources": [each for each in state["resources"] if not _is_object(each)]}


def forgotten(state: Mapping[str, Any]) -> tuple[ResourceChange, ...]:
    """Forgetting them, as a plan has it."""
    named = (address.split(".") for address in addresses(state))
    return tuple(ResourceChange(f"{kind}.{name}", kind, name, "forget") for kind, name in named)


def kept(plan: StackPlan) -> StackPlan:
    """A plan to destroy a stack in which they are forgotten instead."""
    changes = (
        replace(each, action="forget", attributes=()) if each.type.startswith(_PREFIX) else each
        for each in plan.changes
    )
    return replace(plan, changes=tuple(changes))


def _is_object(resource: Mapping[str, Any]) -> bool:
    kind: str = resource["type"]
    return resource["mode"] == "managed" and kind.startswith(_PREFIX)
