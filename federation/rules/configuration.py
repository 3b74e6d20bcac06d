"""What a configuration alone shows of the rules in `federation.rules.registry`.

The four rules about who gets which role are evaluated in `review.lint`, from trust policies and
policies, of a configuration or of anything else. What needs the network is the doctor's.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from federation.iam.trust_policy import DEFAULT_SIZE_QUOTA, role_trust_policy, size
from federation.model.config import ClusterConfig
from federation.model.places import Place
from federation.rules.registry import ENDPOINT_THUMBPRINT

POLICIES_QUOTA = 10
"""Managed policies of a role before an account's quota is raised (IAM user guide, "IAM and AWS STS
quotas")."""

_PRIVATE_SUFFIXES = (
    ".corp",
    ".home",
    ".home.arpa",
    ".internal",
    ".intranet",
    ".invalid",
    ".lan",
    ".local",
    ".localhost",
    ".private",
    ".test",
)
"""Names that public DNS does not answer: RFC 6761 and 6762, ICANN's `.internal`, and usage."""

_STS = "sts.amazonaws.com"
_STS_CHINA = "sts.amazonaws.com.cn"


@dataclass(frozen=True)
class Observation:
    """One violation of a rule in a configuration.

    Attributes:
        place: The field, like `("workloads", 0, "trust")`.
        text: What is there, as a sentence.
    """

    place: Place
    text: str


def pins_for_another_name(config: ClusterConfig) -> bool:
    """Whether Terraform pins the certificate of another name than the issuer's.

    Its `tls_certificate` asks an endpoint for the certificate of the endpoint's own name.
    """
    pins = config.discovery.thumbprint == "endpoint" and config.aws.oidc_provider == "create"
    return pins and config.discovery_address[0] != config.issuer_host


def _private_issuer(config: ClusterConfig) -> Iterator[Observation]:
    if config.aws.endpoint_url is None and _looks_private(config.issuer_host):
        yield Observation(
            ("issuer",), f"{config.issuer_host!r} looks like a private name or address."
        )


def _issuer_with_path(config: ClusterConfig) -> Iterator[Observation]:
    path = config.issuer_key.removeprefix(config.issuer_host)
    discovery = config.discovery
    if path and discovery.hosting == "apiserver" and discovery.exposure != "none":
        yield Observation(
            ("issuer",),
            f"AWS asks for {config.openid_configuration_url} and {config.jwks_uri}.",
        )


def _long_trust_policy(config: ClusterConfig) -> Iterator[Observation]:
    for at, workload in enumerate(config.workloads):
        characters = size(role_trust_policy(config, workload))
        if characters > DEFAULT_SIZE_QUOTA:
            yield Observation(
                ("workloads", at, "trust"),
                f"the trust policy has {characters} characters; the default quota is "
                f"{DEFAULT_SIZE_QUOTA}.",
            )


def _public_documents(config: ClusterConfig) -> Iterator[Observation]:
    bucket = config.discovery.s3
    if bucket is not None and bucket.acm_certificate_arn is None:
        yield Observation(("discovery", "s3"), "the bucket serves the documents to everyone.")


def _needless_exposure(config: ClusterConfig) -> Iterator[Observation]:
    discovery = config.discovery
    if discovery.hosting == "s3" and discovery.exposure != "none":
        yield Observation(
            ("discovery", "exposure"), f"the exposure is {discovery.exposure!r} with a bucket."
        )


def _needless_thumbprint(config: ClusterConfig) -> Iterator[Observation]:
    if config.discovery.hosting == "s3" and config.discovery.thumbprint != "omit":
        yield Observation(("discovery", "thumbprint"), "a thumbprint is set with a bucket.")


def _sts_audience(config: ClusterConfig) -> Iterator[Observation]:
    listed = [audience for audience in (_STS, _STS_CHINA) if audience in config.audience]
    if config.partition == "aws-cn" and len(listed) == 1:
        (missing,) = {_STS, _STS_CHINA} - {*listed}
        yield Observation(
            ("audience",), f"{listed[0]!r} is listed and {missing!r} is not, in China."
        )
    if config.partition != "aws-cn" and _STS_CHINA in listed:
        yield Observation(
            ("audience",),
            f"{_STS_CHINA!r} is listed, and {config.aws.region} is in the partition "
            f"{config.partition!r}.",
        )


def _endpoint_thumbprint(config: ClusterConfig) -> Iterator[Observation]:
    if pins_for_another_name(config) and config.aws.endpoint_url is None:
        yield Observation(
            ("discovery", "thumbprint"),
            f"Terraform takes the certificate that discovery.endpoint shows for "
            f"{config.discovery_address[0]!r}, which may differ from the one for "
            f"{config.issuer_host!r}.",
        )


def _many_policies(config: ClusterConfig) -> Iterator[Observation]:
    for at, workload in enumerate(config.workloads):
        count = len(workload.role.managed_policy_arns)
        if count > POLICIES_QUOTA:
            yield Observation(
                _policies(at),
                f"{count} policies are attached; the default quota is {POLICIES_QUOTA}.",
            )


def _no_policies(config: ClusterConfig) -> Iterator[Observation]:
    for at, workload in enumerate(config.workloads):
        if not workload.role.managed_policy_arns:
            yield Observation(
                _policies(at), f"the role {config.role_name(workload)!r} has no policies."
            )


def _test_pods(config: ClusterConfig) -> Iterator[Observation]:
    for at, workload in enumerate(config.workloads):
        if workload.test_pod:
            yield Observation(("workloads", at, "test_pod"), "a pod with the AWS CLI runs.")


def _policies(at: int) -> Place:
    return ("workloads", at, "role", "managed_policy_arns")


def _looks_private(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith(_PRIVATE_SUFFIXES)


LOOKS: Mapping[str, Callable[[ClusterConfig], Iterator[Observation]]] = {
    "private-issuer": _private_issuer,
    "issuer-path": _issuer_with_path,
    "long-trust-policy": _long_trust_policy,
    "public-documents": _public_documents,
    "needless-exposure": _needless_exposure,
    "needless-thumbprint": _needless_thumbprint,
    ENDPOINT_THUMBPRINT: _endpoint_thumbprint,
    "sts-audience": _sts_audience,
    "many-policies": _many_policies,
    "no-policies": _no_policies,
    "test-pod": _test_pods,
}
"""What looks for violations, by the rule's code."""
