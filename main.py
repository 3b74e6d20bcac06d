"""The CDKTF app: `cdktf synth` and `cdktf deploy` run this file.

It needs nothing but the configurations: all of `clusters/*.yaml`, or the one file that the
environment variable `OIDC_IAM_CONFIG` names.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from federation.config import ClusterConfig
from federation.errors import UserError
from federation.files import PROJECT, load
from stacks import bindings


def configurations() -> list[ClusterConfig]:
    """The configurations to synthesize.

    Raises:
        UserError: there is none, one is not right, or two are of one cluster.
    """
    if named := os.environ.get("OIDC_IAM_CONFIG"):
        return [load(Path(named))]
    paths = sorted((PROJECT / "clusters").glob("*.yaml"))
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


def main() -> None:
    """Synthesize, or say what is wrong with a configuration."""
    try:
        configs = configurations()
    except UserError as error:
        print(error, file=sys.stderr)  # noqa: T201  (cdktf shows what its app prints)
        sys.exit(2)
    # The wizard's preflight speaks of old versions of Node; a banner in each synth adds nothing.
    os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "18,20")
    bindings.install()
    from stacks.app import synth  # after the bindings are made quick

    synth(configs)


if __name__ == "__main__":
    main()
