"""The sandbox of this project: where it is kept, and whether one was started."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from federation.model.config import ClusterConfig
from federation.yaml import files

if TYPE_CHECKING:
    from sandbox.sandbox import Sandbox

FOLDER = files.PROJECT / ".sandbox"


def recorded_sandbox() -> Sandbox | None:
    """The sandbox that was started here; None if there is none."""
    from sandbox.sandbox import Sandbox  # takes a while

    return Sandbox.of(FOLDER)


def signing_key(config: ClusterConfig) -> Path | None:
    """The key that signs the cluster's tokens, if the cluster is the sandbox that was started.

    A proof needs it that no real cluster gives away: an expired token with a valid signature.
    """
    box = recorded_sandbox()
    if box is None or config.discovery.endpoint != box.discovery_endpoint:
        return None
    return box.service_account_key
