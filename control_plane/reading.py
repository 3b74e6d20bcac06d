"""What runs now: the settings of an API server, read from what an engineer has at hand.

A static pod manifest or the pods themselves (`kubectl get pods -o yaml`), the output of `ps`, a
process's command line (`/proc/PID/cmdline`), a systemd unit, or the configuration of a
distribution. The kind is found by looking. Only flags are taken over: a machine configuration or a
k3s configuration holds secrets, and nothing else of it is kept.
"""

from __future__ import annotations

import codecs
import json
import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from control_plane.distributions import DISTRIBUTIONS
from control_plane.settings import (
    ANONYMOUS_AUTH,
    AUDIENCES,
    ISSUER,
    KEY_FILE,
    NAMES,
    Flags,
    Settings,
    parsed,
)
from federation.errors import UserError

PROGRAM = "kube-apiserver"

_TAG = re.compile(r":v?(?P<version>[0-9]+\.[0-9]+)(\.[0-9]+)?")
_PATCH = re.compile(rf"/{PROGRAM}[^/]*\+json\.(json|yaml)$")
_TALOS_AUTHENTICATION = {
    "apiVersion": "apiserver.config.k8s.io/v1beta1",
    "kind": "AuthenticationConfiguration",
}
"""What Talos 1.14 takes for granted in KubeAuthenticationConfig."""
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
_RKE2_PORT = ":9345"
"""Where a further server of RKE2 registers; k3s has 6443."""
_JOURNAL = re.compile(rf'^.* msg="Running ({PROGRAM} .*)"\s*$')
_FLAG_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*")


@dataclass(frozen=True)
class Reading:
    """The settings of one API server.

    Attributes:
        name: what errors call it.
        kind: what it was read from.
        settings: what is set, with what the distribution sets by itself.
        distribution: which one it is of, where that can be seen.
        schema: the form of its configuration, where that can be seen.
        version: `1.MINOR`, where it can be seen.
        program: the path of the program, where it can be seen.
        authentication: the AuthenticationConfiguration, where it is part of what was read.
    """

    name: str
    kind: str
    settings: Settings
    distribution: str | None = None
    schema: str | None = None
    version: str | None = None
    program: str = PROGRAM
    authentication: Mapping[str, Any] | None = None


def read(content: bytes, name: str) -> tuple[Reading, ...]:
    """Read what runs now.

    Args:
        content: what the file holds.
        name: what errors call it.

    Returns:
        One reading for each API server in it.

    Raises:
        UserError: it is not of an API server, or of none of the kinds that are known here.
    """
    is_utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = content.decode("utf-16" if is_utf16 else "utf-8-sig")
    except UnicodeDecodeError:
        raise UserError(f"{name}: is not UTF-8 text.") from None
    if "\0" in text:
        arguments = [part for part in text.split("\0") if part]
        return (_of_command(arguments, name, "a process's command line"),)
    if not text.strip():
        raise UserError(f"{name}: is empty. Did the command that should fill it fail?")
    if re.match(r"\s*-----BEGIN [A-Z ]*PRIVATE KEY-----", text):
        raise UserError(
            f"{name}: is a private key, which belongs on the control plane nodes alone. Nothing of "
            "it was kept. Give what starts kube-apiserver: its manifest, unit or command line."
        )
    for reader in (_units, _flag_lists, _arrays, _processes, _documents):
        if found := tuple(reader(text, name)):
            return found
    raise _unknown(name)


def agreed(readings: tuple[Reading, ...]) -> Settings:
    """The settings that all API servers of a cluster have.

    Raises:
        UserError: they differ in what every API server of a cluster must have alike.
    """
    first = readings[0]
    for other in readings[1:]:
        for flag in (ISSUER, KEY_FILE, AUDIENCES):
            pair = first.settings.values(flag), other.settings.values(flag)
            if pair[0] != pair[1]:
                seen = " and ".join(", ".join(values) or "none" for values in pair)
                raise UserError(
                    f"{first.name} and {other.name} differ in --{flag}: {seen}. A token that one "
                    "API server issues must be taken by all: make them alike first."
                )
    return first.settings


def _units(text: str, name: str) -> Iterator[Reading]:
    """`ExecStart=` of a systemd unit; the last one counts, since an empty one takes back."""
    if not re.search(r"^\[Service\]", text, re.MULTILINE):
        return
    commands = re.findall(r"^ExecStart=[-@:+!]*(.+)$", _joined(text), re.MULTILINE)
    if not commands:
        raise UserError(f"{name}: is a systemd unit without ExecStart.")
    if "$" in commands[-1]:
        raise UserError(
            f"{name}: ExecStart takes flags from the environment. Give the running process "
            "instead: 'cat /proc/$(pgrep -x kube-apiserver)/cmdline | python -m wizard apiserver "
            "--from -'."
        )
    yield replace(_of_command(_words(commands[-1], name), name, "a systemd unit"), schema="systemd")


def _flag_lists(text: str, name: str) -> Iterator[Reading]:
    lines = [line.strip() for line in _joined(text).splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    if lines and all(line.startswith("--") for line in lines):
        arguments = [word for line in lines for word in _words(line, name)]
        yield Reading(name, "flags", _settings(parsed(arguments), name))


def _arrays(text: str, name: str) -> Iterator[Reading]:
    """A line of JSON for each pod, its command and its arguments, as `kubectl -o jsonpath` shows.

    `Distribution.verify` has the command.
    """
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            parts = json.loads(f"[{line.replace('][', '],[')}]")
        except ValueError:
            return
        arguments = [str(each) for part in parts if isinstance(part, list) for each in part]
        if _program_of_pod(arguments) is not None:
            yield _of_pod(arguments, f"{name}:{number}")


def _processes(text: str, name: str) -> Iterator[Reading]:
    """Lines of `ps`, each with or without columns before the program; `grep` finds itself too."""
    for line in _joined(text).splitlines():
        words = _shown_words(line)
        at = _program(words)
        if at is not None and any(word.startswith("--") for word in words[at:]):
            yield _whole(_of_command(words, name, "the output of ps"))


def _shown_words(line: str) -> list[str]:
    """The words of a line of ps, of a script, or of the journal of k3s and RKE2."""
    shown = _JOURNAL.sub(r"\1", line)
    try:
        return shlex.split(shown)
    except ValueError:
        return shown.split()


def _whole(reading: Reading) -> Reading:
    """A line of ps that was not cut where the terminal ended."""
    flags = {name for name, _ in reading.settings.others}
    if not reading.settings.key_files and "service-account-signing-endpoint" not in flags:
        raise UserError(
            f"{reading.name}: the line has no --service-account-key-file, without which no API "
            "server starts. It may be cut: 'ps -ww -o args= -C kube-apiserver' shows all of it."
        )
    return reading


def _of_command(arguments: list[str], name: str, kind: str) -> Reading:
    at = _program(arguments)
    if at is None:
        shown = PurePosixPath(arguments[0]).name if arguments else "nothing"
        hint = " k3s runs the API server in itself: give its config.yaml." if shown == "k3s" else ""
        raise UserError(f"{name}: starts {shown!r}, not {PROGRAM}.{hint}")
    settings = _settings(parsed(arguments[at + 1 :]), name)
    return Reading(name, kind, settings, program=arguments[at])


def _settings(flags: Flags, name: str) -> Settings:
    """The settings in flags that an API server can have been started with."""
    for flag, value in flags:
        if not _FLAG_NAME.fullmatch(flag):
            raise UserError(f"{name}: --{flag} is not the name of a flag: write NAME=VALUE.")
        if value == "true" and flag in NAMES and flag != ANONYMOUS_AUTH:
            raise UserError(f"{name}: --{flag} has no value, and kube-apiserver needs one.")
    return Settings.of(flags)


def _program(words: list[str]) -> int | None:
    """The position of the program among the words of a command."""
    for at, word in enumerate(words):
        if word.startswith("--"):
            return None
        if PurePosixPath(word).name == PROGRAM and "grep" not in words[:at]:
            return at
    return None


def _joined(text: str) -> str:
    """Text in which a line that ends with a backslash goes on in the next one."""
    return re.sub(r"\\\s*(\n\s*|$)", " ", text)


def _words(text: str, name: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        raise UserError(f"{name}: a quote is opened and never closed.") from None


def _documents(text: str, name: str) -> Iterator[Reading]:
    yaml = YAML(typ="safe", pure=True)
    try:
        documents = [each for each in yaml.load_all(text) if isinstance(each, dict)]
    except (YAMLError, ValueError, TypeError, RecursionError):
        return
    talos = [each for each in documents if _is_talos(each)]
    if talos:
        yield _talos(talos, name)
        return
    found = [reading for document in documents for reading in _document(document, name)]
    kinds = [str(each["kind"]) for each in documents if "kind" in each]
    if kinds and not found:
        raise UserError(f"{name}: is a {kinds[0]}, which does not say how {PROGRAM} runs.")
    yield from found


def _document(document: Mapping[str, Any], name: str) -> Iterator[Reading]:
    kind, group = str(document.get("kind")), str(document.get("apiVersion")).partition("/")[0]
    if kind == "List" or kind == "PodList":
        yield from _pods(_mappings(document, "items"), name)
    elif (kind, group) in _READERS:
        yield _READERS[kind, group](document, name)
    elif "kube_kubeadm_apiserver_extra_args" in document:
        yield _kubespray(document, name)
    elif any(str(key).rstrip("+") == "kube-apiserver-arg" for key in document) or any(
        key in document for key in _K3S_KEYS
    ):
        yield _k3s(document, name)
    elif _is_wrapped(document):
        yield from _documents(str(document["spec"]), name)


def _pods(items: list[Mapping[str, Any]], name: str) -> Iterator[Reading]:
    """Of all pods of a namespace those that run an API server."""
    found = [reading for item in items if (reading := _api_server(item, name))]
    if not found:
        raise UserError(f"{name}: no object in it runs {PROGRAM} (objects: {len(items)}).")
    yield from found


def _pod(document: Mapping[str, Any], name: str) -> Reading:
    if found := _api_server(document, name):
        return found
    own = str(_mapping(document, "metadata").get("name", "a pod"))
    containers = _mappings(_mapping(document, "spec"), "containers")
    programs = [str(each) for container in containers for each in _list(container, "command")[:1]]
    raise UserError(
        f"{name}: the pod {own!r} runs {', '.join(programs) or 'something else'}, not {PROGRAM}."
    )


def _api_server(document: Mapping[str, Any], name: str) -> Reading | None:
    own = str(_mapping(document, "metadata").get("name", "a pod"))
    for container in _mappings(_mapping(document, "spec"), "containers"):
        arguments = [str(each) for key in ("command", "args") for each in _list(container, key)]
        if _program_of_pod(arguments) is not None:
            annotations = " ".join(map(str, _mapping(document, "metadata", "annotations")))
            return replace(
                _of_pod(arguments, f"{name} ({own})"),
                version=_version(container.get("image")),
                distribution="kubeadm" if "kubeadm.kubernetes.io" in annotations else None,
            )
    return None


def _program_of_pod(arguments: list[str]) -> int | None:
    """As `_program`, behind the flags of a wrapper too (kOps: `go-runner --log-file=...`)."""
    names = [PurePosixPath(argument).name for argument in arguments]
    return names.index(PROGRAM) if PROGRAM in names else None


def _of_pod(arguments: list[str], name: str) -> Reading:
    at = _program_of_pod(arguments) or 0
    return _of_command(arguments[at:], name, "a static pod")


def _config_map(document: Mapping[str, Any], name: str) -> Reading:
    inner = _mapping(document, "data").get("ClusterConfiguration")
    found = next(_documents(str(inner), name), None) if inner else None
    if found is None:
        raise UserError(f"{name}: is a ConfigMap without a ClusterConfiguration.")
    return found


def _kubeadm(document: Mapping[str, Any], name: str) -> Reading:
    domain = _mapping(document, "networking").get("dnsDomain", "cluster.local")
    folder = document.get("certificatesDir", "/etc/kubernetes/pki")
    reading = Reading(
        name,
        "a kubeadm ClusterConfiguration",
        _settings(_flags(_mapping(document, "apiServer").get("extraArgs"), name), name),
        schema=str(document["apiVersion"]).partition("/")[2],
        version=_version(f":{document.get('kubernetesVersion', '')}"),
    )
    return _defaulted(reading, "kubeadm", f"https://kubernetes.default.svc.{domain}", str(folder))


def _kubeadm_control_plane(document: Mapping[str, Any], name: str) -> Reading:
    spec = _mapping(document, "spec")
    machine = _mapping(spec, "kubeadmConfigSpec")
    server = _mapping(machine, "clusterConfiguration", "apiServer")
    contents = [
        _loaded(str(each.get("content", "")))
        for each in _mappings(machine, "files")
        if _PATCH.search(str(each.get("path")))
    ]
    appended = tuple(flag for patch in contents for flag in _appended(patch))
    form = str(document["apiVersion"]).partition("/")[2]
    reading = Reading(
        name,
        "a KubeadmControlPlane",
        _settings((*_flags(server.get("extraArgs"), name), *appended), name),
        schema=f"{form}-patch" if appended else form,
        version=_version(f":{spec.get('version', '')}"),
    )
    return _defaulted(reading, "cluster-api")


def _kubespray(document: Mapping[str, Any], name: str) -> Reading:
    flags = _flags(document["kube_kubeadm_apiserver_extra_args"], name)
    patches = _mappings(document, "kubeadm_patches")
    own = [_list(each, "patch") for each in patches if each.get("target") == PROGRAM]
    appended = tuple(flag for patch in own for flag in _appended(patch))
    reading = Reading(
        name,
        "kubespray group variables",
        _settings((*flags, *appended), name),
        schema="extra-args-patch" if appended else None,
    )
    return _defaulted(reading, "kubespray")


def _loaded(text: str) -> Any:
    try:
        return YAML(typ="safe", pure=True).load(text)
    except (YAMLError, ValueError):
        return None


def _appended(patch: Any) -> Flags:
    """The flags that a JSON patch appends to the static pod."""
    operations = patch if isinstance(patch, list) else []
    values = [str(each.get("value")) for each in operations if isinstance(each, dict)]
    return parsed([value for value in values if value.startswith("--")])


def _k3s(document: Mapping[str, Any], name: str) -> Reading:
    given = [
        value
        for key, values in document.items()
        if str(key).rstrip("+") == "kube-apiserver-arg" and values is not None
        for value in (values if isinstance(values, list) else [values])
    ]
    if not all(isinstance(value, str) for value in given):
        raise UserError(f"{name}: kube-apiserver-arg is not a list of texts like NAME=VALUE.")
    domain = document.get("cluster-domain", "cluster.local")
    is_rke2 = "cni" in document or str(document.get("server")).endswith(_RKE2_PORT)
    distribution = "rke2" if is_rke2 else "k3s"
    flags = parsed([f"--{value.removeprefix('--')}" for value in given])
    reading = Reading(name, "a k3s or RKE2 configuration", _settings(flags, name))
    return _defaulted(reading, distribution, f"https://kubernetes.default.svc.{domain}")


def _k0s(document: Mapping[str, Any], name: str) -> Reading:
    api = _mapping(document, "spec", "api")
    raw = parsed([str(each) for each in _list(api, "rawArgs")])
    reading = Reading(
        name, "a k0s ClusterConfig", _settings((*_flags(api.get("extraArgs"), name), *raw), name)
    )
    return _defaulted(reading, "k0s")


def _kops(document: Mapping[str, Any], name: str) -> Reading:
    server = _mapping(document, "spec", "kubeAPIServer")
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
        cluster = _mapping(document, "cluster")
        server = _mapping(cluster, "apiServer")
        if document.get("kind") == "KubeAPIServerConfig":
            server, schema = document, "v1.14"
        if document.get("kind") == "KubeServiceAccountConfig":
            endpoint = _mapping(document, "issuer").get("issuerURL", endpoint)
            accepted = tuple(map(str, _list(_mapping(document, "accepted"), "issuers")))
        if document.get("kind") == "KubeAuthenticationConfig":
            authentication = {**_TALOS_AUTHENTICATION, **_mapping(document, "configuration")}
        endpoint = endpoint or _mapping(cluster, "controlPlane").get("endpoint")
        image = str(_mapping(document, "machine", "install").get("image", ""))
        schema = schema or _talos_schema(image)
        version = _version(server.get("image")) or version
        flags += _flags(server.get("extraArgs"), name)
    reading = Reading(
        name,
        "a Talos machine configuration",
        _settings(flags, name),
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


def _unknown(name: str) -> UserError:
    return UserError(
        f"{name}: is nothing that says how {PROGRAM} runs. Known are: a static pod manifest or "
        "'kubectl get pods -o yaml', a line of 'ps -ww', /proc/PID/cmdline, a systemd unit, a "
        "kubeadm ClusterConfiguration (or its ConfigMap), config.yaml of k3s or RKE2, a Talos "
        "machine configuration, k0s.yaml, a kOps Cluster, a KubeadmControlPlane, kubespray group "
        "variables."
    )


_READERS: Mapping[tuple[str, str], Callable[[Mapping[str, Any], str], Reading]] = {
    ("Pod", "v1"): _pod,
    ("ConfigMap", "v1"): _config_map,
    ("ClusterConfiguration", "kubeadm.k8s.io"): _kubeadm,
    ("KubeadmControlPlane", "controlplane.cluster.x-k8s.io"): _kubeadm_control_plane,
    ("ClusterConfig", "k0s.k0sproject.io"): _k0s,
    ("Cluster", "kops.k8s.io"): _kops,
}
