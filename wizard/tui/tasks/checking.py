"""What to check of a cluster whose configuration may not be complete yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from federation.model.config import ClusterConfig
    from wizard.tui.session import AppSession


def probe_target(session: AppSession) -> ClusterConfig | str:
    """The configuration to probe a cluster with, or why the answers do not name one."""
    from wizard.tui import preview

    draft = session.draft
    if config := preview.probe_configuration(draft):
        return config
    problem = draft.problems().get("issuer", "") if draft.answer("issuer") else ""
    return f"✗ Cluster DNS: {problem}" if problem else "Answer Cluster DNS first."
