"""kOps: pkg/apis/kops/v1alpha2 (kOps 1.36 and 1.27) and pkg/model/components/apiserver.go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from apiserver.commands import Reading
from apiserver.defaults import with_defaults
from apiserver.distribution import Distribution, Goal, Schema
from apiserver.documents import Object, entries, kind_and_group, mapping, version_of
from apiserver.flags import PROGRAM
from apiserver.settings import Settings
from apiserver.writing import one_file
from federation.errors import UserError

_KIND = ("Cluster", "kops.k8s.io")
_LABEL = f"k8s-app={PROGRAM}"


def _read(documents: Sequence[Object], place: str) -> Iterator[Reading]:
    return (_cluster(each, place) for each in documents if kind_and_group(each) == _KIND)


def _cluster(document: Object, place: str) -> Reading:
    server = mapping(document, "spec", "kubeAPIServer")
    store = mapping(document, "spec", "serviceAccountIssuerDiscovery").get("discoveryStore")
    if store and "serviceAccountIssuer" not in server:
        raise UserError(
            f"{place}: kOps derives the issuer from serviceAccountIssuerDiscovery.discoveryStore, "
            "and the Cluster does not show it: pass the running pods, 'kubectl -n kube-system get "
            f"pods -l {_LABEL} -o yaml'."
        )
    own = f"https://api.internal.{mapping(document, 'metadata').get('name', '')}"
    issuer = server.get("serviceAccountIssuer", own)
    settings = Settings(
        issuers=(str(issuer), *map(str, entries(server, "additionalServiceAccountIssuers"))),
        jwks_uri=f"{issuer}/openid/v1/jwks",
        api_audiences=tuple(map(str, entries(server, "apiAudiences"))),
        anonymous_auth="false",
    )
    version = version_of(f":v{mapping(document, 'spec').get('kubernetesVersion', '')}")
    return with_defaults(Reading(place, "a kOps Cluster", settings, version=version), KOPS)


_BUCKET = (
    "Serve the documents from a bucket: discovery.hosting s3, or kOps's own "
    "serviceAccountIssuerDiscovery.discoveryStore with exposure 'none'."
)


def _refuse(goal: Goal, before: Settings | None, after: Settings) -> Iterator[str]:
    if goal.exposure == "authentication-config":
        yield (
            "kOps always sets --anonymous-auth=false, which stops an API server that has an "
            f"AuthenticationConfiguration with 'anonymous'. {_BUCKET}"
        )
    if goal.exposure == "binding":
        yield (
            "kOps always sets --anonymous-auth=false (pkg/model/components/apiserver.go), so AWS "
            f"gets 401 with any binding. {_BUCKET}"
        )


KOPS = Distribution(
    name="kops",
    title="kOps",
    schemas=(
        Schema(
            "v1alpha2",
            "kops.k8s.io/v1alpha2 Cluster, spec.kubeAPIServer (pkg/apis/kops/v1alpha2, kOps 1.36; "
            "additionalServiceAccountIssuers since 1.28.5)",
            oldest=28,
        ),
        Schema(
            "v1alpha2-1.27",
            "kops.k8s.io/v1alpha2 Cluster, spec.kubeAPIServer (pkg/apis/kops/v1alpha2, kOps 1.27)",
            repeats=False,
            newest=27,
        ),
    ),
    place="the Cluster resource ('kops edit cluster')",
    nodes="none by hand: kOps writes the manifest of each control plane node",
    order=(
        "Save the Cluster resource ('kops get cluster NAME -o yaml').",
        "'kops update cluster --yes'",
        "'kops rolling-update cluster --instance-group-roles control-plane --yes', which replaces "
        "the control plane nodes one by one.",
    ),
    verify=(
        f"kubectl -n kube-system get pods -l {_LABEL} "
        "-o jsonpath='{range .items[*]}{.spec.containers[0].args}{\"\\n\"}{end}'",
    ),
    back=("Run 'kops replace -f' with the saved Cluster resource, update, and roll again.",),
    render=one_file("kops.yaml.j2", "cluster.yaml"),
    read=_read,
    configuration="a kOps Cluster",
    refuse=_refuse,
    audiences=("kubernetes.svc.default",),
    anonymous=False,
    port=443,
    in_pod=True,
    pod_label=_LABEL,
    way_out="upgrade to kOps 1.28.5, which has additionalServiceAccountIssuers",
    keys="kOps manages the keys: 'kops create keypair service-account', update and roll; 'kops "
    "promote keypair service-account', update and roll; wait; 'kops distrust keypair "
    "service-account', update and roll.",
)
