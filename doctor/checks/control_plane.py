"""The layer `control-plane`: what the cluster itself says, with a kubeconfig."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

from apiserver import flags
from apiserver.pods import api_server_in
from apiserver.settings import Settings
from doctor import evidence
from doctor.checks import aws, cluster, discovery, strangers
from doctor.difference import compare_issuers
from doctor.examination import Check, Examination, Missing, WorkloadCheck
from doctor.finding import Finding, Rule
from doctor.live.cluster import Cluster, ClusterError
from federation.errors import UserError
from federation.model.config import Workload
from federation.model.names import DISCOVERY_ROLE
from federation.pod_environment import Judged, judge
from formats.escaping import enumeration, listed, printable, quoted

VERIFIED = Rule(
    "control-plane-verified",
    "control-plane",
    "The kubeconfig verifies the API server's certificate",
    "With 'insecure-skip-tls-verify' anyone between here and the API server can answer in its "
    "place, and gets the credentials.",
    "The kubeconfig has 'insecure-skip-tls-verify: true'.",
    "Put the authority's certificate into the kubeconfig instead (certificate-authority-data).",
)
ISSUER = Rule(
    "control-plane-issuer",
    "control-plane",
    "The cluster's own discovery document names the configured issuer",
    "Read from the API server itself with the credentials of the kubeconfig, not through "
    "anything in front of it.",
    "The first --service-account-issuer of the API server is not the configured issuer, or the "
    "context belongs to another cluster.",
    "Set the first --service-account-issuer of every API server to the configured issuer; or "
    "configure the right context.",
)
FLAGS = Rule(
    "control-plane-flags",
    "control-plane",
    "Every API server has the configured issuer first, and the address of the keys",
    "The first --service-account-issuer signs, all of them are accepted, and every API server "
    "of the cluster must have the same ones. --service-account-jwks-uri tells AWS where the "
    "keys are. Read from the API servers' pods in kube-system, if they are visible.",
    "A flag was set on only some of the control plane nodes, or was lost: a map of extraArgs "
    "(kubeadm before v1beta4, Cluster API before v1beta2) keeps only one of several flags of "
    "the same name.",
    "Set the same flags on every control plane node, one after the other.",
)
API_AUDIENCES = Rule(
    "control-plane-api-audiences",
    "control-plane",
    "The API server does not accept the tokens for AWS",
    "--api-audiences lists the audiences of tokens that log in to the API server; without the "
    "flag it is the issuer. If it has the audience of AWS, someone who obtains a token on its "
    "way to AWS can log in to the cluster.",
    "The audience of AWS was added to --api-audiences, as some guides tell you to.",
    "Remove it from --api-audiences and keep the others: without the issuer among them, pods "
    "are locked out.",
)
BINDING = Rule(
    "control-plane-binding",
    "control-plane",
    "Anonymous readers are bound to the discovery role",
    "The ClusterRole 'system:service-account-issuer-discovery' is built in and grants only "
    "'get' on the two documents. Kubernetes binds it to service accounts; the federation adds "
    "the group 'system:unauthenticated' (KEP-1393).",
    "The discovery stack was not deployed, or its ClusterRoleBinding was deleted.",
    "Deploy the discovery stack.",
)
PATHS = Rule(
    "control-plane-anonymous-paths",
    "control-plane",
    "Anonymous requests are limited to paths, if that is configured",
    "With 'exposure: authentication-config' each API server has an AuthenticationConfiguration "
    "whose 'anonymous.conditions' list the paths that accept anonymous requests. All others are "
    "rejected with 401 before RBAC is asked (KEP-4633, Kubernetes 1.31 or newer). The kubelet "
    "checks the health of the API server without credentials, so /livez, /readyz and /healthz "
    "must be listed.",
    "--authentication-config is not set on every API server, or its file has no 'conditions'.",
    "Set it on each, and mount the file: 'python -m wizard apiserver' writes both.",
)
CONFIG_MAP = Rule(
    "control-plane-config-map",
    "control-plane",
    "The workload's ConfigMap has exactly the configured settings",
    "Pods take their AWS environment from it: the role, the token file and the region. Every "
    "other entry becomes an environment variable, too. An entry that can redirect requests or "
    "run code (endpoints, proxies, CA bundles, profiles, credentials, PYTHON*, LD_* and "
    "anything that is not a known setting of the AWS SDKs) is a failure. A harmless setting of "
    "the SDKs, such as AWS_RETRY_MODE, is a warning.",
    "The workloads stack was not deployed, or the ConfigMap was edited.",
    "Deploy the workloads stack.",
)

_ANY_PATH = "/api"
_HEALTH_PATHS = ("/livez", "/readyz", "/healthz")
_MOST_NAMES = 20
_NO_OTHERS = "only the configured settings"
_AS_CONFIGURED = Judged((), (), ())
_INJECTED = (
    "Each entry becomes an environment variable of the pods. Entries that are not configured can "
    "send the pods' tokens and requests elsewhere, or run code in them."
)
_REMOVE = (
    "Find out who added the entries, and remove them. Then deploy the workloads stack, and restart "
    "the pods: an environment is only read at the start."
)
_ADDED = "Someone added settings of the AWS SDKs."
_KEEP = (
    "Remove them, or set them in the pods' own 'env': this ConfigMap is managed by the "
    "configuration. The doctor runs the aws CLI without them."
)


async def config_map(examination: Examination, workload: Workload) -> Mapping[str, object]:
    """The workload's ConfigMap, as read back from the cluster."""
    found = await examination.once(cluster.live)
    try:
        return await asyncio.to_thread(found.config_map, workload.namespace, workload.config_map)
    except ClusterError as error:
        seen = f"{workload.namespace}/{workload.config_map}: {error}"
        finding = CONFIG_MAP.failed(seen, "a ConfigMap", evidence.name(workload))
        raise Missing.because(finding) from None


async def _answers(examination: Examination) -> AsyncIterator[Finding]:
    found = await examination.once(cluster.live)
    yield cluster.ACCESS.passed(f"{quoted(found.server)} answers")


async def _is_verified(examination: Examination) -> AsyncIterator[Finding]:
    found = await examination.once(cluster.live)
    if found.is_verified:
        yield VERIFIED.passed("it is verified")
    else:
        yield VERIFIED.warned("insecure-skip-tls-verify: true", "a verified certificate")


async def _names_issuer(examination: Examination) -> AsyncIterator[Finding]:
    issuer = await cluster.read(examination, Cluster.issuer)
    yield compare_issuers(ISSUER, issuer, examination.config.issuer)


async def _has_flags(examination: Examination) -> AsyncIterator[Finding]:
    config = examination.config
    servers = await examination.once(_api_servers)
    issuers = {name: each.issuers for name, each in servers.settings.items()}
    seen = _by_server(issuers)
    if any(each[:1] != (config.issuer,) for each in issuers.values()):
        yield FLAGS.failed(f"--{flags.ISSUER} {seen}", f"{config.issuer} first")
        return
    if len(set(issuers.values())) > 1:
        yield FLAGS.failed(f"--{flags.ISSUER} {seen}", "the same on each")
        return
    uris = {name: each.values(flags.JWKS_URI) for name, each in servers.settings.items()}
    if any(each != (config.jwks_uri,) for each in uris.values()):
        yield FLAGS.failed(f"--{flags.JWKS_URI} {_by_server(uris)}", f"{config.jwks_uri} on each")
        return
    servers.check_all_understood()
    yield FLAGS.passed(f"--{flags.ISSUER} {seen}")


async def _refuses_aws_audience(examination: Examination) -> AsyncIterator[Finding]:
    servers = await examination.once(_api_servers)
    audiences = {name: each.accepted_audiences for name, each in servers.settings.items()}
    configured = examination.config.audience
    if any(set(each) & set(configured) for each in audiences.values()):
        yield API_AUDIENCES.failed(_by_server(audiences), f"none of {listed(configured)}")
        return
    servers.check_all_understood()
    yield API_AUDIENCES.passed(_by_server(audiences))


async def _is_bound(examination: Examination) -> AsyncIterator[Finding]:
    bindings = await examination.once(strangers.bindings)
    reading = filter(strangers.reads_documents, bindings)
    binding = [each.full_name for each in reading if each.is_anonymous]
    if binding:
        yield BINDING.passed(listed(binding))
        return
    if examination.config.discovery.exposure == "none":
        yield BINDING.passed("none, as configured")
        return
    expected = f"a ClusterRoleBinding of {DISCOVERY_ROLE} to system:unauthenticated"
    if await _is_readable(examination):
        yield BINDING.warned("none, but something else serves the documents", expected)
    else:
        yield BINDING.failed("none", expected)


async def _limits_paths(examination: Examination) -> AsyncIterator[Finding]:
    status = await _anonymous_status(examination, _ANY_PATH)
    seen = f"HTTP {status} for {_ANY_PATH}"
    if examination.config.discovery.exposure != "authentication-config":
        yield PATHS.passed(f"{seen}; no limit is configured")
    elif status != 401:
        yield PATHS.warned(seen, "HTTP 401 for all other paths")
    else:
        yield await _health(examination)


async def _health(examination: Examination) -> Finding:
    """Whether the limit leaves out what the kubelet asks for."""
    refused = [path for path in _HEALTH_PATHS if await _anonymous_status(examination, path) == 401]
    if not refused:
        return PATHS.passed(f"HTTP 401 for {_ANY_PATH}, and not for the health of the server")
    return PATHS.warned(
        f"HTTP 401 for {', '.join(refused)}",
        "no HTTP 401 there",
        cause="The paths are not among the 'anonymous.conditions'. The kubelet asks for them "
        "without credentials, and restarts an API server that refuses.",
        fix=f"Add {', '.join(refused)} to the 'anonymous.conditions' of each API server.",
    )


async def _anonymous_status(examination: Examination, path: str) -> int:
    return await cluster.read(examination, lambda each: each.anonymous_status(path))


async def _has_settings(examination: Examination, workload: Workload) -> AsyncIterator[Finding]:
    found = await examination.once(config_map, workload)
    about = evidence.name(workload)
    further = judge(found, examination.config.environment(role_arn=""))
    if further.dangerous:
        names = _names(further.dangerous)
        yield CONFIG_MAP.failed(names, _NO_OTHERS, about, cause=_INJECTED, fix=_REMOVE)
    if further.harmless:
        names = _names(further.harmless)
        yield CONFIG_MAP.warned(names, _NO_OTHERS, about, cause=_ADDED, fix=_KEEP)
    arn = await examination.once(aws.configured_role_arn, workload)
    configured = examination.config.environment(arn)
    judged = judge(found, configured)
    if judged.wrong:
        seen, expected = (_settings(each, judged.wrong) for each in (found, configured))
        yield CONFIG_MAP.failed(seen, expected, about)
    if judged == _AS_CONFIGURED:
        yield CONFIG_MAP.passed(f"{workload.namespace}/{workload.config_map}", about)


@dataclass(frozen=True)
class _ApiServers:
    """The API servers that run as pods.

    Attributes:
        settings: of each whose flags are understood, by the pod's name.
        reasons: why the flags of the others are not.
    """

    settings: Mapping[str, Settings]
    reasons: Sequence[str]

    def check_all_understood(self) -> None:
        """That nothing is said of API servers whose flags are not known.

        Raises:
            Missing: there are such ones.
        """
        if self.reasons:
            raise Missing("; ".join(self.reasons))


async def _api_servers(examination: Examination) -> _ApiServers:
    pods = await cluster.read(examination, Cluster.api_server_pods)
    if not pods:
        raise Missing("no API server runs as a pod that can be seen in kube-system")
    settings, reasons = {}, []
    for name, pod in pods.items():
        try:
            settings[name] = api_server_in(pod, "kube-system").settings
        except UserError as error:
            reasons.append(str(error))
    return _ApiServers(settings, reasons)


async def _is_readable(examination: Examination) -> bool:
    try:
        await examination.once(discovery.keys)
    except Missing:
        return False
    return True


def _by_server(values: Mapping[str, Sequence[str]]) -> str:
    return "; ".join(
        f"{listed(each) if each else 'unset'} on {name}" for name, each in values.items()
    )


def _settings(data: Mapping[str, object], names: Sequence[str]) -> str:
    """Configured settings with their values, none of which is secret."""
    return ", ".join(
        f"{name}={quoted(data[name])}" if name in data else f"no {name}" for name in names
    )


def _names(names: Sequence[str]) -> str:
    """Further settings without their values, which may be secrets."""
    return enumeration(list(map(printable, names)), _MOST_NAMES)


CHECKS = (
    Check(cluster.ACCESS, _answers),
    Check(VERIFIED, _is_verified),
    Check(ISSUER, _names_issuer),
    Check(FLAGS, _has_flags),
    Check(API_AUDIENCES, _refuses_aws_audience),
    Check(BINDING, _is_bound),
    Check(strangers.ANONYMOUS, strangers.are_granted_little),
    Check(PATHS, _limits_paths),
    WorkloadCheck(CONFIG_MAP, _has_settings),
)
