"""Other configurations in `clusters/` that get in each other's way.

The plain `cdktf deploy 'NAME-*'` takes all stacks whose names begin so, and a state belongs to
whichever file has the cluster's name. Read from the files alone, for `check` and `lint`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from federation.model.config import ClusterConfig
from federation.rules.configuration import Observation
from federation.yaml import files
from federation.yaml.files import ConfigError

_Between = Callable[[ClusterConfig, str, ClusterConfig], Iterator[Observation]]


def neighbours(path: Path, config: ClusterConfig) -> Mapping[str, tuple[Observation, ...]]:
    """What conflicts with the configurations beside one, by the code of the rule.

    Args:
        path: The configuration's file. Outside of `clusters/` it has no neighbours.
        config: What it holds.
    """
    beside = [*_beside(path)]
    return {
        code: tuple(each for file, other in beside for each in between(config, file, other))
        for code, between in _LOOKS.items()
    }


def _beside(path: Path) -> Iterator[tuple[str, ClusterConfig]]:
    folder = files.PROJECT / "clusters"
    if path.resolve().parent != folder:
        return
    for other in files.configurations(folder):
        if other.name != path.name:
            try:
                yield other.name, files.load(other)
            except ConfigError:
                continue  # its own check says so


def _same_cluster(config: ClusterConfig, file: str, other: ClusterConfig) -> Iterator[Observation]:
    if other.cluster == config.cluster:
        yield Observation(("cluster",), f"clusters/{file} has the same name.")


def _overlapping(config: ClusterConfig, file: str, other: ClusterConfig) -> Iterator[Observation]:
    if other.cluster.startswith(f"{config.cluster}-"):
        yield Observation(
            ("cluster",),
            f"\"cdktf deploy '{config.cluster}-*'\" also deploys {other.cluster!r} of "
            f"clusters/{file}.",
        )
    elif config.cluster.startswith(f"{other.cluster}-"):
        yield Observation(
            ("cluster",),
            f"\"cdktf deploy '{other.cluster}-*'\" of clusters/{file} also deploys this cluster.",
        )


_LOOKS: Mapping[str, _Between] = {"same-cluster": _same_cluster, "overlapping-name": _overlapping}
