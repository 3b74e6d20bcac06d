"""The layer `control-plane`: what the cluster itself says, with a kubeconfig."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

from apiserver.flags import ISSUER, JWKS_URI
from apiserver.pods import api_server_in
from apiserver.settings import Settings
from doctor import evidence
from doctor.checks import aws, cluster, discovery, strangers
from doctor.difference import compared
from doctor.examination import Check, Examination, Missing, WorkloadCheck
from doctor.finding import Finding
from doctor.live.cluster import Cluster, ClusterError
from doctor.rules import control_plane as rules
from federation.errors import UserError
from federation.model.config import Workload
from federation.model.names import DISCOVERY_ROLE
from federation.pod_environment import Judged, judge
from formats.escaping import enumeration, listed, printable, quoted

_ANY_PATH = "/api"
_HEALTH_PATHS = ("/livez", "/readyz", "/healthz")
_MOST_NAMES = 20
_NO_OTHERS = "no settings but the configured ones"
_AS_CONFIGURED = Judged((), (), ())
_INJECTED = (
    "Each entry becomes an environment variable of the pods. Entries that the configuration does "
    "not make can send the pods' tokens and requests elsewhere, or run code in them."
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
        finding = rules.CONFIG_MAP.failed(seen, "a ConfigMap", evidence.name(workload))
        raise Missing.because(finding) from None


async def _answers(examination: Examination) -> AsyncIterator[Finding]:
    found = await examination.once(cluster.live)
    yield rules.ACCESS.passed(f"{quoted(found.server)} answers")


async def _is_verified(examination: Examination) -> AsyncIterator[Finding]:
    found = await examination.once(cluster.live)
    if found.is_verified:
        yield rules.VERIFIED.passed("it is checked")
    else:
        yield rules.VERIFIED.warned("insecure-skip-tls-verify: true", "a checked certificate")


async def _names_issuer(examination: Examination) -> AsyncIterator[Finding]:
    issuer = await cluster.read(examination, Cluster.issuer)
    yield compared(rules.ISSUER, issuer, examination.config.issuer)


async def _has_flags(examination: Examination) -> AsyncIterator[Finding]:
    config = examination.config
    servers = await examination.once(_api_servers)
    issuers = {name: each.issuers for name, each in servers.settings.items()}
    seen = _by_server(issuers)
    if any(each[:1] != (config.issuer,) for each in issuers.values()):
        yield rules.FLAGS.failed(f"--{ISSUER} {seen}", f"{config.issuer} first")
        return
    if len(set(issuers.values())) > 1:
        yield rules.FLAGS.failed(f"--{ISSUER} {seen}", "the same on each")
        return
    uris = {name: each.values(JWKS_URI) for name, each in servers.settings.items()}
    if any(each != (config.jwks_uri,) for each in uris.values()):
        yield rules.FLAGS.failed(f"--{JWKS_URI} {_by_server(uris)}", f"{config.jwks_uri} on each")
        return
    servers.check_all_understood()
    yield rules.FLAGS.passed(f"--{ISSUER} {seen}")


async def _refuses_aws_audience(examination: Examination) -> AsyncIterator[Finding]:
    servers = await examination.once(_api_servers)
    audiences = {name: each.accepted_audiences for name, each in servers.settings.items()}
    configured = examination.config.audience
    if any(set(each) & set(configured) for each in audiences.values()):
        yield rules.API_AUDIENCES.failed(_by_server(audiences), f"none of {listed(configured)}")
        return
    servers.check_all_understood()
    yield rules.API_AUDIENCES.passed(_by_server(audiences))


async def _is_bound(examination: Examination) -> AsyncIterator[Finding]:
    bindings = await examination.once(strangers.bindings)
    reading = filter(strangers.reads_documents, bindings)
    binding = [each.full_name for each in reading if each.is_anonymous]
    if binding:
        yield rules.BINDING.passed(listed(binding))
        return
    if examination.config.discovery.exposure == "none":
        yield rules.BINDING.passed("none, as configured")
        return
    expected = f"a ClusterRoleBinding of {DISCOVERY_ROLE} to system:unauthenticated"
    if await _is_readable(examination):
        yield rules.BINDING.warned("none, but something else serves the documents", expected)
    else:
        yield rules.BINDING.failed("none", expected)


async def _limits_paths(examination: Examination) -> AsyncIterator[Finding]:
    status = await _anonymous_status(examination, _ANY_PATH)
    seen = f"HTTP {status} for {_ANY_PATH}"
    if examination.config.discovery.exposure != "authentication-config":
        yield rules.PATHS.passed(f"{seen}; the configuration asks for no limit")
    elif status != 401:
        yield rules.PATHS.warned(seen, "HTTP 401 for all paths but the allowed ones")
    else:
        yield await _health(examination)


async def _health(examination: Examination) -> Finding:
    """Whether the limit leaves out what the kubelet asks for."""
    refused = [path for path in _HEALTH_PATHS if await _anonymous_status(examination, path) == 401]
    if not refused:
        return rules.PATHS.passed(f"HTTP 401 for {_ANY_PATH}, and not for the health of the server")
    return rules.PATHS.warned(
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
        yield rules.CONFIG_MAP.failed(names, _NO_OTHERS, about, cause=_INJECTED, fix=_REMOVE)
    if further.harmless:
        names = _names(further.harmless)
        yield rules.CONFIG_MAP.warned(names, _NO_OTHERS, about, cause=_ADDED, fix=_KEEP)
    arn = await examination.once(aws.configured_role_arn, workload)
    configured = examination.config.environment(arn)
    judged = judge(found, configured)
    if judged.wrong:
        seen, expected = (_settings(each, judged.wrong) for each in (found, configured))
        yield rules.CONFIG_MAP.failed(seen, expected, about)
    if judged == _AS_CONFIGURED:
        yield rules.CONFIG_MAP.passed(f"{workload.namespace}/{workload.config_map}", about)


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
    Check(rules.ACCESS, _answers),
    Check(rules.VERIFIED, _is_verified),
    Check(rules.ISSUER, _names_issuer),
    Check(rules.FLAGS, _has_flags),
    Check(rules.API_AUDIENCES, _refuses_aws_audience),
    Check(rules.BINDING, _is_bound),
    Check(rules.ANONYMOUS, strangers.are_granted_little),
    Check(rules.PATHS, _limits_paths),
    WorkloadCheck(rules.CONFIG_MAP, _has_settings),
)
