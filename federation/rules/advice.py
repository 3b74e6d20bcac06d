"""What is allowed in a configuration and still worth a second thought.

Computed from the configuration alone: `check` and the wizard print it, the review lists it.
Whatever needs a look at the network or at AWS is the doctor's.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from federation.iam.trust_policy import DEFAULT_SIZE_QUOTA, role_trust_policy, size
from federation.model.config import ANONYMOUS_REQUESTS_OFF, ClusterConfig
from federation.model.endpoints import is_unencrypted

ENDPOINT_THUMBPRINT = "endpoint-thumbprint"
"""The code of what a look at the network settles (`deployment.endpoint`)."""

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

POWERFUL_POLICIES = (
    "AdministratorAccess",
    "AdministratorAccess-Amplify",
    "IAMFullAccess",
    "PowerUserAccess",
)
"""AWS managed policies with which a pod can give itself, or nearly, everything."""

_STS = "sts.amazonaws.com"
_STS_CHINA = "sts.amazonaws.com.cn"


@dataclass(frozen=True)
class Advice:
    """One thing to think about."""

    code: str
    """What it is about, in kebab-case; stays the same when the text changes."""
    place: str
    """The field, like `workloads[0].trust`."""
    text: str
    """What may go wrong, and what to do about it."""
    weight: Literal["error", "warning"] = "warning"
    """An error is a configuration that must not be used like this."""


def advice(config: ClusterConfig) -> tuple[Advice, ...]:
    """Everything that is worth a second thought, the weightiest first."""
    return tuple(each for rule in _RULES for each in rule(config))


def pins_for_another_name(config: ClusterConfig) -> bool:
    """Whether Terraform pins the certificate of another name than the issuer's.

    Its `tls_certificate` asks an endpoint for the certificate of the endpoint's own name.
    """
    pins = config.discovery.thumbprint == "endpoint" and config.aws.oidc_provider == "create"
    return pins and config.discovery_address[0] != config.issuer_host


def _unencrypted_endpoint(config: ClusterConfig) -> Iterator[Advice]:
    url = config.aws.endpoint_url
    if url is not None and is_unencrypted(url):
        yield Advice(
            "unencrypted-endpoint",
            "aws.endpoint_url",
            f"requests to {url!r} are not encrypted: anyone on the way can read the tokens of "
            "workloads, and answer in place of AWS. Write an 'https://' address; plain http is "
            "only for this machine (127.0.0.1, ::1, localhost).",
            "error",
        )


def _audience_only(config: ClusterConfig) -> Iterator[Advice]:
    for at, workload in enumerate(config.workloads):
        if workload.trust == "audience-only":
            yield Advice(
                "audience-only-trust",
                f"workloads[{at}].trust",
                f"any pod of the cluster may assume the role {config.role_name(workload)!r}, "
                "whatever its service account: write 'service-account' to let in "
                f"{workload.namespace}/{workload.service_account} alone.",
            )


def _powerful_policies(config: ClusterConfig) -> Iterator[Advice]:
    powerful = {config.policy_arn(name) for name in POWERFUL_POLICIES}
    for at, workload in enumerate(config.workloads):
        for position, policy in enumerate(workload.role.managed_policy_arns):
            if config.policy_arn(policy) in powerful:
                yield Advice(
                    "powerful-policy",
                    f"workloads[{at}].role.managed_policy_arns[{position}]",
                    f"{policy.rpartition('/')[2]!r} lets whoever gets into the pod take over most "
                    "of the account: attach what the workload needs.",
                )


def _default_service_account(config: ClusterConfig) -> Iterator[Advice]:
    for at, workload in enumerate(config.workloads):
        if workload.service_account == "default":
            yield Advice(
                "default-service-account",
                f"workloads[{at}].service_account",
                f"every pod of {workload.namespace!r} that names no service account runs as "
                "'default' and may assume the role: give the workload an account of its own.",
            )


def _unreachable_issuer(config: ClusterConfig) -> Iterator[Advice]:
    if config.aws.endpoint_url is not None or not _looks_private(config.issuer_host):
        return
    yield Advice(
        "private-issuer",
        "issuer",
        f"AWS reads the documents over the internet, and {config.issuer_host!r} looks like a name "
        "or an address that only your network knows: take a public DNS name.",
    )


def _issuer_with_path(config: ClusterConfig) -> Iterator[Advice]:
    path = config.issuer_key.removeprefix(config.issuer_host)
    discovery = config.discovery
    if path and discovery.hosting == "apiserver" and discovery.exposure != "none":
        yield Advice(
            "issuer-path",
            "issuer",
            f"the API server serves the documents at its root, not below {path!r}: put a proxy in "
            f"front that answers {config.openid_configuration_url} and {config.jwks_uri}.",
        )


def _anonymous_requests_off(config: ClusterConfig) -> Iterator[Advice]:
    distribution = config.kubernetes.distribution
    if distribution in ANONYMOUS_REQUESTS_OFF and config.discovery.exposure == "binding":
        yield Advice(
            "anonymous-requests-off",
            "discovery.exposure",
            f"{distribution} turns anonymous requests off by itself, and the binding alone leaves "
            "AWS with HTTP 401: have the API server take them ('python -m wizard apiserver' says "
            "how), or serve the documents from elsewhere.",
        )


def _public_bucket(config: ClusterConfig) -> Iterator[Advice]:
    bucket = config.discovery.s3
    if bucket is not None and bucket.acm_certificate_arn is None:
        yield Advice(
            "public-bucket",
            "discovery.s3",
            "anyone may read the two documents in the bucket, and an account that blocks public "
            "access to S3 refuses that: name a certificate (acm_certificate_arn) where yours does.",
        )


def _needless_exposure(config: ClusterConfig) -> Iterator[Advice]:
    if config.discovery.hosting == "s3" and config.discovery.exposure != "none":
        yield Advice(
            "needless-exposure",
            "discovery.exposure",
            "AWS reads the bucket, and the API server shows its documents to anyone besides: write "
            "'none', unless something else reads them.",
        )


def _needless_thumbprint(config: ClusterConfig) -> Iterator[Advice]:
    if config.discovery.hosting == "s3" and config.discovery.thumbprint != "omit":
        yield Advice(
            "needless-thumbprint",
            "discovery.thumbprint",
            "AWS knows the authorities of S3 and CloudFront, and looks at no thumbprint: write "
            "'omit'.",
        )


def _sts_audience(config: ClusterConfig) -> Iterator[Advice]:
    listed = [audience for audience in (_STS, _STS_CHINA) if audience in config.audience]
    if config.partition == "aws-cn" and len(listed) == 1:
        yield Advice(
            "sts-audience",
            "audience",
            f"in China some tools ask for {_STS!r} and others for {_STS_CHINA!r}, and a token for "
            "the one is refused where the other is expected: list both where other tools than "
            "this one ask for tokens.",
        )
    if config.partition != "aws-cn" and _STS_CHINA in listed:
        yield Advice(
            "sts-audience",
            "audience",
            f"{_STS_CHINA!r} is used in China, and {config.aws.region} is in the partition "
            f"{config.partition!r}, where tools ask for {_STS!r}.",
        )


def _endpoint_thumbprint(config: ClusterConfig) -> Iterator[Advice]:
    if pins_for_another_name(config) and config.aws.endpoint_url is None:
        yield Advice(
            ENDPOINT_THUMBPRINT,
            "discovery.thumbprint",
            "Terraform takes the certificate that discovery.endpoint shows for "
            f"{config.discovery_address[0]!r}, which may differ from the one for "
            f"{config.issuer_host!r}: where it does, list the thumbprints or write 'omit'.",
        )


def _long_trust_policy(config: ClusterConfig) -> Iterator[Advice]:
    for at, workload in enumerate(config.workloads):
        characters = size(role_trust_policy(config, workload))
        if characters > DEFAULT_SIZE_QUOTA:
            yield Advice(
                "long-trust-policy",
                "audience",
                f"the trust policy of workloads[{at}] has {characters} characters, and an account "
                f"takes {DEFAULT_SIZE_QUOTA} unless its quota was raised: list fewer or shorter "
                "audiences, or ask AWS for more.",
            )


def _many_policies(config: ClusterConfig) -> Iterator[Advice]:
    for at, workload in enumerate(config.workloads):
        count = len(workload.role.managed_policy_arns)
        if count > POLICIES_QUOTA:
            yield Advice(
                "many-policies",
                f"workloads[{at}].role.managed_policy_arns",
                f"{count} policies are attached, and a role takes {POLICIES_QUOTA} unless the "
                "account's quota was raised: put several into one policy, or ask AWS for more.",
            )


def _no_policies(config: ClusterConfig) -> Iterator[Advice]:
    for at, workload in enumerate(config.workloads):
        if not workload.role.managed_policy_arns:
            yield Advice(
                "no-policies",
                f"workloads[{at}].role.managed_policy_arns",
                f"the role {config.role_name(workload)!r} may do nothing until something else "
                "attaches a policy to it.",
            )


def _test_pods(config: ClusterConfig) -> Iterator[Advice]:
    for at, workload in enumerate(config.workloads):
        if workload.test_pod:
            yield Advice(
                "test-pod",
                f"workloads[{at}].test_pod",
                "a pod with the AWS CLI keeps running: write false once the role is tried.",
            )


def _looks_private(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith(_PRIVATE_SUFFIXES)


_RULES: tuple[Callable[[ClusterConfig], Iterator[Advice]], ...] = (
    _unencrypted_endpoint,
    _audience_only,
    _unreachable_issuer,
    _issuer_with_path,
    _long_trust_policy,
    _anonymous_requests_off,
    _public_bucket,
    _needless_exposure,
    _needless_thumbprint,
    _endpoint_thumbprint,
    _sts_audience,
    _powerful_policies,
    _default_service_account,
    _many_policies,
    _no_policies,
    _test_pods,
)
"""The rules by the weight of what they find."""
