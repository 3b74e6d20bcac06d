"""Which configurations the CDKTF app synthesizes."""

from __future__ import annotations

from pathlib import Path

from federation.errors import UserError
from federation.model.config import ClusterConfig
from federation.yaml import files
from federation.yaml.files import PROJECT, load


def configurations(named: str | None) -> list[ClusterConfig]:
    """The configurations to synthesize.

    Args:
        named: the file that holds the only one; None for all of `clusters/*.yaml`.

    Raises:
        UserError: there is none, one is not right, or two are of one cluster.
    """
    if named:
        return [load(Path(named))]
    paths = files.configurations(PROJECT / "clusters")
    if not paths:
        raise UserError("clusters/ holds no *.yaml file: 'python -m wizard init' makes one.")
    configs: dict[str, ClusterConfig] = {}
    for path in paths:
        config = load(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
        if config.cluster in configs:
            raise UserError(
                f"{path.name}: another file has the cluster {config.cluster!r} already."
            )
        configs[config.cluster] = config
    return list(configs.values())
