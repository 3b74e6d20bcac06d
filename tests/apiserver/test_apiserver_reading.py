"""What runs now, from each of the places where an engineer finds it."""

from __future__ import annotations

import copy
import functools
import json
import operator
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from apiserver_cases import ISSUER, OLD
from ruamel.yaml import YAML

from apiserver.reading import Reading, agreed_settings, read
from apiserver.settings import Settings
from federation.errors import UserError

FLAGS = (
    "--etcd-servers=https://127.0.0.1:2379",
    f"--service-account-issuer={OLD}",
    "--service-account-key-file=/etc/kubernetes/pki/sa.pub",
    "--service-account-signing-key-file=/etc/kubernetes/pki/sa.key",
)
SETTINGS = Settings(
    issuers=(OLD,),
    key_files=("/etc/kubernetes/pki/sa.pub",),
    signing_key_file="/etc/kubernetes/pki/sa.key",
    others=(("etcd-servers", "https://127.0.0.1:2379"),),
)
LINES = "\n".join(f"    - {flag}" for flag in FLAGS)
POD = f"""\
apiVersion: v1
kind: Pod
metadata:
  name: kube-apiserver-one
  annotations:
    kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint: 10.0.0.10:6443
spec:
  containers:
  - command:
    - kube-apiserver
{LINES}
    image: registry.k8s.io/kube-apiserver:v1.34.4
    name: kube-apiserver
"""
KUBEADM = """\
apiVersion: kubeadm.k8s.io/{version}
kind: ClusterConfiguration
kubernetesVersion: v1.30.2
networking: {{dnsDomain: corp.internal}}
apiServer:
  extraArgs:
{arguments}
"""


def only(text: str | bytes) -> Reading:
    content = text if isinstance(text, bytes) else text.encode()
    (found,) = read(content, "file")
    return found


def refused(text: str | bytes) -> str:
    with pytest.raises(UserError) as caught:
        only(text)
    return str(caught.value)


def test_a_static_pod_manifest() -> None:
    assert only(POD) == Reading(
        "file (kube-apiserver-one)",
        "a static pod",
        SETTINGS,
        distribution="kubeadm",
        version="1.34",
    )


@pytest.mark.parametrize(
    "command",
    [
        ["/bin/sh", "-c", f"exec kube-apiserver {' '.join(FLAGS)} 2>&1"],
        ["sh", "-ec", "umask 77; kube-apiserver \\\n  " + " \\\n  ".join(FLAGS) + " | tee /log"],
        ["/bin/bash", "-c", "# all of it\nkube-apiserver " + " ".join(FLAGS) + "; sleep 1"],
    ],
)
def test_a_pod_that_starts_the_api_server_in_a_shell(command: list[str]) -> None:
    pod = YAML(typ="safe").load(POD)
    pod["spec"]["containers"][0]["command"] = command
    found = only(json.dumps(pod))
    assert (found.settings, found.version, found.distribution) == (SETTINGS, "1.34", "kubeadm")


def test_the_pods_of_several_api_servers() -> None:
    items = "".join(
        "- " + POD.replace("one", name).replace("\n", "\n  ").rstrip() + "\n"
        for name in ("one", "two")
    )
    other = "- {apiVersion: v1, kind: Pod, spec: {containers: [{command: [coredns]}]}}\n"
    found = read(f"apiVersion: v1\nkind: List\nitems:\n{other}{items}".encode(), "pods")
    assert [each.name for each in found] == [
        "pods (kube-apiserver-one)",
        "pods (kube-apiserver-two)",
    ]
    assert agreed_settings(found) == SETTINGS


def test_the_pod_of_kops_starts_the_api_server_through_a_wrapper() -> None:
    pod = POD.replace(
        "- kube-apiserver\n", "- /go-runner\n    - --log-file=/l\n    - /x/kube-apiserver\n"
    )
    found = only(pod)
    assert (found.settings, found.program) == (SETTINGS, "/x/kube-apiserver")


@pytest.mark.parametrize(
    "text",
    [
        f"kube-apiserver {' '.join(FLAGS)}\n",
        f"/usr/local/bin/kube-apiserver {' '.join(FLAGS)}",
        f"root  1234  5.0  2.1 123 456 ?  Ssl 10:00 1:23 kube-apiserver {' '.join(FLAGS)}\n"
        "me  99  0.0  0.0 1 1 pts/0 S+ 10:01 0:00 grep --color=auto kube-apiserver\n",
        "\0".join(("kube-apiserver", *FLAGS)) + "\0",
        "\n".join(f"  {flag} \\" for flag in FLAGS),
        "# from the wiki\n" + "\n".join(flag.replace("=", " '", 1) + "'" for flag in FLAGS),
        "exec kube-apiserver \\\n"
        + " \\\n".join(flag.replace("=", '="', 1) + '"' for flag in FLAGS),
        f"kube-apiserver {' '.join(FLAGS)}\n".encode("utf-16"),
        f"kube-apiserver {' '.join(FLAGS)}\n".replace("service-account", "service_account"),
        json.dumps(["kube-apiserver", *FLAGS]) + "\n",
        json.dumps(["kube-apiserver"]) + json.dumps(FLAGS) + "\n",
        "[Unit]\nDescription=API\n[Service]\nExecStart=/usr/local/bin/kube-apiserver \\\n  "
        + " \\\n  ".join(FLAGS)
        + "\nRestart=on-failure\n",
    ],
    ids=[
        "name", "path", "ps-aux", "cmdline", "flags", "quoted-flags", "script", "utf-16",
        "underscores", "command", "command-and-args", "unit",
    ],
)  # fmt: skip
def test_a_command_line(text: str | bytes) -> None:
    assert only(text).settings == SETTINGS


@pytest.mark.parametrize(
    ("version", "arguments"),
    [
        ("v1beta3", "    api-audiences: a,b"),
        ("v1beta4", "  - {name: api-audiences, value: 'a,b'}"),
    ],
)
def test_a_kubeadm_configuration_with_what_kubeadm_sets_by_itself(
    version: str, arguments: str
) -> None:
    text = KUBEADM.format(version=version, arguments=arguments)
    wrapped = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kubeadm-config}\ndata:\n"
        "  ClusterConfiguration: |\n    " + text.replace("\n", "\n    ")
    )
    expected = Reading(
        "file",
        "a kubeadm ClusterConfiguration",
        Settings(
            issuers=("https://kubernetes.default.svc.corp.internal",),
            api_audiences=("a", "b"),
            key_files=("/etc/kubernetes/pki/sa.pub",),
            signing_key_file="/etc/kubernetes/pki/sa.key",
        ),
        distribution="kubeadm",
        schema=version,
        version="1.30",
    )
    assert (only(text), only(wrapped)) == (expected, expected)


@pytest.mark.parametrize(
    ("text", "distribution", "settings"),
    [
        (
            "token: secret\ncluster-domain: corp.internal\nkube-apiserver-arg:\n- v=2\n",
            "k3s",
            Settings(
                issuers=("https://kubernetes.default.svc.corp.internal",),
                api_audiences=("https://kubernetes.default.svc.corp.internal", "k3s"),
                anonymous_auth="false",
                others=(("v", "2"),),
            ),
        ),
        (
            "cni: canal\nkube-apiserver-arg: [service-account-issuer=https://a.example, "
            "anonymous-auth=true]\n",
            "rke2",
            Settings(
                issuers=("https://a.example",), api_audiences=(OLD, "rke2"), anonymous_auth="true"
            ),
        ),
        (
            "version: v1alpha1\nmachine: {token: secret}\ncluster:\n  secret: secret\n"
            "  controlPlane: {endpoint: 'https://10.0.0.1:6443'}\n",
            "talos",
            Settings(
                issuers=("https://10.0.0.1:6443",),
                api_audiences=("https://10.0.0.1:6443",),
                anonymous_auth="false",
            ),
        ),
        (
            "apiVersion: k0s.k0sproject.io/v1beta1\nkind: ClusterConfig\nspec: {api: {rawArgs: "
            "['--service-account-issuer=https://b.example'], extraArgs: {service-account-issuer: "
            "'https://a.example', anonymous-auth: true}}}\n",
            "k0s",
            Settings(
                issuers=("https://a.example", "https://b.example"),
                api_audiences=("https://kubernetes.default.svc", "system:konnectivity-server"),
                anonymous_auth="true",
            ),
        ),
        (
            "apiVersion: kops.k8s.io/v1alpha2\nkind: Cluster\nmetadata: {name: k.example.com}\n"
            "spec: {kubernetesVersion: 1.34.2, kubeAPIServer: {}}\n",
            "kops",
            Settings(
                issuers=("https://api.internal.k.example.com",),
                jwks_uri="https://api.internal.k.example.com/openid/v1/jwks",
                api_audiences=("kubernetes.svc.default",),
                anonymous_auth="false",
            ),
        ),
    ],
    ids=["k3s", "rke2", "talos", "k0s", "kops"],
)
def test_a_distributions_configuration_with_what_it_sets_by_itself(
    text: str, distribution: str, settings: Settings
) -> None:
    found = only(text)
    assert (found.distribution, found.settings) == (distribution, settings)


@pytest.mark.parametrize(
    "line", ["kube-apiserver-arg:", "kube-apiserver-arg: []", "node-label: [a=b]"]
)
def test_a_further_server_of_rke2_is_known_by_where_it_registers(line: str) -> None:
    found = only(f"server: https://10.0.0.1:9345\n{line}\n")
    assert (found.distribution, found.settings.issuers) == ("rke2", (OLD,))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("/etc/rancher/rke2/config.yaml", "token: secret\n"),
        ("config.yaml", "token: secret\nprofile: cis\n"),
    ],
)
def test_rke2_is_known_by_its_folder_and_its_profile(name: str, text: str) -> None:
    (found,) = read(text.encode(), name)
    assert (found.distribution, found.settings.api_audiences) == ("rke2", (OLD, "rke2"))


def test_k3s_puts_values_behind_its_own_and_before_them() -> None:
    (found,) = read(
        b"cluster-init: true\n"
        b"kube-apiserver-arg:\n"
        b"  - service-account-issuer-=https://new.example.com\n"
        b"  - api-audiences+=vault\n"
        b"  - api-audiences+=other\n",
        "file",
    )
    assert (found.settings.issuers, found.settings.api_audiences) == (
        ("https://new.example.com", "https://kubernetes.default.svc.cluster.local"),
        ("https://kubernetes.default.svc.cluster.local", "k3s", "vault", "other"),
    )


def test_the_journal_of_k3s_has_the_flags_in_quotes() -> None:
    line = (
        'Nov 23 10:00:00 one k3s[12]: time="2026-11-23T10:00:00Z" level=info '
        f'msg="Running kube-apiserver {" ".join(FLAGS)}"\n'
    )
    assert only(line).settings == SETTINGS


def test_talos_1_14_names_its_issuer_in_a_document_of_its_own() -> None:
    text = """\
apiVersion: v1alpha1
kind: KubeAPIServerConfig
image: registry.k8s.io/kube-apiserver:v1.35.1
---
apiVersion: v1alpha1
kind: KubeServiceAccountConfig
issuer: {issuerURL: https://new.example, privateKey: secret}
accepted: {issuers: [https://old.example]}
---
apiVersion: v1alpha1
kind: KubeAuthenticationConfig
configuration: {jwt: []}
"""
    found = only(text)
    assert (found.schema, found.version) == ("v1.14", "1.35")
    assert found.authentication == {
        "apiVersion": "apiserver.config.k8s.io/v1beta1",
        "kind": "AuthenticationConfiguration",
        "jwt": [],
    }
    assert found.settings.issuers == ("https://new.example", "https://old.example")


def test_group_variables_of_kubespray_say_more_than_extra_arguments() -> None:
    """As `roles/kubernetes/control-plane/templates/kubeadm-config.v1beta4.yaml.j2` reads them."""
    found = only("""\
kube_version: 1.33.4
cluster_name: corp.internal
dns_domain: "{{ cluster_name }}"
kube_api_anonymous_auth: false
kube_oidc_auth: true
kube_oidc_url: https://dex.example.com
kube_oidc_client_id: kubernetes
kube_oidc_groups_claim: groups
kube_feature_gates: [OfAll=true]
kube_apiserver_feature_gates: [OfTheServer=true]
""")
    assert found.version == "1.33"
    assert found.settings == Settings(
        issuers=("https://kubernetes.default.svc.corp.internal",),
        feature_gates=("OfTheServer=true",),
        anonymous_auth="false",
        oidc=(
            ("oidc-issuer-url", "https://dex.example.com"),
            ("oidc-client-id", "kubernetes"),
            ("oidc-groups-claim", "groups"),
        ),
    )


def test_group_variables_of_kubespray_with_structured_authentication() -> None:
    """Beside it kubespray passes neither `--oidc-*` nor `--anonymous-auth`."""
    found = only("""\
kube_version: 1.34.1
kube_api_anonymous_auth: true
kube_oidc_auth: true
kube_oidc_url: https://dex.example.com
kube_oidc_client_id: kubernetes
kube_apiserver_use_authentication_config_file: true
kube_apiserver_authentication_config_jwt: [{issuer: {url: https://dex.example.com}}]
""")
    assert found.settings == Settings(
        issuers=(OLD,),
        authentication_config="/etc/kubernetes/apiserver-authentication-config-v1.yaml",
    )
    assert found.authentication == {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "AuthenticationConfiguration",
        "jwt": [{"issuer": {"url": "https://dex.example.com"}}],
    }


@pytest.mark.parametrize(
    ("gates", "seen"),
    [
        ("kube_feature_gates: [A=true]", ("A=true",)),
        ("kube_apiserver_feature_gates: []\nkube_feature_gates: [A=true]", ("A=true",)),
        ("kube_apiserver_feature_gates: [B=true]\nkube_feature_gates: [A=true]", ("B=true",)),
        ("kube_apiserver_feature_gates: A=true", ()),
    ],
)
def test_kubespray_takes_the_feature_gates_of_all_where_the_server_has_none(
    gates: str, seen: tuple[str, ...]
) -> None:
    found = only(f"kube_kubeadm_apiserver_extra_args: {{}}\n{gates}\n")
    assert found.settings.feature_gates == seen


def test_a_machine_configuration_as_talosctl_shows_it() -> None:
    inner = "version: v1alpha1\n    machine: {install: {image: 'x/installer:v1.12.4'}}\n"
    inner += "    cluster: {controlPlane: {endpoint: 'https://10.0.0.1:6443'}}\n"
    text = (
        f"node: 10.0.0.1\nmetadata: {{type: MachineConfigs.config.talos.dev}}\nspec: |\n    {inner}"
    )
    found = only(text)
    assert (found.schema, found.settings.issuers) == ("v1.12", ("https://10.0.0.1:6443",))


def test_of_several_documents_the_one_that_says_how_the_api_server_runs_counts() -> None:
    text = KUBEADM.format(version="v1beta4", arguments="  - {name: v, value: '2'}")
    several = f"kind: InitConfiguration\napiVersion: kubeadm.k8s.io/v1beta4\n---\n{text}"
    assert only(several) == only(text)


def test_of_all_manifests_of_a_node_the_api_servers_counts() -> None:
    others = "\n---\n".join(
        POD.replace("- kube-apiserver\n", f"- {program}\n")
        for program in ("etcd", "kube-scheduler")
    )
    assert only(f"{others}\n---\n{POD}") == only(POD)


def test_a_control_plane_may_run_as_a_deployment_of_another_cluster() -> None:
    deployment = (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: tenant}\nspec: {template: {spec: "
        "{containers: [{command: [kube-apiserver, --service-account-issuer=https://a.example]}]}}}\n"
    )
    assert only(deployment).settings.issuers == ("https://a.example",)


def test_a_comment_within_a_command_of_a_unit_does_not_end_it() -> None:
    found = only(
        "[Service]\nExecStart=/usr/bin/kube-apiserver \\\n  --service-account-issuer=https://a \\\n"
        "  # of 2019\n  --service-account-key-file=/a.pub\n"
    )
    assert found.settings.key_files == ("/a.pub",)


def test_nothing_secret_is_kept() -> None:
    talos = "machine: {token: s3cr3t}\ncluster: {controlPlane: {endpoint: 'https://x'}}\n"
    for text in (talos, "token: s3cr3t\ndisable: [traefik]\n"):
        assert "s3cr3t" not in repr(only(text))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "file: is empty. Check that the command that wrote it succeeded."),
        (b"\xff\0\xfe", "file: is not UTF-8 text (byte 0): save it as UTF-8."),
        (
            "kube-apiserver-arg: {service-account-issuer: https://a.example}\n",
            "file: kube-apiserver-arg is not a list of NAME=VALUE strings.",
        ),
        (
            "kube-apiserver-arg: [service-account-issuer https://a.example]\n",
            "file: --service-account-issuer https://a.example is not the name of a flag: write "
            "NAME=VALUE.",
        ),
        (
            "kube-apiserver --service-account-issuer --service-account-key-file=/pki/sa.pub\n",
            "file: --service-account-issuer has no value, and kube-apiserver needs one.",
        ),
        (
            "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n",
            "file: is a private key, which belongs only on the control plane nodes. It was not "
            "stored. Pass what starts kube-apiserver: its manifest, unit or command line.",
        ),
        (
            POD.replace("- kube-apiserver\n", "- kube-controller-manager\n"),
            "file: the pod 'kube-apiserver-one' runs kube-controller-manager, not kube-apiserver.",
        ),
        (
            "apiVersion: v1\nkind: List\nitems: [{kind: Pod, apiVersion: v1}]\n",
            "file: the pod 'a pod' runs something else, not kube-apiserver.",
        ),
        (
            "apiVersion: v1\nkind: Service\nmetadata: {name: x}\n",
            "file: is a Service, which does not describe a kube-apiserver.",
        ),
        (
            "machine: {type: worker}\ncluster: {controlPlane: {endpoint: 'https://x'}}\n",
            "file: is the machine configuration of a worker. Pass that of a control plane node.",
        ),
        (
            "kind: Pod\napiVersion: v1\n\tspec: {}\n",
            "file:3: is not YAML: a tab stands where only spaces may: replace it.",
        ),
        (
            "kind: Cluster\napiVersion: kops.k8s.io/v1alpha2\nmetadata: {name: k.example}\n"
            "spec: {serviceAccountIssuerDiscovery: {discoveryStore: 's3://b/k.example'}}\n",
            "file: kOps derives the issuer from serviceAccountIssuerDiscovery.discoveryStore, and "
            "the Cluster does not show it: pass the running pods, 'kubectl -n kube-system get "
            "pods -l k8s-app=kube-apiserver -o yaml'.",
        ),
        (
            "/usr/local/bin/k3s\0server\0",
            "file: starts 'k3s', not kube-apiserver. k3s runs the API server in its own process: "
            'pass its config.yaml, or the line "Running kube-apiserver" of its journal, which '
            "includes the flags of the unit.",
        ),
        (
            "[Service]\nEnvironmentFile=/etc/flags\nExecStart=/usr/bin/kube-apiserver $FLAGS\n",
            "file: ExecStart takes flags from the environment. Pass the running process instead: "
            "'cat /proc/$(pgrep -x kube-apiserver)/cmdline | python -m wizard apiserver --from "
            "-'.",
        ),
        (
            KUBEADM.format(version="v1beta4", arguments="    - wrong"),
            "file: extraArgs is neither a map nor a list of names and values.",
        ),
        (
            f"kube-apiserver --service-account-issuer={OLD} --service-acc\n",
            "file: the line has no --service-account-key-file, which is required. It may be cut: "
            "'ps -ww -o args= -C kube-apiserver' shows all of it.",
        ),
        (
            f"kube-apiserver --service-account-issuer={OLD} --service-account-key-file=/pki/sa.pub "
            "--service-account-signing-key-f\n",
            "file: the line has no --service-account-signing-key-file, which is required together "
            "with --service-account-issuer. It may be cut: 'ps -ww -o args= -C kube-apiserver' "
            "shows all of it.",
        ),
        (
            f"└─812 kube-apiserver {' '.join(FLAGS)} --tls-cert-f…\n",
            "file: the line ends with '--tls-cert-f…': it is cut. 'ps -ww -o args= -C "
            "kube-apiserver' shows all of it.",
        ),
        (
            POD.replace(OLD, "$(ISSUER)"),
            "file (kube-apiserver-one): --service-account-issuer=$(ISSUER) takes its value from "
            "the environment. Pass the running process instead: 'cat /proc/$(pgrep -x "
            "kube-apiserver)/cmdline | python -m wizard apiserver --from -'.",
        ),
        pytest.param(
            "--" * 2_000_000,
            "file: has a line of 4000000 characters, which is too long for a command.",
            id="a long line",
        ),
        (
            "kube-apiserver-arg+: [api-audiences+=vault]\n",
            "file: adds to other files with 'kube-apiserver-arg+'. Pass all flags: the line "
            '"Running kube-apiserver" of the journal.',
        ),
        (
            "apiVersion: v1\nkind: ConfigMap\ndata: {other: x}\n",
            "file: is a ConfigMap, which does not describe a kube-apiserver.",
        ),
    ],
)
def test_what_is_no_api_server_is_refused_with_what_it_is(text: str | bytes, message: str) -> None:
    assert refused(text) == message


@pytest.mark.parametrize(
    "text",
    ["hello", "{}", "- a\n- b\n", "a: [", "key: value\n", "[" * 20_000],
    ids=["text", "empty", "list", "torn", "keys", "deep"],
)
def test_what_is_nothing_that_is_known_is_refused_with_what_is(text: str) -> None:
    assert refused(text).startswith("file: does not describe a kube-apiserver. Supported:")


DOCUMENTS = (
    POD,
    "apiVersion: v1\nkind: List\nitems: [{kind: Pod, apiVersion: v1, spec: {}}]\n",
    KUBEADM.format(version="v1beta4", arguments="  - {name: a, value: b}"),
    "cluster-domain: x\nkube-apiserver-arg: [v=2]\ncni: c\n",
    "machine: {install: {image: 'x:v1.12.0'}}\ncluster: {controlPlane: {endpoint: 'https://x'}, "
    "apiServer: {extraArgs: {a: [b]}, image: 'x:v1.30.1'}}\n",
    "apiVersion: v1alpha1\nkind: KubeServiceAccountConfig\nissuer: {issuerURL: https://n}\n"
    "accepted: {issuers: [https://o]}\n",
    "metadata: {type: MachineConfigs}\nspec: 'cluster: {controlPlane: {endpoint: https://x}}'\n",
    "apiVersion: k0s.k0sproject.io/v1beta1\nkind: ClusterConfig\n"
    "spec: {api: {rawArgs: ['--a=b'], extraArgs: {a: b}}}\n",
    "apiVersion: kops.k8s.io/v1alpha2\nkind: Cluster\nmetadata: {name: k}\nspec: {kubeAPIServer: "
    "{additionalServiceAccountIssuers: [a], apiAudiences: [x]}}\n",
    "apiVersion: controlplane.cluster.x-k8s.io/v1beta2\nkind: KubeadmControlPlane\nspec: "
    "{kubeadmConfigSpec: {files: [{path: /p/kube-apiserver0+json.yaml, content: '- {value: "
    "--a}'}], clusterConfiguration: {apiServer: {extraArgs: [{name: a, value: b}]}}}}\n",
    "kube_kubeadm_apiserver_extra_args: {a: b}\n"
    "kubeadm_patches: [{target: kube-apiserver, patch: [{value: --a=b}]}]\n",
)
ODD: tuple[Any, ...] = (None, 5, "", [], {}, "x", [None], {"a": None}, True, ["a", {}], [[1]])


def places(document: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The place of each value in a document."""
    if isinstance(document, dict | list):
        entries = document.items() if isinstance(document, dict) else enumerate(document)
        for key, value in entries:
            yield (*place, key)
            yield from places(value, (*place, key))


@pytest.mark.parametrize("text", DOCUMENTS)
def test_an_odd_value_anywhere_is_passed_over_or_refused(text: str) -> None:
    yaml = YAML(typ="safe", pure=True)
    document = yaml.load(text)
    for *parents, last in places(document):
        for odd in ODD:
            changed = copy.deepcopy(document)
            functools.reduce(operator.getitem, parents, changed)[last] = odd
            with suppress(UserError):
                read(json.dumps(changed).encode(), "file")


def test_api_servers_with_different_issuers_are_refused() -> None:
    one, two = only(POD), only(POD.replace(OLD, ISSUER).replace("one", "two"))
    with pytest.raises(UserError) as caught:
        agreed_settings((one, two))
    assert str(caught.value) == (
        "file (kube-apiserver-one) and file (kube-apiserver-two) differ in "
        f"--service-account-issuer: {OLD} and {ISSUER}. Every API server must accept the tokens of "
        "the others: make the flags the same first."
    )


def test_api_servers_that_take_different_audiences_are_refused() -> None:
    running = f"kube-apiserver {' '.join(FLAGS)}"
    with pytest.raises(UserError) as caught:
        agreed_settings(read(f"{running}\n{running} --api-audiences=a,b\n".encode(), "ps"))
    assert str(caught.value) == (
        "ps:1 and ps:2 differ in --api-audiences: none and a,b. Every API server must accept the "
        "tokens of the others: make the flags the same first."
    )
