"""What was applied last, and whether that came to its end: small files beside the state.

`state/CLUSTER.applied.json` is the configuration that was deployed, `state/CLUSTER.begun.json` says
what has begun and not ended well, and `state/CLUSTER.left-behind.yaml` is a configuration that was
deployed with a stack that a later one has no more. None holds a secret, and of the Terraform state
only whether there are resources is read. Terraform's plan remains the truth: this is a reminder
that costs no request.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from federation import files
from federation.config import ClusterConfig

Doing = Literal["deploy", "destroy"]
Status = Literal[
    "never applied", "deployed", "changed since", "deployed in part", "destroyed in part"
]


def begin(project: Path, cluster: str, doing: Doing) -> None:
    """Note that something begins: until `record` or `forget` it counts as done in part.

    Raises:
        UserError: the note cannot be written, and neither could Terraform's state.
    """
    files.write(_begun(project, cluster), json.dumps({"doing": doing}) + "\n")


def record(project: Path, config: ClusterConfig) -> None:
    """Note that a configuration was deployed.

    Raises:
        UserError: the note cannot be written.
    """
    keep_left_behind(project, config)
    files.write(_applied(project, config.cluster), config.model_dump_json(indent=2) + "\n")
    _begun(project, config.cluster).unlink(missing_ok=True)


def forget(project: Path, cluster: str) -> None:
    """Note that a cluster's stacks were destroyed."""
    _applied(project, cluster).unlink(missing_ok=True)
    _begun(project, cluster).unlink(missing_ok=True)


def left_behind(project: Path, config: ClusterConfig) -> tuple[str, ...]:
    """The stacks that were deployed and that the configuration has no more: that of a bucket.

    Where Terraform had the Kubernetes objects too, they are now applied as manifests: what is left
    of them is no stack to take down.
    """
    known = last(project, config.cluster)
    return _gone(known, config) or _gone(_kept(project, config.cluster), config)


def keep_left_behind(project: Path, config: ClusterConfig) -> Path | None:
    """The configuration, as a file, with which stacks that it has no more can be taken down.

    Returns:
        None where there are no such stacks.

    Raises:
        UserError: the file cannot be written.
    """
    place = _left_behind(project, config.cluster)
    known = last(project, config.cluster)
    if known is not None and _gone(known, config):
        files.save(known, place)
    elif not left_behind(project, config):
        place.unlink(missing_ok=True)
        return None
    return place


def forget_left_behind(project: Path, cluster: str) -> None:
    """Note that what was left behind is taken down."""
    _left_behind(project, cluster).unlink(missing_ok=True)


def last(project: Path, cluster: str) -> ClusterConfig | None:
    """The configuration that was deployed last; None where none is known."""
    try:
        return ClusterConfig.model_validate_json(_applied(project, cluster).read_bytes())
    except (OSError, ValidationError):
        return None


def status(project: Path, config: ClusterConfig) -> Status:
    """How a configuration stands to what was deployed last."""
    states = [_has_resources(project, stack) for stack in config.stacks]
    known = last(project, config.cluster)
    began = _begun_with(project, config.cluster)
    if not any(states) and (False in states or (known is None and config.backend.type == "local")):
        return "never applied"  # or all of it was destroyed, by whatever program
    if began is not None:
        return "destroyed in part" if began == "destroy" else "deployed in part"
    if known is not None:
        return "deployed" if known == config else "changed since"
    # Deployed by `cdktf deploy` itself, or by an older version.
    if all(states):
        return "deployed"
    return "deployed in part" if any(states) else "never applied"


def _has_resources(project: Path, stack: str) -> bool | None:
    """Whether a stack's state has a resource in it; None where this folder has no such state."""
    try:
        state = json.loads((project / "state" / f"{stack}.tfstate").read_bytes())
        return any(
            resource["mode"] == "managed" and resource["instances"]
            for resource in state["resources"]
        )
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _begun_with(project: Path, cluster: str) -> str | None:
    """What has begun and not ended well."""
    try:
        return str(json.loads(_begun(project, cluster).read_bytes())["doing"])
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _gone(known: ClusterConfig | None, config: ClusterConfig) -> tuple[str, ...]:
    if known is None or known.kubernetes.apply != "manifests":
        return ()
    return tuple(stack for stack in known.stacks if stack not in config.stacks)


def _kept(project: Path, cluster: str) -> ClusterConfig | None:
    place = _left_behind(project, cluster)
    return files.load(place) if place.exists() else None


def _left_behind(project: Path, cluster: str) -> Path:
    return project / "state" / f"{cluster}.left-behind.yaml"


def _applied(project: Path, cluster: str) -> Path:
    return project / "state" / f"{cluster}.applied.json"


def _begun(project: Path, cluster: str) -> Path:
    return project / "state" / f"{cluster}.begun.json"
