"""Each rule about a configuration: what it finds, and what it leaves alone."""

from __future__ import annotations

from typing import Any

import pytest
from federation_examples import MINIMAL, configured, with_workloads

from federation.model.config import ClusterConfig
from federation.rules.configuration import LOOKS, Observation
from federation.yaml.files import PROJECT, load

POLICIES = ("workloads", 0, "role", "managed_policy_arns")


def found(config: ClusterConfig) -> list[tuple[str, Observation]]:
    """What every rule finds, with its code."""
    return [(code, each) for code, look in LOOKS.items() for each in look(config)]


def test_the_usual_configuration_has_no_findings() -> None:
    assert found(configured()) == []


def test_only_the_test_pod_of_the_sandbox_is_found() -> None:
    assert found(load(PROJECT / "clusters" / "sandbox.yaml")) == [
        ("test-pod", Observation(("workloads", 0, "test_pod"), "a pod with the AWS CLI runs.")),
    ]


@pytest.mark.parametrize(
    "host",
    [
        "cluster",
        "localhost",
        "oidc.sandbox.internal",
        "oidc.office.lan",
        "oidc.cluster.local",
        "oidc.home.arpa",
        "10.0.0.1",
        "192.168.1.1",
        "127.0.0.1",
    ],
)
def test_an_issuer_that_aws_cannot_reach_is_found(host: str) -> None:
    assert found(configured(issuer=f"https://{host}")) == [
        (
            "private-issuer",
            Observation(("issuer",), f"{host!r} looks like a private name or address."),
        ),
    ]


@pytest.mark.parametrize(
    ("issuer", "endpoint_url"),
    [
        ("https://oidc.internal.example.com", None),
        ("https://oidc-lan.example", None),
        ("https://8.8.8.8", None),
        ("https://oidc.sandbox.internal", "http://127.0.0.1:4566"),
    ],
)
def test_an_issuer_that_is_public_or_meant_for_an_emulator_is_fine(
    issuer: str, endpoint_url: str | None
) -> None:
    aws = {"region": "eu-west-1", "endpoint_url": endpoint_url}
    assert found(configured(issuer=issuer, aws=aws)) == []


def test_an_issuer_with_a_path_needs_a_proxy() -> None:
    assert found(configured(issuer="https://oidc.example.com/tenants/a")) == [
        (
            "issuer-path",
            Observation(
                ("issuer",),
                "AWS asks for "
                "https://oidc.example.com/tenants/a/.well-known/openid-configuration and "
                "https://oidc.example.com/tenants/a/openid/v1/jwks.",
            ),
        ),
    ]


AT_QUOTA = 199
"""The length of the last audience with which `sized` gives 2,048 characters."""


def sized(last: int, **workload: Any) -> ClusterConfig:
    """Six audiences of 255 characters, and one that brings a policy to the wanted size."""
    audiences = [str(number) * 255 for number in range(6)] + ["x" * last]
    return with_workloads(workload, audience=audiences)


def test_a_trust_policy_of_the_default_quota_is_fine() -> None:
    assert found(sized(AT_QUOTA)) == []


def test_a_trust_policy_over_the_default_quota_is_counted() -> None:
    assert found(sized(AT_QUOTA + 1)) == [
        (
            "long-trust-policy",
            Observation(
                ("workloads", 0, "trust"),
                "the trust policy has 2049 characters; the default quota is 2048.",
            ),
        ),
    ]


def test_the_count_depends_neither_on_the_account_id_nor_on_knowing_it() -> None:
    aws = MINIMAL["aws"] | {"account_id": "987654321098"}
    known = sized(AT_QUOTA + 1).model_copy(update={"aws": configured(aws=aws).aws})
    assert found(known) == found(sized(AT_QUOTA + 1))


def elsewhere(endpoint: str, thumbprint: Any = "endpoint", **aws: Any) -> ClusterConfig:
    return configured(
        discovery={"endpoint": endpoint, "thumbprint": thumbprint}, aws=MINIMAL["aws"] | aws
    )


def test_a_certificate_taken_from_another_name_may_be_another() -> None:
    assert found(elsewhere("https://api.prod.lan:6443")) == [
        (
            "endpoint-thumbprint",
            Observation(
                ("discovery", "thumbprint"),
                "Terraform takes the certificate that discovery.endpoint shows for "
                "'api.prod.lan', which may differ from the one for 'oidc.example.com'.",
            ),
        ),
    ]


@pytest.mark.parametrize(
    "config",
    [
        elsewhere("https://oidc.example.com:6443"),
        elsewhere("https://api.prod.lan:6443", "omit"),
        elsewhere("https://api.prod.lan:6443", ["a" * 40]),
        elsewhere("https://api.prod.lan:6443", endpoint_url="http://127.0.0.1:4566"),
        elsewhere(
            "https://api.prod.lan:6443",
            oidc_provider="arn:aws:iam::123456789012:oidc-provider/oidc.example.com",
        ),
    ],
    ids=["same name", "omitted", "pinned", "emulator", "adopted"],
)
def test_a_certificate_that_cannot_differ_or_is_not_taken_is_fine(config: ClusterConfig) -> None:
    assert found(config) == []


@pytest.mark.parametrize(
    ("audience", "other"),
    [
        ("sts.amazonaws.com", "sts.amazonaws.com.cn"),
        ("sts.amazonaws.com.cn", "sts.amazonaws.com"),
    ],
)
def test_either_sts_audience_alone_may_miss_the_other_in_china(audience: str, other: str) -> None:
    assert found(configured(audience=audience, aws={"region": "cn-north-1"})) == [
        (
            "sts-audience",
            Observation(("audience",), f"{audience!r} is listed and {other!r} is not, in China."),
        ),
    ]


def test_the_audience_of_china_is_odd_elsewhere() -> None:
    assert found(configured(audience="sts.amazonaws.com.cn")) == [
        (
            "sts-audience",
            Observation(
                ("audience",),
                "'sts.amazonaws.com.cn' is listed, and eu-west-1 is in the partition 'aws'.",
            ),
        ),
    ]


@pytest.mark.parametrize(
    "audience", [["sts.amazonaws.com", "sts.amazonaws.com.cn"], "of-our-own"], ids=["both", "own"]
)
def test_both_sts_audiences_or_none_are_fine_in_china(audience: str | list[str]) -> None:
    assert found(configured(audience=audience, aws={"region": "cn-north-1"})) == []


def policies(count: int) -> dict[str, list[str]]:
    return {"managed_policy_arns": [f"Policy{number}" for number in range(count)]}


def test_as_many_policies_as_the_default_quota_are_fine() -> None:
    assert found(with_workloads({"role": policies(10)})) == []


def test_more_policies_than_the_default_quota_are_counted() -> None:
    assert found(with_workloads({"role": policies(11)})) == [
        (
            "many-policies",
            Observation(POLICIES, "11 policies are attached; the default quota is 10."),
        ),
    ]


def test_a_role_without_policies_may_do_nothing() -> None:
    assert found(with_workloads({"role": policies(0)})) == [
        ("no-policies", Observation(POLICIES, "the role 'prod_default_app' has no policies.")),
    ]


def in_a_bucket(certificate: str | None = None, **discovery: Any) -> ClusterConfig:
    """Documents in a bucket, publicly or behind a name of the user's own."""
    bucket = {"bucket": "oidc-prod", "keys": ["sa.pub"], "acm_certificate_arn": certificate}
    url = "https://oidc-prod.s3.eu-west-1.amazonaws.com/a"
    return configured(
        issuer="https://oidc.example.com/a" if certificate else url,
        discovery={"hosting": "s3", "s3": bucket, **discovery},
    )


CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/0f3f1a7e"


def test_a_bucket_without_a_certificate_is_public() -> None:
    assert found(in_a_bucket()) == [
        (
            "public-documents",
            Observation(("discovery", "s3"), "the bucket serves the documents to everyone."),
        ),
    ]
    assert found(in_a_bucket(CERTIFICATE)) == []


def test_what_a_bucket_makes_needless_is_named() -> None:
    assert found(in_a_bucket(CERTIFICATE, exposure="binding", thumbprint="endpoint")) == [
        (
            "needless-exposure",
            Observation(("discovery", "exposure"), "the exposure is 'binding' with a bucket."),
        ),
        (
            "needless-thumbprint",
            Observation(("discovery", "thumbprint"), "a thumbprint is set with a bucket."),
        ),
    ]


def test_an_issuer_with_a_path_is_fine_where_something_else_serves_it() -> None:
    config = configured(issuer="https://oidc.example.com/a", discovery={"exposure": "none"})
    assert found(config) == []
