"""Other configurations in `clusters/` that get in each other's way.

The plain `cdktf deploy 'NAME-*'` takes all stacks whose names begin so, and a state belongs to
whichever file has the cluster's name. Read from the files alone, for `check`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from federation.model.config import ClusterConfig
from federation.rules.advice import Advice
from federation.yaml import files
from federation.yaml.files import ConfigError


def neighbour_advice(path: Path, config: ClusterConfig) -> tuple[Advice, ...]:
    """What to mind of the configurations beside one; empty where it stands elsewhere.

    Args:
        path: the configuration's file.
        config: what it holds.
    """
    folder = files.PROJECT / "clusters"
    if path.resolve().parent != folder:
        return ()
    return tuple(
        advice
        for other in sorted(folder.glob("*.yaml"))
        if other.name != path.name
        for advice in _between(path, config, other)
    )


def _between(path: Path, config: ClusterConfig, beside: Path) -> Iterator[Advice]:
    try:
        other = files.load(beside)
    except ConfigError:
        return  # its own check says so
    if other.cluster == config.cluster:
        yield _advice(
            "same-cluster",
            f"clusters/{beside.name} has the same, so that a deploy of the one changes what the "
            "other made: give each cluster a name of its own.",
        )
    elif _takes(config, other):
        yield _advice(
            "overlapping-name",
            f"the plain \"cdktf deploy '{config.cluster}-*'\" deploys {other.cluster!r} of "
            f"clusters/{beside.name} too: {_instead(path, config)}",
        )
    elif _takes(other, config):
        yield _advice(
            "overlapping-name",
            f"the plain \"cdktf deploy '{other.cluster}-*'\" of clusters/{beside.name} deploys "
            f"this cluster too: {_instead(beside, other)}",
        )


def _takes(config: ClusterConfig, other: ClusterConfig) -> bool:
    return other.cluster.startswith(f"{config.cluster}-")


def _instead(path: Path, config: ClusterConfig) -> str:
    return (
        f"type \"OIDC_IAM_CONFIG=clusters/{path.name} cdktf deploy '{config.cluster}-*'\", or "
        "'python -m wizard deploy', which keeps them apart."
    )


def _advice(code: str, text: str) -> Advice:
    return Advice(code, "cluster", text)
