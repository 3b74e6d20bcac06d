"""Configurations that say how an API server runs: pods, and what each distribution has for it.

`apiserver.reading` tries these on a text. Only flags are taken over: a machine configuration or
a k3s configuration holds secrets, and nothing else of it is kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from apiserver.authentication import authentication_form
from apiserver.command_lines import PROGRAM, Reading, of_pod, program_of_pod, settings_in, unwrapped
from apiserver.distributions import DISTRIBUTIONS
from apiserver.settings import (
    ANONYMOUS_AUTH,
    AUDIENCES,
    AUTHENTICATION_CONFIG,
    FEATURE_GATES,
    ISSUER,
    Flags,
    Settings,
    parsed,
)
from apiserver.target import AUTHENTICATION_FILE
from federation.errors import UserError
from federation.yaml.documents import MOST_VALUES, DocumentError, objects

_TAG = re.compile(r":v?(?P<version>[0-9]+\.[0-9]+)(\.[0-9]+)?")
_PATCH = re.compile(rf"/{PROGRAM}[^/]*\+json\.(json|yaml)$")
_LIKE_YAML = re.compile(r"^(apiVersion|kind|cluster|machine|kube-apiserver-arg\+?):", re.MULTILINE)
_TALOS_AUTHENTICATION = {
    "apiVersion": "apiserver.config.k8s.io/v1beta1",
    "kind": "AuthenticationConfiguration",
}
"""What Talos 1.14 takes for granted in KubeAuthenticationConfig."""
_TALOS_AUTHENTICATION_FILE = f"{DISTRIBUTIONS['talos'].folder}/{AUTHENTICATION_FILE}"
_K3S_KEYS = (
    "cluster-init",
    "cni",
    "datastore-endpoint",
    "disable",
    "flannel-backend",
    "node-label",
    "node-taint",
    "server",
    "tls-san",
    "token",
    "write-kubeconfig-mode",
)
_KUBESPRAY_KEYS = (
    "kube_api_anonymous_auth",
    "kube_apiserver_feature_gates",
    "kube_apiserver_use_authentication_config_file",
    "kube_cert_dir",
    "kube_kubeadm_apiserver_extra_args",
    "kube_oidc_auth",
)
_KUBESPRAY_OIDC = {
    "kube_oidc_url": "oidc-issuer-url",
    "kube_oidc_client_id": "oidc-client-id",
    "kube_oidc_ca_file": "oidc-ca-file",
    "kube_oidc_username_claim": "oidc-username-claim",
    "kube_oidc_groups_claim": "oidc-groups-claim",
    "kube_oidc_username_prefix": "oidc-username-prefix",
    "kube_oidc_groups_prefix": "oidc-groups-prefix",
}
_KUBESPRAY_DEFAULTS = {"cluster_name": "cluster.local", "kube_config_dir": "/etc/kubernetes"}
"""Defaults of kubespray that other variables and paths are made of."""
_VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_MOST_INSIDE = 20
"""Documents that are text within another one, and are read."""
_MOST_VALUES_INSIDE = 5_000
"""Values of each of them."""
_RKE2_PORT = ":9345"
"""Where a further server of RKE2 registers; k3s has 6443."""


def documents(text: str, name: str) -> Iterator[Reading]:
    """YAML or JSON, of one document or several.

    Raises:
        UserError: it is a known configuration of an API server, and wrong or not whole.
    """
    loaded = _mappings_of(text, name, MOST_VALUES)
    if sum(map(_is_around_another, loaded)) > _MOST_INSIDE:
        raise UserError(f"{name}: has more than {_MOST_INSIDE} objects with a document inside.")
    yield from _readings(loaded, name)


def _readings(loaded: list[dict[str, Any]], name: str) -> Iterator[Reading]:
    talos = [each for each in loaded if _is_talos(each)]
    if talos:
        yield _talos(talos, name)
        return
    pods = [each for each in loaded if _is_pod(each)]
    if any(_api_server(each, name) for each in pods):
        # All manifests of a node: the other pods are of no interest.
        loaded = [each for each in loaded if not _is_pod(each) or _api_server(each, name)]
    found = [reading for document in loaded for reading in _document(document, name)]
    kinds = [str(each["kind"]) for each in loaded if "kind" in each]
    if kinds and not found:
        raise UserError(f"{name}: is a {kinds[0]}, which does not say how {PROGRAM} runs.")
    yield from found


def _mappings_of(text: str, name: str, most: int) -> list[dict[str, Any]]:
    """The mappings among the documents; none where it is no YAML, nor looks like it."""
    try:
        return [each for each in objects(text, most) if isinstance(each, dict)]
    except DocumentError as error:
        if not _LIKE_YAML.search(text):
            return []
        raise UserError(f"{name}:{error.line}: {error}") from None


def _inside(text: str, name: str) -> list[dict[str, Any]]:
    """The mappings in a document that is text within another one, without any like it in them."""
    found = _mappings_of(text, name, _MOST_VALUES_INSIDE)
    return [each for each in found if not _is_around_another(each)]


def _is_around_another(document: Mapping[str, Any]) -> bool:
    return document.get("kind") == "ConfigMap" or _is_wrapped(document)


def _document(document: Mapping[str, Any], name: str) -> Iterator[Reading]:
    kind = _kind_and_group(document)
    if kind[0] == "List" or kind[0] == "PodList":
        yield from _pods(_mappings(document, "items"), name)
    elif kind in _READERS:
        yield _READERS[kind](document, name)
    elif any(key in document for key in _KUBESPRAY_KEYS):
        yield _kubespray(document, name)
    elif any(str(key).rstrip("+") == "kube-apiserver-arg" for key in document) or any(
        key in document for key in _K3S_KEYS
    ):
        yield _k3s(document, name)
    elif _is_wrapped(document):
        yield from _readings(_inside(str(document["spec"]), name), name)


def _pods(items: list[Mapping[str, Any]], name: str) -> Iterator[Reading]:
    """Of all pods of a namespace those that run an API server."""
    found = [reading for item in items if (reading := _api_server(item, name))]
    if not found:
        raise UserError(f"{name}: no object in it runs {PROGRAM} (objects: {len(items)}).")
    yield from found


def _is_pod(document: Mapping[str, Any]) -> bool:
    """Whether it is a pod, or makes pods: some control planes run as a Deployment of another
    cluster."""
    return _READERS.get(_kind_and_group(document)) is _pod


def _kind_and_group(document: Mapping[str, Any]) -> tuple[str, str]:
    return str(document.get("kind")), str(document.get("apiVersion")).partition("/")[0]


def _pod(document: Mapping[str, Any], name: str) -> Reading:
    if found := _api_server(document, name):
        return found
    own = str(_mapping(document, "metadata").get("name", "a pod"))
    containers = _mappings(_pod_spec(document), "containers")
    programs = [str(each) for container in containers for each in _list(container, "command")[:1]]
    kind, seen = str(document["kind"]).lower(), ", ".join(programs) or "something else"
    raise UserError(f"{name}: the {kind} {own!r} runs {seen}, not {PROGRAM}.")


def _api_server(document: Mapping[str, Any], name: str) -> Reading | None:
    own = str(_mapping(document, "metadata").get("name", "a pod"))
    for container in _mappings(_pod_spec(document), "containers"):
        given = [str(each) for key in ("command", "args") for each in _list(container, key)]
        arguments = unwrapped(given)
        if program_of_pod(arguments) is not None:
            annotations = " ".join(map(str, _mapping(document, "metadata", "annotations")))
            return replace(
                of_pod(arguments, f"{name} ({own})"),
                version=_version(container.get("image")),
                distribution="kubeadm" if "kubeadm.kubernetes.io" in annotations else None,
            )
    return None


def _pod_spec(document: Mapping[str, Any]) -> Mapping[str, Any]:
    return _mapping(document, "spec", "template", "spec") or _mapping(document, "spec")


def _config_map(document: Mapping[str, Any], name: str) -> Reading:
    inner = _mapping(document, "data").get("ClusterConfiguration")
    found = next(_readings(_inside(str(inner), name), name), None) if inner else None
    if found is None:
        raise UserError(f"{name}: is a ConfigMap without a ClusterConfiguration.")
    return found


def _kubeadm(document: Mapping[str, Any], name: str) -> Reading:
    domain = _mapping(document, "networking").get("dnsDomain", "cluster.local")
    folder = document.get("certificatesDir", "/etc/kubernetes/pki")
    reading = Reading(
        name,
        "a kubeadm ClusterConfiguration",
        settings_in(_flags(_mapping(document, "apiServer").get("extraArgs"), name), name),
        schema=str(document["apiVersion"]).partition("/")[2],
        version=_version(f":{document.get('kubernetesVersion', '')}"),
    )
    return _defaulted(reading, "kubeadm", f"https://kubernetes.default.svc.{domain}", str(folder))


def _kubeadm_control_plane(document: Mapping[str, Any], name: str) -> Reading:
    spec = _mapping(document, "spec")
    machine = _mapping(spec, "kubeadmConfigSpec")
    server = _mapping(machine, "clusterConfiguration", "apiServer")
    files = {
        str(each.get("path")): _loaded(str(each.get("content", "")))
        for each in _mappings(machine, "files")[:_MOST_INSIDE]
    }
    patches = (content for path, content in files.items() if _PATCH.search(path))
    appended = tuple(flag for patch in patches for flag in _appended(patch))
    settings = settings_in((*_flags(server.get("extraArgs"), name), *appended), name)
    authentication = files.get(str(settings.authentication_config))
    form = str(document["apiVersion"]).partition("/")[2]
    reading = Reading(
        name,
        "a KubeadmControlPlane",
        settings,
        schema=f"{form}-patch" if appended else form,
        version=_version(f":{spec.get('version', '')}"),
        authentication=authentication if isinstance(authentication, dict) else None,
    )
    return _defaulted(reading, "cluster-api")


def _kubespray(document: Mapping[str, Any], name: str) -> Reading:
    """Group variables, as roles/kubernetes/control-plane/templates of kubespray read them."""
    given = _flags(document.get("kube_kubeadm_apiserver_extra_args"), name)
    extra = tuple((flag, _filled(document, value)) for flag, value in given)
    patches = _mappings(document, "kubeadm_patches")
    own = [_list(each, "patch") for each in patches if each.get("target") == PROGRAM]
    appended = tuple(flag for patch in own for flag in _appended(patch))
    version = _version(f":{document.get('kube_version', '')}")
    authentication = _kubespray_authentication(document, version)
    flags = (*extra, *appended, *_kubespray_flags(document, authentication))
    reading = Reading(
        name,
        "kubespray group variables",
        settings_in(flags, name),
        schema="extra-args-patch" if appended else None,
        version=version,
        authentication=authentication,
    )
    domain = _filled(document, document.get("dns_domain", "{{ cluster_name }}"))
    return _defaulted(reading, "kubespray", f"https://kubernetes.default.svc.{domain}")


def _kubespray_authentication(
    document: Mapping[str, Any], version: str | None
) -> dict[str, Any] | None:
    """The AuthenticationConfiguration that kubespray writes; None where it writes none."""
    if document.get("kube_apiserver_use_authentication_config_file") is not True:
        return None
    parts = {
        "jwt": _list(document, "kube_apiserver_authentication_config_jwt"),
        "anonymous": _mapping(document, "kube_apiserver_authentication_config_anonymous"),
    }
    minor = int(version.partition(".")[2]) if version else None
    return {
        "apiVersion": f"apiserver.config.k8s.io/{authentication_form(minor)}",
        "kind": "AuthenticationConfiguration",
        **{key: value for key, value in parts.items() if value},
    }


def _kubespray_flags(
    document: Mapping[str, Any], authentication: Mapping[str, Any] | None
) -> Iterator[tuple[str, str]]:
    """The flags that have variables of their own."""
    gates = [_list(document, key) for key in ("kube_apiserver_feature_gates", "kube_feature_gates")]
    for gate in gates[0] or gates[1]:
        yield FEATURE_GATES, str(gate)
    if authentication is not None:
        form = str(authentication["apiVersion"]).partition("/")[2]
        folder = _filled(document, "{{ kube_config_dir }}")
        yield AUTHENTICATION_CONFIG, f"{folder}/apiserver-authentication-config-{form}.yaml"
        return
    if document.get("kube_api_anonymous_auth") is False:
        yield ANONYMOUS_AUTH, "false"
    if document.get("kube_oidc_auth") is True:
        for key, flag in _KUBESPRAY_OIDC.items():
            if key in document:
                yield flag, _filled(document, document[key])


def _filled(document: Mapping[str, Any], value: Any) -> str:
    """Text in which `{{ variable }}` is replaced, where the same document says what it is."""
    known = {**_KUBESPRAY_DEFAULTS, **document}
    return _VARIABLE.sub(lambda found: str(known.get(found[1], found[0])), str(value))


def _loaded(text: str) -> Any:
    try:
        found = objects(text, _MOST_VALUES_INSIDE)
    except DocumentError:
        return None
    return found[0] if len(found) == 1 else None


def _appended(patch: Any) -> Flags:
    """The flags that a JSON patch appends to the static pod."""
    operations = patch if isinstance(patch, list) else []
    values = [str(each.get("value")) for each in operations if isinstance(each, dict)]
    return parsed([value for value in values if value.startswith("--")])


def _k3s(document: Mapping[str, Any], name: str) -> Reading:
    if "kube-apiserver-arg+" in document and "kube-apiserver-arg" not in document:
        raise UserError(
            f"{name}: adds to what other files set, with 'kube-apiserver-arg+'. Give all of it, "
            f'the line "Running {PROGRAM}" of the journal.'
        )
    given = [
        value
        for key, values in document.items()
        if str(key).rstrip("+") == "kube-apiserver-arg" and values is not None
        for value in (values if isinstance(values, list) else [values])
    ]
    if not all(isinstance(value, str) for value in given):
        raise UserError(f"{name}: kube-apiserver-arg is not a list of texts like NAME=VALUE.")
    domain = document.get("cluster-domain", "cluster.local")
    is_rke2 = (
        "cni" in document
        or "profile" in document
        or str(document.get("server")).endswith(_RKE2_PORT)
        or "/rke2/" in name
    )
    distribution = "rke2" if is_rke2 else "k3s"
    issuer = f"https://kubernetes.default.svc.{domain}"
    own = {ISSUER: (issuer,), AUDIENCES: (issuer, distribution)}
    flags = _extended(parsed([f"--{value.removeprefix('--')}" for value in given]), own)
    reading = Reading(name, "a k3s or RKE2 configuration", settings_in(flags, name))
    return _defaulted(reading, distribution, issuer)


def _extended(flags: Flags, own: Mapping[str, tuple[str, ...]]) -> Flags:
    """Flags of k3s in which `NAME+=VALUE` puts a value behind those that k3s sets by itself, and
    `NAME-=VALUE` one before all others (`GetArgs` in k3s pkg/util/args.go)."""
    values: dict[str, tuple[str, ...]] = {}
    for flag, value in flags:
        name = flag.rstrip("+-")
        known = values.get(name, own.get(name, ()) if flag != name else ())
        values[name] = (value, *known) if flag.endswith("-") else (*known, value)
    return tuple((name, value) for name, given in values.items() for value in given)


def _k0s(document: Mapping[str, Any], name: str) -> Reading:
    api = _mapping(document, "spec", "api")
    raw = parsed([str(each) for each in _list(api, "rawArgs")])
    reading = Reading(
        name, "a k0s ClusterConfig", settings_in((*_flags(api.get("extraArgs"), name), *raw), name)
    )
    return _defaulted(reading, "k0s")


def _kops(document: Mapping[str, Any], name: str) -> Reading:
    server = _mapping(document, "spec", "kubeAPIServer")
    store = _mapping(document, "spec", "serviceAccountIssuerDiscovery").get("discoveryStore")
    if store and "serviceAccountIssuer" not in server:
        raise UserError(
            f"{name}: kOps makes the issuer out of serviceAccountIssuerDiscovery.discoveryStore, "
            "the Cluster does not say which: give the pods that run, 'kubectl -n kube-system get "
            "pods -l k8s-app=kube-apiserver -o yaml'."
        )
    own = f"https://api.internal.{_mapping(document, 'metadata').get('name', '')}"
    issuer = server.get("serviceAccountIssuer", own)
    settings = Settings(
        issuers=(str(issuer), *map(str, _list(server, "additionalServiceAccountIssuers"))),
        jwks_uri=f"{issuer}/openid/v1/jwks",
        api_audiences=tuple(map(str, _list(server, "apiAudiences"))),
        anonymous_auth="false",
    )
    version = _version(f":v{_mapping(document, 'spec').get('kubernetesVersion', '')}")
    return _defaulted(Reading(name, "a kOps Cluster", settings, version=version), "kops")


def _is_talos(document: Mapping[str, Any]) -> bool:
    parts = ("machine", "cluster")
    return any(isinstance(document.get(part), dict) for part in parts) or (
        document.get("apiVersion") == "v1alpha1" and str(document.get("kind")).startswith("Kube")
    )


def _is_wrapped(document: Mapping[str, Any]) -> bool:
    """As `talosctl get machineconfig -o yaml` shows it."""
    kind = _mapping(document, "metadata").get("type")
    return isinstance(document.get("spec"), str) and "MachineConfig" in str(kind)


def _talos(documents: list[dict[str, Any]], name: str) -> Reading:
    flags: Flags = ()
    endpoint = schema = version = authentication = None
    accepted: tuple[str, ...] = ()
    for document in documents:
        if _mapping(document, "machine").get("type") in ("worker", "join"):
            raise UserError(
                f"{name}: is the machine configuration of a worker, on which no API server runs: "
                "give that of a control plane node."
            )
        cluster = _mapping(document, "cluster")
        server = _mapping(cluster, "apiServer")
        if document.get("kind") == "KubeAPIServerConfig":
            server, schema = document, "v1.14"
        if document.get("kind") == "KubeServiceAccountConfig":
            endpoint = _mapping(document, "issuer").get("issuerURL", endpoint)
            accepted = tuple(map(str, _list(_mapping(document, "accepted"), "issuers")))
        if document.get("kind") == "KubeAuthenticationConfig":
            authentication = {**_TALOS_AUTHENTICATION, **_mapping(document, "configuration")}
            flags += ((AUTHENTICATION_CONFIG, _TALOS_AUTHENTICATION_FILE),)
        endpoint = endpoint or _mapping(cluster, "controlPlane").get("endpoint")
        image = str(_mapping(document, "machine", "install").get("image", ""))
        schema = schema or _talos_schema(image) or ("v1.13" if "apiServer" in cluster else None)
        version = _version(server.get("image")) or version
        flags += _flags(server.get("extraArgs"), name)
    reading = Reading(
        name,
        "a Talos machine configuration",
        settings_in(flags, name),
        schema=schema,
        version=version,
        authentication=authentication,
    )
    if endpoint is None:
        raise UserError(
            f"{name}: names no endpoint of the control plane, which Talos takes as the issuer. "
            "Give the whole machine configuration."
        )
    found = _defaulted(reading, "talos", str(endpoint), audiences=(str(endpoint),))
    issuers = (*found.settings.issuers, *accepted)
    return replace(found, settings=replace(found.settings, issuers=tuple(dict.fromkeys(issuers))))


def _talos_schema(image: str) -> str | None:
    found = _TAG.search(image)
    if not found:
        return None
    minor = int(found["version"].partition(".")[2])
    return "v1.12" if minor <= 12 else "v1.13"


def _defaulted(
    reading: Reading,
    distribution: str,
    issuer: str | None = None,
    key_folder: str = "",
    audiences: tuple[str, ...] = (),
) -> Reading:
    """With what the distribution sets by itself, where its configuration says nothing."""
    own = DISTRIBUTIONS[distribution]
    settings = reading.settings
    minor = int(reading.version.partition(".")[2]) if reading.version else None
    sets_one = minor is None or minor >= own.issuer_since
    default = (issuer or own.issuer) if sets_one else None
    audiences = audiences or tuple(
        default if each == own.issuer and default else each for each in own.audiences
    )
    return replace(
        reading,
        distribution=distribution,
        settings=replace(
            settings,
            issuers=settings.issuers or ((default,) if default else ()),
            api_audiences=settings.api_audiences or audiences,
            key_files=settings.key_files or ((f"{key_folder}/sa.pub",) if key_folder else ()),
            signing_key_file=settings.signing_key_file
            or (f"{key_folder}/sa.key" if key_folder else None),
            anonymous_auth=settings.anonymous_auth
            or (None if own.anonymous or settings.authentication_config else "false"),
        ),
    )


def _flags(extra_args: Any, name: str) -> Flags:
    """`extraArgs` as a map, a map of lists, or a list of names and values."""
    if extra_args is None:
        return ()
    if isinstance(extra_args, dict):
        return tuple(
            (str(key), _text(value))
            for key, values in extra_args.items()
            for value in (values if isinstance(values, list) else [values])
        )
    if isinstance(extra_args, list) and all(
        isinstance(each, dict) and "name" in each for each in extra_args
    ):
        return tuple((str(each["name"]), _text(each.get("value", ""))) for each in extra_args)
    raise UserError(f"{name}: extraArgs is neither a map nor a list of names and values.")


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _mapping(document: Any, *path: str) -> Mapping[str, Any]:
    for key in path:
        document = document.get(key) if isinstance(document, dict) else None
    return document if isinstance(document, dict) else {}


def _mappings(document: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    return [each for each in _list(document, key) if isinstance(each, dict)]


def _list(document: Mapping[str, Any], key: str) -> list[Any]:
    found = document.get(key)
    return found if isinstance(found, list) else []


def _version(image: Any) -> str | None:
    found = _TAG.search(str(image))
    return found["version"] if found else None


_READERS: Mapping[tuple[str, str], Callable[[Mapping[str, Any], str], Reading]] = {
    ("Pod", "v1"): _pod,
    ("DaemonSet", "apps"): _pod,
    ("Deployment", "apps"): _pod,
    ("StatefulSet", "apps"): _pod,
    ("ConfigMap", "v1"): _config_map,
    ("ClusterConfiguration", "kubeadm.k8s.io"): _kubeadm,
    ("KubeadmControlPlane", "controlplane.cluster.x-k8s.io"): _kubeadm_control_plane,
    ("ClusterConfig", "k0s.k0sproject.io"): _k0s,
    ("Cluster", "kops.k8s.io"): _kops,
}
