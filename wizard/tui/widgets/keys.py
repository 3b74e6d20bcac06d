"""The line below: the few keys that matter now."""

from __future__ import annotations

from textual.screen import Screen
from textual.widgets import Footer


class Keys(Footer):
    """A footer that is built again if other keys matter, and not at each change of the focus."""

    def __init__(self) -> None:
        super().__init__(show_command_palette=False)
        self._offered: tuple[tuple[str, str, bool], ...] = ()

    def bindings_changed(self, screen: Screen[object]) -> None:
        """Show the keys that can be pressed now."""
        offered = tuple(
            (active.binding.key, active.binding.description, active.enabled)
            for active in screen.active_bindings.values()
            if active.binding.show
        )
        if offered != self._offered:
            super().bindings_changed(screen)
            if screen.app.app_focus:  # without it nothing is built again
                self._offered = offered
