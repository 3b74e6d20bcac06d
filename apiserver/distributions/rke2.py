"""RKE2: pkg/executor/staticpod, 1.36; flags as in k3s pkg/util/args.go, 1.24."""

from __future__ import annotations

from apiserver.distribution import Distribution
from apiserver.distributions import kubeadm, rancher
from apiserver.documents import Object
from apiserver.orders import STATIC_POD, STATIC_POD_LABEL

_SERVICE = "rke2-server"
_PORT = ":9345"
"""Where a further server registers; k3s has 6443."""


def is_own(document: Object, place: str) -> bool:
    """Whether a config.yaml is RKE2's, and not that of k3s, which looks the same."""
    return (
        "cni" in document
        or "profile" in document
        or str(document.get("server")).endswith(_PORT)
        or "/rke2/" in place
    )


RKE2: Distribution = Distribution(
    name="rke2",
    title="RKE2",
    schemas=rancher.schemas(
        "RKE2", "k3s pkg/util/args.go, 1.24; RKE2 pkg/executor/staticpod, 1.36"
    ),
    place="/etc/rancher/rke2/config.yaml",
    nodes="every server node, with the same values",
    order=rancher.order("rke2", _SERVICE),
    verify=(STATIC_POD,),
    back=(f"Restore config.yaml and restart {_SERVICE}.",),
    render=rancher.RENDER,
    read=rancher.reader(lambda: RKE2, is_own),
    configuration="config.yaml of RKE2",
    caution=rancher.caution("RKE2"),
    family=rancher.FAMILY,
    issuer=kubeadm.ISSUER,
    audiences=(kubeadm.ISSUER, "rke2"),
    anonymous=False,
    folder="/etc/rancher/rke2/oidc-iam",
    in_pod=True,
    pod_label=STATIC_POD_LABEL,
    way_out=rancher.WAY_OUT,
)
