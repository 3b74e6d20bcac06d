"""The cluster's side: the API server as an issuer, and each object that a deploy makes.

The objects are those of `federation.manifests`, no matter who applied them.
"""

from __future__ import annotations

import functools
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from doctor import evidence
from doctor.checks import cluster
from doctor.drift import account
from doctor.drift.objects import NO_SETTING, ObjectDifference, differences, settings
from doctor.drift.places import BACK, DriftPlace, LiveDifference
from doctor.examination import Examination, Missing
from doctor.live.cluster import Cluster
from federation import manifests
from federation.iam.trust_policy import ANY_ACCOUNT
from federation.keys.jwks import OPENID_CONFIGURATION_PATH
from federation.model.config import ClusterConfig, Workload
from federation.pod_environment import CHECKSUM, checksum
from formats.escaping import quoted

_LAYERS = ("control-plane",)
_ANY_PATH = "/api"
_ROLE = "AWS_ROLE_ARN"
_ACCOUNT = re.compile(r"arn:[a-z-]+:iam::(\d{12}):")
_SHOWN = "'python -m wizard apiserver' shows what to set on the API servers."


def places(config: ClusterConfig) -> Iterator[DriftPlace]:
    yield DriftPlace("API server", _LAYERS, _issuer)
    if config.discovery.exposure == "none":
        binding = manifests.binding(config)
        yield DriftPlace(_name(binding), _LAYERS, functools.partial(_no_object, binding))
    else:
        yield DriftPlace("anonymous requests", _LAYERS, _exposure)
    for described in manifests.objects(config, _role_arns(config)):
        yield DriftPlace(_name(described), _LAYERS, functools.partial(_object, described))


async def _issuer(examination: Examination) -> AsyncIterator[LiveDifference]:
    config = examination.config
    found = await examination.once(cluster.live)
    document = await evidence.ask(found.openid_configuration)
    if document.get("issuer") != config.issuer:
        remedy = f"This is another cluster, or its flags were changed: {_SHOWN}"
        yield LiveDifference.of(
            "issuer", quoted(document.get("issuer")), quoted(config.issuer), remedy
        )
    if document.get("jwks_uri") != config.jwks_uri:
        live = quoted(document.get("jwks_uri"))
        yield LiveDifference.of("jwks_uri", live, quoted(config.jwks_uri), _SHOWN)


async def _exposure(examination: Examination) -> AsyncIterator[LiveDifference]:
    """How the API server treats strangers, as two of their requests show it."""
    configured = examination.config.discovery.exposure
    found = await examination.once(cluster.live)
    documents = await evidence.ask(found.anonymous_status, OPENID_CONFIGURATION_PATH)
    others = await evidence.ask(found.anonymous_status, _ANY_PATH)
    if documents == 401:
        live = f"rejected (HTTP 401 for {OPENID_CONFIGURATION_PATH})"
        yield LiveDifference.of("", live, f"{configured!r}: anyone may read the documents", _SHOWN)
        return
    seen = "authentication-config" if others == 401 else "binding"
    if seen != configured:
        remedy = f"{_SHOWN} To keep it, set 'exposure: {seen}'."
        yield LiveDifference.of(
            "", f"{seen!r} (HTTP {others} for {_ANY_PATH})", f"{configured!r}", remedy
        )


async def _object(
    described: dict[str, Any], examination: Examination
) -> AsyncIterator[LiveDifference]:
    found = await examination.once(cluster.live)
    live = await _find(found, described)
    if live is None:
        yield LiveDifference.of("", "missing", "exists", _back(examination.config))
        return
    if described["kind"] == "ConfigMap":
        described = await _in_its_account(described, live, examination)
    if described["kind"] == "Pod":
        described = await _with_its_checksum(described, examination)
    for apart in differences(live, described):
        yield LiveDifference.of(*apart, _back(examination.config, apart))


async def _no_object(
    described: dict[str, Any], examination: Examination
) -> AsyncIterator[LiveDifference]:
    found = await examination.once(cluster.live)
    if await _find(found, described):
        remedy = (
            "A deploy removes it if one created it; otherwise delete it by hand. To keep it, set "
            "'exposure: binding'."
        )
        yield LiveDifference.of("", "exists", "none ('exposure: none')", remedy)


async def _find(live: Cluster, described: Mapping[str, Any]) -> Mapping[str, Any] | None:
    metadata = described["metadata"]
    namespace = metadata.get("namespace")
    return await evidence.ask(live.find, described["kind"], namespace, metadata["name"])


async def _in_its_account(
    described: dict[str, Any], live: Mapping[str, Any], examination: Examination
) -> dict[str, Any]:
    """The description of a ConfigMap with the account's number in the ARN of the role.

    Where the account is neither configured nor seen, the one in the live ARN is taken for it.
    """
    if examination.config.aws.account_id:
        return described
    try:
        number = (await examination.once(account.own)).number
    except Missing:
        found = _ACCOUNT.match(str(settings(live).get(_ROLE)))
        number = found[1] if found else ANY_ACCOUNT
    arn = _in_account(described["data"][_ROLE], number)
    return {**described, "data": {**described["data"], _ROLE: arn}}


async def _with_its_checksum(described: dict[str, Any], examination: Examination) -> dict[str, Any]:
    """The description of a test pod with the checksum for the account's number.

    Without a number the checksum is left out: it cannot be computed.
    """
    config = examination.config
    if config.aws.account_id:
        return described
    workload = config.test_pods[_name(described).removeprefix("Pod ")]
    try:
        number = (await examination.once(account.own)).number
        environment = config.environment(_in_account(_placed_arn(config, workload), number))
        sums = [{"name": CHECKSUM, "value": checksum(environment)}]
    except Missing:
        sums = []
    spec = described["spec"]
    [container] = spec["containers"]
    others = [each for each in container["env"] if each["name"] != CHECKSUM]
    container = {**container, "env": [*others, *sums]}
    return {**described, "spec": {**spec, "containers": [container]}}


def _role_arns(config: ClusterConfig) -> dict[str, str]:
    """The ARN of each workload's role, in `ANY_ACCOUNT` where the configuration names none."""
    return {evidence.name(each): _placed_arn(config, each) for each in config.workloads}


def _placed_arn(config: ClusterConfig, workload: Workload) -> str:
    number = config.aws.account_id or ANY_ACCOUNT
    placed = config.model_copy(update={"aws": config.aws.model_copy(update={"account_id": number})})
    return str(placed.role_arn(workload))


def _in_account(arn: str, number: str) -> str:
    """An ARN in `ANY_ACCOUNT` with the number of an account."""
    return arn.replace(f":{ANY_ACCOUNT}:", f":{number}:")


def _name(described: Mapping[str, Any]) -> str:
    metadata = described["metadata"]
    name = "/".join(filter(None, [metadata.get("namespace"), metadata["name"]]))
    return f"{described['kind']} {name}"


def _back(config: ClusterConfig, apart: ObjectDifference | None = None) -> str:
    """What puts an object back; applied on the server's side, a manifest cannot do all of it."""
    if config.kubernetes.apply == "terraform":
        return BACK
    if apart and apart.described == NO_SETTING:
        return "A deploy keeps it: remove it by hand."
    deploy = BACK if config.kubernetes.context else "A deploy writes the manifest; apply it."
    if apart and apart.field.startswith("roleRef."):
        return f"Delete the binding, because its role cannot be changed. {deploy}"
    return deploy
