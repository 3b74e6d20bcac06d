"""What was applied last, and whether that came to its end: small files beside the state.

`state/CLUSTER.applied.json` is the configuration that was deployed, `state/CLUSTER.begun.json` says
what has begun and not ended well, and `state/STACK.left-behind.yaml` is the last configuration that
had a stack which later ones have no more. Nobody else may read them, since they repeat what a
configuration holds. Of the Terraform state only whether there are resources is read. Terraform's
plan remains the truth: this is a reminder that costs no request.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from federation import named_files
from federation.errors import UserError
from federation.model.config import STACKS, ClusterConfig, Workload
from federation.strict_json import json_object
from federation.yaml import files

_LARGEST = 100_000_000
"""Bytes of a state."""

_ANY_ACCOUNT = "000000000000"

Doing = Literal["deploy", "destroy"]
Status = Literal[
    "never applied", "deployed", "changed since", "deployed in part", "destroyed in part"
]


def begin(project: Path, config: ClusterConfig, doing: Doing) -> None:
    """Note that something begins: until `record` or `forget` it counts as done in part.

    Raises:
        UserError: the note cannot be written, and neither could Terraform's state.
    """
    keep_left_behind(project, config)
    begun = {"doing": doing, "config": config.model_dump(mode="json")}
    files.write(_begun_file(project, config.cluster), json.dumps(begun) + "\n", private=True)


def record(project: Path, config: ClusterConfig) -> None:
    """Note that a configuration was deployed, and that what it left behind is taken down.

    Raises:
        UserError: the note cannot be written.
    """
    files.write(
        _applied_file(project, config.cluster),
        config.model_dump_json(indent=2) + "\n",
        private=True,
    )
    _forget_all_but_applied(project, config.cluster)


def forget(project: Path, cluster: str) -> None:
    """Note that a cluster's stacks were destroyed, and those that were left behind too."""
    _applied_file(project, cluster).unlink(missing_ok=True)
    _forget_all_but_applied(project, cluster)


def left_behind(project: Path, config: ClusterConfig) -> dict[str, ClusterConfig]:
    """The stacks that were deployed, in part at least, and that a configuration has no more.

    Returns:
        By stack the configuration with which it was deployed last, in the order in which they can
        be taken down.
    """
    begun, known = _begun_with(project, config.cluster)[1], last(project, config.cluster)
    left = {}
    for stack in map(config.stack, reversed(STACKS)):
        if stack not in config.stacks:
            # The latest first: what is kept is forgotten when a deployment is recorded.
            for each in (begun, _kept_configuration(project, stack), known):
                if each is not None and stack in each.stacks:
                    left[stack] = each
                    break
    return left


def keep_left_behind(project: Path, config: ClusterConfig) -> dict[str, Path]:
    """The same as files, which outlive what is known of the configurations.

    Raises:
        UserError: a file cannot be written.
    """
    left = left_behind(project, config)
    for stack in map(config.stack, STACKS):
        if stack in left:
            files.save(left[stack], _left_behind_file(project, stack), private=True)
        else:
            _left_behind_file(project, stack).unlink(missing_ok=True)
    return {stack: _left_behind_file(project, stack) for stack in left}


def last(project: Path, cluster: str) -> ClusterConfig | None:
    """The configuration that was deployed last; None where none is known."""
    try:
        return ClusterConfig.model_validate(_read_note(_applied_file(project, cluster)))
    except (UserError, ValidationError):
        return None


def changed_workloads(project: Path, config: ClusterConfig) -> tuple[Workload, ...]:
    """The workloads with another environment than the one that was deployed last.

    All of them where that is not known; none with a local state, where it is the first deployment.
    """
    known = last(project, config.cluster)
    if known is None:
        return () if config.backend.type == "local" else tuple(config.workloads)
    before = {each.subject: _environment(known, each) for each in known.workloads}
    return tuple(
        each
        for each in config.workloads
        if before.get(each.subject) not in (None, _environment(config, each))
    )


def status(project: Path, config: ClusterConfig) -> Status:
    """How a configuration stands to what was deployed last."""
    states = [_has_resources(project, stack) for stack in config.stacks]
    known = last(project, config.cluster)
    began, _ = _begun_with(project, config.cluster)
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


def _environment(config: ClusterConfig, workload: Workload) -> dict[str, str]:
    """To compare: where the account is not configured, it stays the same."""
    arn = config.role_arn(workload) or config.role_arn(workload, _ANY_ACCOUNT)
    return dict(config.environment(str(arn)))


def _has_resources(project: Path, stack: str) -> bool | None:
    """Whether a stack's state has a resource in it; None where this folder has no such state."""
    try:
        state = _read_note(project / "state" / f"{stack}.tfstate")
        return any(
            resource["mode"] == "managed" and resource["instances"]
            for resource in state["resources"]
        )
    except (UserError, TypeError, KeyError):
        return None


def _begun_with(project: Path, cluster: str) -> tuple[Doing | None, ClusterConfig | None]:
    """What has begun and not ended well, and with which configuration."""
    try:
        begun = _read_note(_begun_file(project, cluster))
        doing: Doing = begun["doing"]
    except (UserError, KeyError):
        return None, None
    try:
        return doing, ClusterConfig.model_validate(begun.get("config"))
    except ValidationError:
        return doing, None


def _read_note(path: Path) -> dict[str, Any]:
    """A note, or a state, as JSON.

    Raises:
        UserError: it cannot be read.
    """
    return json_object(path.name, named_files.text(path, limit=_LARGEST, streams=False))


def _forget_all_but_applied(project: Path, cluster: str) -> None:
    _begun_file(project, cluster).unlink(missing_ok=True)
    for kind in STACKS:
        _left_behind_file(project, f"{cluster}-{kind}").unlink(missing_ok=True)


def _kept_configuration(project: Path, stack: str) -> ClusterConfig | None:
    place = _left_behind_file(project, stack)
    return files.load(place) if place.exists() else None


def _left_behind_file(project: Path, stack: str) -> Path:
    return project / "state" / f"{stack}.left-behind.yaml"


def _applied_file(project: Path, cluster: str) -> Path:
    return project / "state" / f"{cluster}.applied.json"


def _begun_file(project: Path, cluster: str) -> Path:
    return project / "state" / f"{cluster}.begun.json"
