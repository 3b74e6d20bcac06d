"""What can be done on a screen now, by key: for its help and for the command palette."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from textual.binding import ActiveBinding
from textual.screen import Screen


def offered_keys(screen: Screen[Any]) -> Iterator[ActiveBinding]:
    """The keys that do something of ours: those that edit a text or scroll go without saying."""
    for active in screen.active_bindings.values():
        action = active.binding.action.rpartition(".")[2].partition("(")[0]
        node = screen.app if active.binding.action.startswith("app.") else active.node
        module = getattr(getattr(node, f"action_{action}", None), "__module__", "")
        ours = module.startswith("wizard.") and module != "wizard.tui.widgets.editors"
        if ours and active.enabled and active.binding.description:
            yield active
