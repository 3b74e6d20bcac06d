"""kubeadm: cmd/kubeadm/app/apis/kubeadm, Kubernetes 1.34; kubeadm documentation, Patches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from apiserver import patches
from apiserver.commands import Reading
from apiserver.defaults import with_defaults
from apiserver.distribution import Distribution, RenderedFile, Schema, Writing
from apiserver.documents import Object, extra_args, inside, kind_and_group, mapping, version_of
from apiserver.orders import STATIC_POD, STATIC_POD_LABEL
from apiserver.settings import Settings
from apiserver.writing import file_of, text_of

ISSUER = "https://kubernetes.default.svc.cluster.local"
"""The default issuer, whose host is made of the cluster's domain."""
ISSUER_SINCE = 20
FAMILY = "kubeadm"
_KIND = ("ClusterConfiguration", "kubeadm.k8s.io")


def issuer_of(domain: object) -> str:
    """The default issuer in a cluster with a domain (`getAPIServerCommand` in
    cmd/kubeadm/app/phases/controlplane/manifests.go)."""
    return f"https://kubernetes.default.svc.{domain}"


def _read(documents: Sequence[Object], place: str) -> Iterator[Reading]:
    config_maps = [each for each in documents if each.get("kind") == "ConfigMap"]
    uploaded = [mapping(each, "data").get("ClusterConfiguration") for each in config_maps]
    found = [*documents, *inside(filter(None, uploaded), place)]
    yield from (_configuration(each, place) for each in found if kind_and_group(each) == _KIND)


def _configuration(document: Object, place: str) -> Reading:
    domain = mapping(document, "networking").get("dnsDomain", "cluster.local")
    folder = document.get("certificatesDir", "/etc/kubernetes/pki")
    reading = Reading(
        place,
        "a kubeadm ClusterConfiguration",
        Settings.of(extra_args(mapping(document, "apiServer").get("extraArgs"), place)),
        schema=str(document["apiVersion"]).partition("/")[2],
        version=version_of(f":{document.get('kubernetesVersion', '')}"),
    )
    return with_defaults(reading, KUBEADM, issuer_of(domain), str(folder))


def _render(writing: Writing) -> dict[str, RenderedFile]:
    form = writing.goal.schema.name
    version = form.removesuffix("-patch")
    files = {
        "cluster-configuration.yaml": file_of("kubeadm.yaml.j2", writing, version=version),
    }
    if form.endswith("-patch") and writing.further:
        files[patches.FILE] = RenderedFile(
            text_of("kubeadm.patch.yaml.j2", writing),
            f"{patches.FOLDER}/{patches.FILE} on every control plane node, permanently: 'kubeadm "
            f"upgrade' needs it too, with '--patches {patches.FOLDER}'",
        )
    return files


KUBEADM = Distribution(
    name="kubeadm",
    title="kubeadm",
    schemas=(
        Schema(
            "v1beta4",
            "kubeadm.k8s.io/v1beta4 ClusterConfiguration (cmd/kubeadm/app/apis/kubeadm/v1beta4, "
            "Kubernetes 1.34)",
            oldest=31,
        ),
        Schema(
            "v1beta3",
            "kubeadm.k8s.io/v1beta3 ClusterConfiguration (cmd/kubeadm/app/apis/kubeadm/v1beta3, "
            "Kubernetes 1.34)",
            repeats=False,
            oldest=22,
        ),
        Schema(
            "v1beta3-patch",
            "kubeadm.k8s.io/v1beta3 ClusterConfiguration, and a patch of the static pod (kubeadm "
            "documentation, 'Customizing components with the kubeadm API', Patches)",
            oldest=22,
        ),
        Schema(
            "v1beta2",
            "kubeadm.k8s.io/v1beta2 ClusterConfiguration (kubeadm documentation, Kubernetes 1.21)",
            repeats=False,
            newest=22,
        ),
    ),
    place="the ClusterConfiguration (ConfigMap kube-system/kubeadm-config), from which kubeadm "
    "writes /etc/kubernetes/manifests/kube-apiserver.yaml",
    nodes="the ConfigMap once, and the manifest on every control plane node",
    order=(
        "Back up the running manifest (outside /etc/kubernetes/manifests, because the kubelet "
        "runs every file there).",
        "Put the values into the ConfigMap 'kubeadm-config' of kube-system ('kubeadm init phase "
        "upload-config kubeadm --config FILE', where FILE is the whole ClusterConfiguration with "
        "them). The next 'kubeadm upgrade' then keeps them.",
        "On one node: 'kubeadm init phase control-plane apiserver --config FILE'. The kubelet "
        "then restarts the API server.",
        "Wait for 'kubectl get --raw /readyz' through this node, verify, and continue with the "
        "next node.",
    ),
    verify=(STATIC_POD,),
    back=(
        "Restore the manifest to /etc/kubernetes/manifests/kube-apiserver.yaml (this works "
        "without an API server), and upload the former ClusterConfiguration.",
    ),
    render=_render,
    read=_read,
    configuration="a kubeadm ClusterConfiguration (or its ConfigMap)",
    family=FAMILY,
    issuer=ISSUER,
    issuer_since=ISSUER_SINCE,
    uses_kubeadm=True,
    early_signing_key="/etc/kubernetes/pki/sa.key",
    in_pod=True,
    pod_label=STATIC_POD_LABEL,
    pod_annotation="kubeadm.kubernetes.io",
    way_out="'--schema v1beta3-patch', which appends the other values to the static pod; or "
    "kubeadm 1.31, whose v1beta4 accepts several",
)
