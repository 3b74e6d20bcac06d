"""The distributions, one module each; `DISTRIBUTIONS` is the only list of them.

A module holds all that is said of its distribution: the forms of its configuration, its reader and
renderer, its defaults and quirks. What differs between distributions is asked of a `Distribution`,
never of its name.
"""

from __future__ import annotations

from apiserver.distribution import Distribution
from apiserver.distributions.cluster_api import CLUSTER_API
from apiserver.distributions.k0s import K0S
from apiserver.distributions.k3s import K3S
from apiserver.distributions.kops import KOPS
from apiserver.distributions.kubeadm import KUBEADM
from apiserver.distributions.kubespray import KUBESPRAY
from apiserver.distributions.plain import PLAIN
from apiserver.distributions.rke2 import RKE2
from apiserver.distributions.talos import TALOS
from federation.model.config import ClusterConfig

__all__ = ["DISTRIBUTIONS", "distribution_of", "may_use_kubeadm"]

_ALL = (PLAIN, KUBEADM, K3S, RKE2, TALOS, KOPS, K0S, KUBESPRAY, CLUSTER_API)
DISTRIBUTIONS = {each.name: each for each in _ALL}
"""Every distribution by its name in `kubernetes.distribution`."""


def distribution_of(config: ClusterConfig) -> Distribution:
    """The configured distribution; flags that someone sets by hand if none is configured."""
    name = config.kubernetes.distribution
    return DISTRIBUTIONS[name] if name else PLAIN


def may_use_kubeadm(config: ClusterConfig) -> bool:
    """Whether nodes join with kubeadm, or may do, since no distribution is configured."""
    return config.kubernetes.distribution is None or distribution_of(config).uses_kubeadm
