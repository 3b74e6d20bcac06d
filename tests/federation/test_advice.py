"""Each piece of advice, where it is given and where it is not."""

from __future__ import annotations

from typing import Any

import pytest
from federation_examples import MINIMAL, configured, with_workloads

from federation.model.config import ClusterConfig
from federation.rules.advice import Advice, advice
from federation.yaml.files import PROJECT, load


def test_the_usual_configuration_needs_no_advice() -> None:
    assert advice(configured()) == ()


def test_the_sandbox_only_hears_that_its_test_pod_is_on() -> None:
    assert advice(load(PROJECT / "clusters" / "sandbox.yaml")) == (
        Advice(
            "test-pod",
            "workloads[0].test_pod",
            "a pod with the AWS CLI keeps running: write false once the role is tried.",
        ),
    )


def test_a_role_for_any_pod_is_advised_against() -> None:
    config = with_workloads({}, {"service_account": "b", "trust": "audience-only"})
    assert advice(config) == (
        Advice(
            "audience-only-trust",
            "workloads[1].trust",
            "any pod of the cluster may assume the role 'prod_default_b', whatever its service "
            "account: write 'service-account' to let in default/b alone.",
        ),
    )


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
def test_an_issuer_that_aws_cannot_reach_is_advised_against(host: str) -> None:
    assert advice(configured(issuer=f"https://{host}")) == (
        Advice(
            "private-issuer",
            "issuer",
            f"AWS reads the documents over the internet, and {host!r} looks like a name or an "
            "address that only your network knows: take a public DNS name.",
        ),
    )


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
    assert advice(configured(issuer=issuer, aws=aws)) == ()


def test_an_issuer_with_a_path_needs_a_proxy() -> None:
    assert advice(configured(issuer="https://oidc.example.com/tenants/a")) == (
        Advice(
            "issuer-path",
            "issuer",
            "the API server serves the documents at its root, not below '/tenants/a': put a proxy "
            "in front that answers "
            "https://oidc.example.com/tenants/a/.well-known/openid-configuration and "
            "https://oidc.example.com/tenants/a/openid/v1/jwks.",
        ),
    )


AT_QUOTA = 199
"""The length of the last audience with which `sized` gives 2,048 characters."""


def sized(last: int, **workload: Any) -> ClusterConfig:
    """Six audiences of 255 characters, and one that brings a policy to the wanted size."""
    audiences = [str(number) * 255 for number in range(6)] + ["x" * last]
    return with_workloads(workload, audience=audiences)


def test_a_trust_policy_of_the_default_quota_is_fine() -> None:
    assert advice(sized(AT_QUOTA)) == ()


def test_a_trust_policy_over_the_default_quota_is_counted() -> None:
    assert advice(sized(AT_QUOTA + 1)) == (
        Advice(
            "long-trust-policy",
            "audience",
            "the trust policy of workloads[0] has 2049 characters, and an account takes 2048 "
            "unless its quota was raised: list fewer or shorter audiences, or ask AWS for more.",
        ),
    )


def test_the_count_depends_neither_on_the_account_id_nor_on_knowing_it() -> None:
    aws = MINIMAL["aws"] | {"account_id": "987654321098"}
    known = sized(AT_QUOTA + 1).model_copy(update={"aws": configured(aws=aws).aws})
    assert advice(known) == advice(sized(AT_QUOTA + 1))


def elsewhere(endpoint: str, thumbprint: Any = "endpoint", **aws: Any) -> ClusterConfig:
    return configured(
        discovery={"endpoint": endpoint, "thumbprint": thumbprint}, aws=MINIMAL["aws"] | aws
    )


def test_a_certificate_taken_from_another_name_may_be_another() -> None:
    assert advice(elsewhere("https://api.prod.lan:6443")) == (
        Advice(
            "endpoint-thumbprint",
            "discovery.thumbprint",
            "Terraform takes the certificate that discovery.endpoint shows for 'api.prod.lan', "
            "which may differ from the one for 'oidc.example.com': where it does, list the "
            "thumbprints or write 'omit'.",
        ),
    )


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
    assert advice(config) == ()


@pytest.mark.parametrize("audience", ["sts.amazonaws.com", "sts.amazonaws.com.cn"])
def test_either_sts_audience_alone_may_miss_the_other_in_china(audience: str) -> None:
    assert advice(configured(audience=audience, aws={"region": "cn-north-1"})) == (
        Advice(
            "sts-audience",
            "audience",
            "in China some tools ask for 'sts.amazonaws.com' and others for "
            "'sts.amazonaws.com.cn', and a token for the one is refused where the other is "
            "expected: list both where other tools than this one ask for tokens.",
        ),
    )


def test_the_audience_of_china_is_odd_elsewhere() -> None:
    assert advice(configured(audience="sts.amazonaws.com.cn")) == (
        Advice(
            "sts-audience",
            "audience",
            "'sts.amazonaws.com.cn' is used in China, and eu-west-1 is in the partition 'aws', "
            "where tools ask for 'sts.amazonaws.com'.",
        ),
    )


@pytest.mark.parametrize(
    "audience", [["sts.amazonaws.com", "sts.amazonaws.com.cn"], "of-our-own"], ids=["both", "own"]
)
def test_both_sts_audiences_or_none_are_fine_in_china(audience: str | list[str]) -> None:
    assert advice(configured(audience=audience, aws={"region": "cn-north-1"})) == ()


@pytest.mark.parametrize("name", ["AdministratorAccess", "PowerUserAccess", "IAMFullAccess"])
@pytest.mark.parametrize("prefix", ["", "arn:aws:iam::aws:policy/"], ids=["name", "arn"])
def test_a_policy_that_grants_nearly_everything_is_advised_against(name: str, prefix: str) -> None:
    role = {"managed_policy_arns": ["AmazonS3ReadOnlyAccess", prefix + name]}
    assert advice(with_workloads({"role": role})) == (
        Advice(
            "powerful-policy",
            "workloads[0].role.managed_policy_arns[1]",
            f"{name!r} lets whoever gets into the pod take over most of the account: attach what "
            "the workload needs.",
        ),
    )


def test_a_policy_of_ones_own_with_such_a_name_is_fine() -> None:
    role = {"managed_policy_arns": ["arn:aws:iam::123456789012:policy/PowerUserAccess"]}
    assert advice(with_workloads({"role": role})) == ()


def test_the_default_service_account_is_shared_by_all_pods() -> None:
    assert advice(with_workloads({"namespace": "apps", "service_account": "default"})) == (
        Advice(
            "default-service-account",
            "workloads[0].service_account",
            "every pod of 'apps' that names no service account runs as 'default' and may assume "
            "the role: give the workload an account of its own.",
        ),
    )


def policies(count: int) -> dict[str, list[str]]:
    return {"managed_policy_arns": [f"Policy{number}" for number in range(count)]}


def test_as_many_policies_as_the_default_quota_are_fine() -> None:
    assert advice(with_workloads({"role": policies(10)})) == ()


def test_more_policies_than_the_default_quota_are_counted() -> None:
    assert advice(with_workloads({"role": policies(11)})) == (
        Advice(
            "many-policies",
            "workloads[0].role.managed_policy_arns",
            "11 policies are attached, and a role takes 10 unless the account's quota was raised: "
            "put several into one policy, or ask AWS for more.",
        ),
    )


def test_a_role_without_policies_may_do_nothing() -> None:
    assert advice(with_workloads({"role": policies(0)})) == (
        Advice(
            "no-policies",
            "workloads[0].role.managed_policy_arns",
            "the role 'prod_default_app' may do nothing until something else attaches a policy to "
            "it.",
        ),
    )


@pytest.mark.parametrize("distribution", ["k3s", "rke2", "talos", "kops", "k0s"])
def test_a_binding_alone_shows_nothing_where_anonymous_requests_are_off(distribution: str) -> None:
    kubernetes = MINIMAL["kubernetes"] | {"distribution": distribution}
    assert advice(configured(kubernetes=kubernetes)) == (
        Advice(
            "anonymous-requests-off",
            "discovery.exposure",
            f"{distribution} turns anonymous requests off by itself, and the binding alone leaves "
            "AWS with HTTP 401: have the API server take them ('python -m wizard apiserver' says "
            "how), or serve the documents from elsewhere.",
        ),
    )
    allowlist = {"exposure": "authentication-config"}
    assert advice(configured(kubernetes=kubernetes, discovery=allowlist)) == ()


def in_a_bucket(certificate: str | None = None, **discovery: Any) -> ClusterConfig:
    """Documents in a bucket, publicly or behind a name of the user's own."""
    bucket = {"bucket": "oidc-prod", "keys": ["sa.pub"], "acm_certificate_arn": certificate}
    url = "https://oidc-prod.s3.eu-west-1.amazonaws.com/a"
    return configured(
        issuer="https://oidc.example.com/a" if certificate else url,
        discovery={"hosting": "s3", "s3": bucket, **discovery},
    )


CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/0f3f1a7e"


def test_a_public_bucket_is_worth_a_second_thought() -> None:
    assert advice(in_a_bucket()) == (
        Advice(
            "public-bucket",
            "discovery.s3",
            "anyone may read the two documents in the bucket, and an account that blocks public "
            "access to S3 refuses that: name a certificate (acm_certificate_arn) where yours does.",
        ),
    )
    assert advice(in_a_bucket(CERTIFICATE)) == ()


def test_what_a_bucket_makes_needless_is_named() -> None:
    assert advice(in_a_bucket(CERTIFICATE, exposure="binding", thumbprint="endpoint")) == (
        Advice(
            "needless-exposure",
            "discovery.exposure",
            "AWS reads the bucket, and the API server shows its documents to anyone besides: write "
            "'none', unless something else reads them.",
        ),
        Advice(
            "needless-thumbprint",
            "discovery.thumbprint",
            "AWS knows the authorities of S3 and CloudFront, and looks at no thumbprint: write "
            "'omit'.",
        ),
    )


def test_an_issuer_with_a_path_is_fine_where_something_else_serves_it() -> None:
    config = configured(issuer="https://oidc.example.com/a", discovery={"exposure": "none"})
    assert advice(config) == ()


def test_the_weightiest_comes_first() -> None:
    config = with_workloads(
        {"test_pod": True, "role": policies(0)},
        {"service_account": "default", "role": {"managed_policy_arns": ["IAMFullAccess"]}},
        {"service_account": "b", "trust": "audience-only", "role": policies(11)},
        issuer="https://oidc.lan/a",
        audience=["sts.amazonaws.com.cn", *(str(number) * 255 for number in range(8))],
        discovery={"endpoint": "https://10.0.0.1"},
    )
    assert [(each.code, each.place) for each in advice(config)] == [
        ("audience-only-trust", "workloads[2].trust"),
        ("private-issuer", "issuer"),
        ("issuer-path", "issuer"),
        ("long-trust-policy", "audience"),
        ("long-trust-policy", "audience"),
        ("long-trust-policy", "audience"),
        ("endpoint-thumbprint", "discovery.thumbprint"),
        ("sts-audience", "audience"),
        ("powerful-policy", "workloads[1].role.managed_policy_arns[0]"),
        ("default-service-account", "workloads[1].service_account"),
        ("many-policies", "workloads[2].role.managed_policy_arns"),
        ("no-policies", "workloads[0].role.managed_policy_arns"),
        ("test-pod", "workloads[0].test_pod"),
    ]
