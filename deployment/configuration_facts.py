"""The facts of a configuration and what is around it, for `check`, `lint` and the terminal app."""

from __future__ import annotations

from pathlib import Path

from deployment.endpoint import endpoint_thumbprint
from deployment.neighbours import neighbours
from federation.model.config import ClusterConfig
from federation.rules.registry import ENDPOINT_THUMBPRINT
from federation.yaml.documents import Document
from review.facts.configured import configured
from review.facts.estate import Estate


def configuration_facts(
    path: Path,
    config: ClusterConfig,
    shown: str,
    document: Document | None = None,
    *,
    network: bool = False,
) -> Estate:
    """The facts of a configuration and of its neighbours.

    Args:
        path: Its file.
        config: What it holds.
        shown: The file, as findings name it.
        document: The same with its lines.
        network: Whether to compare the certificates of discovery.endpoint, if it matters.
    """
    looked = dict(neighbours(path, config))
    if network:
        looked[ENDPOINT_THUMBPRINT] = endpoint_thumbprint(config)
    return configured(config, shown, document, looked)
