"""The public keys that the cluster behind the configured context publishes by itself.

`jwks --from-cluster` writes them down for a bucket, and the preflight compares them with what the
bucket is to hold.
"""

from __future__ import annotations

import json

from federation.errors import UserError, WorldError
from federation.keys import jwks
from federation.model.config import ClusterConfig
from federation.yaml.files import PROJECT


def served_keys(config: ClusterConfig) -> tuple[jwks.PublicKey, ...]:
    """The keys, read with the kubeconfig's credentials.

    Raises:
        UserError: no context is configured, or a key is one that AWS does not take.
        WorldError: the cluster cannot be asked.
    """
    from doctor.live.cluster import Cluster, ClusterError

    settings = config.kubernetes
    if settings.context is None:
        raise UserError("kubernetes.context is not set: it says which cluster to read keys from.")
    try:
        document = Cluster(settings.kubeconfig_path(PROJECT), settings.context).key_set()
    except ClusterError as error:
        raise WorldError(
            f"reading the public keys through the context {settings.context!r}: {error}"
        ) from None
    return jwks.public_keys(json.dumps(document), f"the cluster of {settings.context}")
