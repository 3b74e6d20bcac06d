"""k3s: pkg/util/args.go and pkg/daemons/control/server.go, 1.24."""

from __future__ import annotations

from apiserver.distribution import Distribution
from apiserver.distributions import kubeadm, rancher, rke2
from apiserver.documents import Object
from apiserver.flags import PROGRAM

_SERVICE = "k3s"


def _is_own(document: Object, place: str) -> bool:
    return not rke2.is_own(document, place)


K3S: Distribution = Distribution(
    name="k3s",
    title="k3s",
    schemas=rancher.schemas("k3s", "k3s pkg/util/args.go, 1.24"),
    place="/etc/rancher/k3s/config.yaml",
    nodes="every server node, with the same values",
    order=rancher.order("k3s", _SERVICE),
    verify=(f"journalctl -u {_SERVICE} | grep 'Running {PROGRAM}' | tail -n 1",),
    back=(f"Restore config.yaml and restart {_SERVICE}.",),
    render=rancher.RENDER,
    read=rancher.reader(lambda: K3S, _is_own),
    configuration="config.yaml of k3s",
    caution=rancher.caution("k3s"),
    family=rancher.FAMILY,
    issuer=kubeadm.ISSUER,
    audiences=(kubeadm.ISSUER, "k3s"),
    anonymous=False,
    folder="/etc/rancher/k3s/oidc-iam",
    way_out=rancher.WAY_OUT,
    other_program=(
        "k3s",
        'k3s runs the API server in its own process: pass its config.yaml, or the line "Running '
        f'{PROGRAM}" of its journal, which includes the flags of the unit.',
    ),
)
