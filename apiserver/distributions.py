"""How each distribution runs the API server: its defaults, its file, its restart, its way back.

What is said about a distribution comes from its source at the version that `Schema.source` names.
`apiserver.plan` decides with it, and `apiserver.rendering` shows it.
"""

from __future__ import annotations

from dataclasses import dataclass

VARIABLES_OF_PODS = ("$(", "$$")
"""What the kubelet replaces in the command of a pod, and its escape."""
JINJA = ("{{", "{%", "{#")
"""What begins an expression, a statement and a comment of Jinja."""

_KUBEADM_ISSUER = "https://kubernetes.default.svc.cluster.local"
_ONE_AT_A_TIME = "One control plane node after the other, each verified before the next:"
_KUBEADM_ORDER = (
    "Copy the running manifest away (outside /etc/kubernetes/manifests, of which the kubelet runs "
    "every file).",
    "Put the values into the ConfigMap 'kubeadm-config' of kube-system ('kubeadm init phase "
    "upload-config kubeadm --config FILE', where FILE is the whole ClusterConfiguration with "
    "them), so that the next 'kubeadm upgrade' keeps them.",
    "On one node: 'kubeadm init phase control-plane apiserver --config FILE'. The kubelet restarts "
    "the API server by itself.",
    "Wait for 'kubectl get --raw /readyz' through this node, verify, and go on with the next.",
)
_KUBEADM_BACK = (
    "Copy the manifest that was put away back to /etc/kubernetes/manifests/kube-apiserver.yaml "
    "(the kubelet needs no API server for that), and upload the former ClusterConfiguration.",
)
_CAPI_ORDER = (
    "Merge the values into the KubeadmControlPlane in the management cluster, and apply it.",
    "Cluster API replaces one control plane machine after the other: follow it with 'clusterctl "
    "describe cluster NAME', and verify when the first new machine is ready.",
)
_CAPI_BACK = ("Apply the former KubeadmControlPlane: the machines are replaced once more.",)


@dataclass(frozen=True)
class Schema:
    """One form in which a distribution takes flags.

    Attributes:
        name: as `--schema` takes it.
        source: the file or page, with its version, that the form follows.
        repeats: whether one flag can be given several times.
        oldest: the oldest minor version of Kubernetes that takes the form.
        newest: the newest one, where there is one.
    """

    name: str
    source: str
    repeats: bool = True
    oldest: int = 18
    newest: int | None = None

    def takes(self, minor: int | None) -> bool:
        """Whether a version of Kubernetes takes the form."""
        return minor is None or (self.oldest <= minor and (not self.newest or minor <= self.newest))


@dataclass(frozen=True)
class Distribution:
    """How one distribution runs the API server.

    Attributes:
        name: as in `kubernetes.distribution`.
        title: for people.
        schemas: the first that fits the version is taken.
        place: the file in which the values go.
        nodes: where that file is.
        order: the steps, with restarts.
        verify: where the flags of the running API server can be seen.
        back: the way back.
        issuer: the issuer that it sets by itself, where that is one text for all.
        issuer_since: the first minor version that sets it.
        audiences: what it sets as --api-audiences by itself.
        anonymous: whether anonymous requests are taken where nobody says anything.
        kubeadm: whether nodes join with kubeadm.
        folder: where a file of ours for the API server goes, as the API server sees it.
        writes_authentication: whether it writes the AuthenticationConfiguration by itself, out of
            what is configured.
        port: the port of the API server.
        in_pod: whether the kubelet starts the API server, and fills variables into its command.
        jinja: what reads the file as a template of Jinja, if something does.
        run_here: how far the form was tried in this project.
    """

    name: str
    title: str
    schemas: tuple[Schema, ...]
    place: str
    nodes: str
    order: tuple[str, ...]
    verify: tuple[str, ...]
    back: tuple[str, ...]
    issuer: str | None = None
    issuer_since: int = 18
    audiences: tuple[str, ...] = ()
    anonymous: bool = True
    kubeadm: bool = False
    folder: str = "/etc/kubernetes/oidc-iam"
    writes_authentication: bool = False
    port: int = 6443
    in_pod: bool = False
    jinja: str | None = None
    run_here: str = (
        "not run here; the file is parsed and its flags are checked in this project's tests"
    )


_PS = "ps -ww -o args= -C kube-apiserver"
_STATIC_POD = (
    "kubectl -n kube-system get pods -l component=kube-apiserver "
    "-o jsonpath='{range .items[*]}{.spec.containers[0].command}{.spec.containers[0].args}"
    '{"\\n"}{end}\''
)

PLAIN = Distribution(
    name="plain",
    title="flags, as in a systemd unit",
    schemas=(
        Schema("flags", "kube-apiserver --help, Kubernetes 1.34"),
        Schema("systemd", "systemd.service(5), a drop-in; kube-apiserver --help, Kubernetes 1.34"),
    ),
    place="the arguments of kube-apiserver (usually 'ExecStart' in "
    "/etc/systemd/system/kube-apiserver.service)",
    nodes="every control plane node, with the same values",
    order=(
        "Copy the unit away.",
        "Replace the flags that the changes name, in the order in which they are given.",
        f"{_ONE_AT_A_TIME} 'systemctl daemon-reload && systemctl restart kube-apiserver'.",
    ),
    verify=(_PS,),
    back=("Put the former unit back, 'systemctl daemon-reload', and restart kube-apiserver.",),
    run_here="run here: the end-to-end test starts kube-apiserver 1.34 with these flags",
)
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
    order=_KUBEADM_ORDER,
    verify=(_STATIC_POD,),
    back=_KUBEADM_BACK,
    issuer=_KUBEADM_ISSUER,
    issuer_since=20,
    kubeadm=True,
    run_here="read by kubeadm 1.34.4, which wrote these flags into the static pod (v1beta4, "
    "v1beta3, and with the patch); no cluster was made with it here",
    in_pod=True,
)


def _rancher(name: str, title: str, service: str, source: str, verify: str) -> Distribution:
    """k3s, or RKE2, which takes its flags from k3s."""
    form = f"{title} config.yaml, kube-apiserver-arg"
    return Distribution(
        name=name,
        title=title,
        schemas=(
            Schema("config", f"{form} ({source})", oldest=24),
            Schema(
                "config-1.23",
                f"{form} (k3s issue 5374: the last of several counts)",
                repeats=False,
                newest=23,
            ),
        ),
        place=f"/etc/rancher/{name}/config.yaml",
        nodes="every server node, with the same values",
        order=(
            f"Copy /etc/rancher/{name}/config.yaml away.",
            f"{_ONE_AT_A_TIME} 'systemctl restart {service}'.",
        ),
        verify=(verify,),
        back=(f"Put the former config.yaml back and restart {service}.",),
        issuer=_KUBEADM_ISSUER,
        audiences=(_KUBEADM_ISSUER, name),
        anonymous=False,
        folder=f"/etc/rancher/{name}/oidc-iam",
        in_pod=name == "rke2",
        run_here="the values were put together by the code of k3s (pkg/util/args.go, commit "
        "0aa32d5), which kept every flag in its order; no server was started with it here",
    )


K3S = _rancher(
    "k3s",
    "k3s",
    "k3s",
    "k3s pkg/util/args.go, 1.24",
    "journalctl -u k3s | grep 'Running kube-apiserver' | tail -n 1",
)
RKE2 = _rancher(
    "rke2",
    "RKE2",
    "rke2-server",
    "k3s pkg/util/args.go, 1.24; RKE2 pkg/executor/staticpod, 1.36",
    _STATIC_POD,
)
TALOS = Distribution(
    name="talos",
    title="Talos Linux",
    schemas=(
        Schema(
            "v1.13",
            "Talos v1.13 machine configuration, cluster.apiServer.extraArgs, whose values may be "
            "lists (pkg/machinery/config/types/v1alpha1, v1.13.9)",
        ),
        Schema(
            "v1.12",
            "Talos v1.12 machine configuration, cluster.apiServer.extraArgs, one text for a flag "
            "(pkg/machinery/config/types/v1alpha1, v1.12.4)",
            repeats=False,
        ),
        Schema(
            "v1.14",
            "Talos v1.14 machine configuration, the documents KubeAPIServerConfig and "
            "KubeAuthenticationConfig (pkg/machinery/config/types/k8s, v1.14.0-rc.1)",
        ),
    ),
    place="the machine configuration",
    nodes="every control plane node, with the same values",
    order=(
        "Save the machine configuration of a control plane node ('talosctl get machineconfig "
        "v1alpha1 -o yaml'); it holds secrets.",
        f"{_ONE_AT_A_TIME} 'talosctl -n NODE patch machineconfig --patch @FILE': Talos writes the "
        "static pod anew, without a reboot.",
    ),
    verify=("talosctl -n NODE get staticpods kube-apiserver -o yaml",),
    back=("Apply the saved machine configuration ('talosctl -n NODE apply-config -f FILE').",),
    anonymous=False,
    folder="/var/oidc-iam",
    writes_authentication=True,
    run_here="the patch of v1.13 was merged by the code of Talos 1.13.9, which replaces a list as "
    "a whole; no machine was configured with it here",
    in_pod=True,
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
        "one control plane node after the other.",
    ),
    verify=(
        "kubectl -n kube-system get pods -l k8s-app=kube-apiserver "
        "-o jsonpath='{range .items[*]}{.spec.containers[0].args}{\"\\n\"}{end}'",
    ),
    back=("'kops replace -f' the saved Cluster resource, update, and roll once more.",),
    audiences=("kubernetes.svc.default",),
    anonymous=False,
    port=443,
    run_here="decoded into the types of kOps 1.36.0, unknown fields refused; no cluster was made "
    "with it here",
    in_pod=True,
)
K0S = Distribution(
    name="k0s",
    title="k0s",
    schemas=(
        Schema(
            "v1beta1",
            "k0s.k0sproject.io/v1beta1 ClusterConfig, spec.api.extraArgs and rawArgs "
            "(pkg/component/controller/apiserver.go, 1.34.1)",
            oldest=34,
        ),
        Schema(
            "v1beta1-1.33",
            "k0s.k0sproject.io/v1beta1 ClusterConfig, spec.api.extraArgs (k0s 1.33, without "
            "rawArgs)",
            repeats=False,
            newest=33,
        ),
    ),
    place="/etc/k0s/k0s.yaml",
    nodes="every controller node, with the same values",
    order=(
        "Copy /etc/k0s/k0s.yaml away. Files for the API server must be readable for the user "
        "kube-apiserver.",
        f"{_ONE_AT_A_TIME} 'k0s stop && k0s start'.",
    ),
    verify=(_PS,),
    back=("Put the former k0s.yaml back, and 'k0s stop && k0s start'.",),
    issuer="https://kubernetes.default.svc",
    audiences=("https://kubernetes.default.svc", "system:konnectivity-server"),
    anonymous=False,
    folder="/etc/k0s/oidc-iam",
    run_here="decoded into the type of k0s for spec.api (1.37, commit dff90ce), unknown fields "
    "refused; no cluster was made with it here",
)
KUBESPRAY = Distribution(
    name="kubespray",
    title="kubespray",
    schemas=(
        Schema(
            "extra-args",
            "kubespray group variables, kube_kubeadm_apiserver_extra_args (docs/ansible/vars.md, "
            "master of August 2026)",
            repeats=False,
        ),
        Schema(
            "extra-args-patch",
            "kubespray group variables, kube_kubeadm_apiserver_extra_args and kubeadm_patches "
            "(docs/ansible/vars.md, master of August 2026)",
        ),
    ),
    place="inventory/NAME/group_vars/k8s_cluster/k8s-cluster.yml",
    nodes="none by hand: the playbook writes the files of each control plane node",
    order=(
        "Commit the inventory as it is.",
        "'ansible-playbook -b -i INVENTORY playbooks/facts.yml', and then 'ansible-playbook -b -i "
        "INVENTORY upgrade-cluster.yml -e kube_version=THE_SAME -e serial=1 --limit "
        "kube_control_plane:etcd' (docs/operations/upgrades.md), which does one node after the "
        "other.",
    ),
    verify=(_STATIC_POD,),
    back=("Put the former group variables back, and run the playbook once more.",),
    issuer=_KUBEADM_ISSUER,
    issuer_since=20,
    kubeadm=True,
    folder="/etc/kubernetes",
    writes_authentication=True,
    in_pod=True,
    jinja="Ansible",
)
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
    nodes="none by hand: each control plane machine is made anew",
    order=_CAPI_ORDER,
    verify=(_STATIC_POD,),
    back=_CAPI_BACK,
    issuer=_KUBEADM_ISSUER,
    issuer_since=20,
    kubeadm=True,
    run_here="decoded into the types of Cluster API 1.14.2, unknown fields refused; no cluster was "
    "made with it here",
    in_pod=True,
    jinja="cloud-init",
)

_ALL = (PLAIN, KUBEADM, K3S, RKE2, TALOS, KOPS, K0S, KUBESPRAY, CLUSTER_API)
DISTRIBUTIONS = {each.name: each for each in _ALL}
"""Every distribution by its name in `kubernetes.distribution`."""
