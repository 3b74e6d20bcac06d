"""The cluster and the account as evidence: connected to once, and shared by every layer."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TypeVar

from doctor.difference import detail_apart
from doctor.examination import Examination, Missing
from doctor.live.account import Account, AwsError, LiveRole, NoCredentialsError, Provider
from doctor.live.cluster import Cluster, ClusterError
from doctor.live.sts import Sts
from doctor.rules import aws as aws_rules
from doctor.rules import control_plane as control_plane_rules
from doctor.rules import sts as sts_rules
from federation.model.config import Workload
from federation.model.endpoints import is_unencrypted
from formats.escaping import quoted

T = TypeVar("T")

_ACCOUNT = re.compile(r"[0-9]{12}")

_PAUSES = (0.5, 1.0, 2.0, 4.0)
"""Seconds; all of them end before a check's own time does."""


def name(workload: Workload) -> str:
    """How findings call a workload."""
    return f"{workload.namespace}/{workload.service_account}"


async def cluster(examination: Examination) -> Cluster:
    """The cluster behind the configured context, which answers."""
    examination.allows("control-plane")
    context = examination.config.kubernetes.context
    kubeconfig = _kubeconfig(examination)
    if kubeconfig is None and context is None and not _finds_kubeconfig():
        raise Missing("there is no kubeconfig, and the configuration names no context")
    try:
        seconds = examination.options.answer_timeout
        return await asyncio.to_thread(_connected, kubeconfig, context, seconds)
    except ClusterError as error:
        named = f"the context {context!r}" if context else "the current context"
        finding = control_plane_rules.ACCESS.failed(str(error), f"an API server behind {named}")
        raise Missing.because(finding) from None


async def account(examination: Examination) -> Account:
    """The account, whose IAM answers."""
    examination.allows("aws")
    try:
        seconds = examination.options.answer_timeout
        return await asyncio.to_thread(Account.reached, examination.config.aws, seconds)
    except NoCredentialsError:
        raise Missing("there are no AWS credentials") from None
    except AwsError as error:
        finding = aws_rules.ACCESS.failed(str(error), "credentials that AWS takes")
        raise Missing.because(finding) from None


async def provider(examination: Examination) -> Provider:
    """The OIDC provider of the issuer."""
    found = await examination.once(account)
    try:
        arns = await _patiently(found.providers)
        arn = _of_issuer(arns, examination.config.issuer_key)
        return await _patiently(found.provider, arn)
    except AwsError as error:
        raise Missing.because(
            aws_rules.ACCESS.failed(str(error), "to read OIDC providers")
        ) from None


def _of_issuer(arns: Iterable[str], issuer_key: str) -> str:
    by_key = {arn.partition(":oidc-provider/")[2]: arn for arn in arns}
    if issuer_key in by_key:
        return by_key[issuer_key]
    near = [
        f"{quoted(key)}: {detail}" for key in by_key if (detail := detail_apart(key, issuer_key))
    ]
    seen = (
        f"no provider of that name, but {'; '.join(near)}" if near else "no provider of that name"
    )
    raise Missing.because(aws_rules.PROVIDER.failed(seen, issuer_key))


async def role(examination: Examination, workload: Workload) -> LiveRole:
    """The workload's role."""
    config = examination.config
    found = await examination.once(account)
    role_name = config.role_name(workload)
    try:
        live = await _patiently(found.role, role_name)
    except AwsError as error:
        finding = aws_rules.ACCESS.failed(str(error), f"to read the role {role_name}")
        raise Missing.because(finding) from None
    if live is None:
        raise Missing.because(
            aws_rules.ROLE.failed("no role of that name", role_name, name(workload))
        )
    return live


async def role_arn(examination: Examination, workload: Workload) -> str:
    """The ARN of the workload's role: IAM's, or the configured one where IAM cannot be read."""
    try:
        return (await examination.once(role, workload)).arn
    except Missing:
        configured = examination.config.role_arn(workload)
        if configured is None:
            raise
        return configured


async def configured_role_arn(examination: Examination, workload: Workload) -> str:
    """The ARN that the configuration gives the workload's role.

    Only the number of the account may come from AWS, if the configuration does not name it.
    """
    config = examination.config
    if (configured := config.role_arn(workload)) is not None:
        return configured
    number = (await examination.once(account)).number
    if not _ACCOUNT.fullmatch(number):
        raise Missing(f"AWS answers with {quoted(number)} for the number of the account")
    return str(config.role_arn(workload, number))


async def config_map(examination: Examination, workload: Workload) -> Mapping[str, object]:
    """The workload's ConfigMap, as read back from the cluster."""
    found = await examination.once(cluster)
    try:
        return await asyncio.to_thread(found.config_map, workload.namespace, workload.config_map)
    except ClusterError as error:
        seen = f"{workload.namespace}/{workload.config_map}: {error}"
        finding = control_plane_rules.CONFIG_MAP.failed(seen, "a ConfigMap", name(workload))
        raise Missing.because(finding) from None


async def asked(read: Callable[..., T], *args: object) -> T:
    """What the account or the cluster answers.

    Raises:
        Missing: it refuses, or gives no answer.
    """
    try:
        return await _patiently(read, *args)
    except (AwsError, ClusterError) as error:
        raise Missing(str(error)) from None


async def _patiently(read: Callable[..., T], *args: object) -> T:
    """What is answered, asked for again where AWS throttles: a large federation has many roles."""
    for seconds in _PAUSES:
        try:
            return await asyncio.to_thread(read, *args)
        except AwsError as error:
            if not error.is_throttling:
                raise
        await asyncio.sleep(seconds)
    return await asyncio.to_thread(read, *args)


async def sts(examination: Examination) -> Sts:
    """STS, to be called without credentials, at an address that tokens may be sent to."""
    examination.allows("sts")
    seconds = examination.options.answer_timeout
    try:
        found = await asyncio.to_thread(Sts, examination.config.aws, seconds)
    except AwsError as error:
        raise Missing(str(error)) from None
    if is_unencrypted(found.endpoint) and not examination.options.allow_http:
        finding = sts_rules.ENDPOINT.failed(quoted(found.endpoint), "an https address")
        raise Missing.because(finding)
    return found


def _kubeconfig(examination: Examination) -> Path | None:
    given = examination.config.kubernetes.kubeconfig
    return examination.options.project / Path(given).expanduser() if given else None


def _finds_kubeconfig() -> bool:
    """Whether there is a kubeconfig where kubectl looks for one."""
    paths = os.environ.get("KUBECONFIG", "~/.kube/config").split(os.pathsep)
    return any(Path(path).expanduser().is_file() for path in paths if path)


def _connected(kubeconfig: Path | None, context: str | None, seconds: float) -> Cluster:
    found = Cluster(kubeconfig, context, seconds)
    found.version()
    return found
