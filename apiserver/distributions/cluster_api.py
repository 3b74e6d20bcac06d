"""Cluster API with its kubeadm control plane provider: api/bootstrap/kubeadm, Cluster API 1.14."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from apiserver import patches
from apiserver.commands import Reading
from apiserver.defaults import with_defaults
from apiserver.distribution import Distribution, Schema
from apiserver.distributions import kubeadm
from apiserver.documents import (
    MOST_INSIDE,
    Object,
    extra_args,
    kind_and_group,
    mapping,
    mappings,
    value_inside,
    version_of,
)
from apiserver.orders import STATIC_POD, STATIC_POD_LABEL
from apiserver.settings import Settings
from apiserver.writing import one_file

_KIND = ("KubeadmControlPlane", "controlplane.cluster.x-k8s.io")


def _read(documents: Sequence[Object], place: str) -> Iterator[Reading]:
    return (_control_plane(each, place) for each in documents if kind_and_group(each) == _KIND)


def _control_plane(document: Object, place: str) -> Reading:
    spec = mapping(document, "spec")
    machine = mapping(spec, "kubeadmConfigSpec")
    server = mapping(machine, "clusterConfiguration", "apiServer")
    files = {
        str(each.get("path")): value_inside(each.get("content", ""))
        for each in mappings(machine, "files")[:MOST_INSIDE]
    }
    contents = [content for path, content in files.items() if patches.is_json_patch(path)]
    appended = [flag for each in contents for flag in patches.appended_flags(each, place)]
    settings = Settings.of((*extra_args(server.get("extraArgs"), place), *appended))
    authentication = files.get(str(settings.authentication_config))
    form = str(document["apiVersion"]).partition("/")[2]
    reading = Reading(
        place,
        "a KubeadmControlPlane",
        settings,
        schema=f"{form}-patch" if appended else form,
        version=version_of(f":{spec.get('version', '')}"),
        authentication=authentication if isinstance(authentication, dict) else None,
    )
    return with_defaults(reading, CLUSTER_API)


CLUSTER_API = Distribution(
    name="cluster-api",
    title="Cluster API",
    schemas=(
        Schema(
            "v1beta2",
            "controlplane.cluster.x-k8s.io/v1beta2 KubeadmControlPlane (api/bootstrap/kubeadm/"
            "v1beta2, which refuses a name twice; Cluster API 1.14)",
            repeats=False,
        ),
        Schema(
            "v1beta2-patch",
            "controlplane.cluster.x-k8s.io/v1beta2 KubeadmControlPlane with a kubeadm patch "
            "(api/bootstrap/kubeadm/v1beta2, Cluster API 1.14)",
        ),
        Schema(
            "v1beta1",
            "controlplane.cluster.x-k8s.io/v1beta1 KubeadmControlPlane (api/bootstrap/kubeadm/"
            "v1beta1, a map; Cluster API 1.14)",
            repeats=False,
        ),
        Schema(
            "v1beta1-patch",
            "controlplane.cluster.x-k8s.io/v1beta1 KubeadmControlPlane with a kubeadm patch "
            "(api/bootstrap/kubeadm/v1beta1, Cluster API 1.14)",
        ),
    ),
    place="the KubeadmControlPlane in the management cluster",
    nodes="none by hand: Cluster API replaces each control plane machine",
    order=(
        "Merge the values into the KubeadmControlPlane in the management cluster, and apply it.",
        "Cluster API replaces the control plane machines one by one: follow it with 'clusterctl "
        "describe cluster NAME', and verify when the first new machine is ready.",
    ),
    verify=(STATIC_POD,),
    back=("Apply the former KubeadmControlPlane: the machines are replaced again.",),
    render=one_file("cluster-api.yaml.j2", "kubeadm-control-plane.yaml"),
    read=_read,
    configuration="a KubeadmControlPlane",
    family=kubeadm.FAMILY,
    issuer=kubeadm.ISSUER,
    issuer_since=kubeadm.ISSUER_SINCE,
    uses_kubeadm=True,
    early_signing_key=kubeadm.KUBEADM.early_signing_key,
    embeds_authentication=True,
    in_pod=True,
    pod_label=STATIC_POD_LABEL,
    jinja="cloud-init",
    way_out="'--schema v1beta2-patch' (or v1beta1-patch), which appends the other values to the "
    "static pod with a kubeadm patch",
)
