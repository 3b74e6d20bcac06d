"""A real federation with one thing broken at a time: each is found, and named by its codes."""

from __future__ import annotations

import json
from pathlib import Path

import breaking
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey
from live_federation import ISSUER, LiveFederation

from doctor.examination import Options
from doctor.finding import Finding
from doctor.live.cluster import Cluster
from doctor.runner import examined
from federation.model.config import ClusterConfig

POD, WRITER = "default/oidc-iam-pod", "reports/report-writer"

SIGNS = f"--service-account-issuer={ISSUER}"
OLD = "--service-account-issuer=https://kubernetes.default.svc"
KEYS = f"--service-account-jwks-uri={ISSUER}/openid/v1/jwks"
AUDIENCES = "--api-audiences=https://kubernetes.default.svc"

REFUSED = [f"fail sts-assume-role {POD}", f"fail sts-assume-role {WRITER}"]
UNREADABLE = "fail discovery-forbidden /.well-known/openid-configuration"

BREAKS: dict[str, tuple[breaking.Break, list[str]]] = {
    "the binding is removed": (
        breaking.no_binding,
        [UNREADABLE, "fail control-plane-binding", *REFUSED],
    ),
    "the service account is deleted": (
        breaking.no_service_account,
        [f"fail token-obtained {POD}"],
    ),
    "the ConfigMap is deleted": (
        breaking.no_config_map,
        [f"fail control-plane-config-map {POD}"],
    ),
    "the ConfigMap names another role": (
        breaking.config_map_edited("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/other"),
        [f"fail control-plane-config-map {POD}"],
    ),
    "the ConfigMap names another region": (
        breaking.config_map_edited("AWS_REGION", "us-east-1"),
        [f"fail control-plane-config-map {POD}"],
    ),
    "anonymous requests may read the cluster": (
        breaking.anonymous_readers,
        ["warn control-plane-anonymous"],
    ),
    "an API server has no issuer": (
        breaking.api_server_flags((KEYS, AUDIENCES)),
        ["fail control-plane-flags"],
    ),
    "an API server signs with another issuer": (
        breaking.api_server_flags((OLD, SIGNS, KEYS, AUDIENCES)),
        ["fail control-plane-flags"],
    ),
    "two API servers have different issuers": (
        breaking.api_server_flags((SIGNS, OLD, KEYS, AUDIENCES), (SIGNS, KEYS, AUDIENCES)),
        ["fail control-plane-flags"],
    ),
    "an API server does not say where the keys are": (
        breaking.api_server_flags((SIGNS, AUDIENCES)),
        ["fail control-plane-flags"],
    ),
    "an API server takes the tokens for AWS": (
        breaking.api_server_flags((SIGNS, KEYS, f"{AUDIENCES},sts.amazonaws.com")),
        ["fail control-plane-api-audiences"],
    ),
    "the provider is deleted": (breaking.no_provider, ["fail aws-provider", *REFUSED]),
    "the provider has a slash more": (
        breaking.provider(Url=f"{ISSUER}/"),
        ["fail aws-provider", *REFUSED],
    ),
    "the provider's audience is removed": (
        breaking.provider(ClientIDList=[]),
        ["fail aws-audience", *REFUSED],
    ),
    "the provider's audience is changed": (
        breaking.provider(ClientIDList=["sts.amazonaws.com.cn"]),
        ["fail aws-audience", *REFUSED],
    ),
    "the provider has an audience more": (
        breaking.provider(ClientIDList=["sts.amazonaws.com", "vault"]),
        ["warn aws-audience"],
    ),
    "the provider's thumbprint is replaced": (
        breaking.provider(ThumbprintList=["0" * 40]),
        ["fail aws-thumbprint", *REFUSED],
    ),
    "the provider's thumbprint is the leaf's": (breaking.leaf_pinned, ["warn aws-thumbprint"]),
    "the role is deleted": (
        breaking.no_role,
        [f"fail aws-role {POD}", f"fail sts-assume-role {POD}"],
    ),
    "the role trusts another service account": (
        breaking.trust_edited(breaking.another_account),
        [f"warn aws-trust {POD}", f"fail trust-admits {POD}", f"fail sts-assume-role {POD}"],
    ),
    "the role trusts the whole namespace": (
        breaking.trust_edited(breaking.any_account_of_the_namespace),
        [f"warn aws-trust {POD}", f"fail negative-service-account {POD}"],
    ),
    "the role trusts any token of the cluster": (
        breaking.trust_edited(breaking.anybody),
        [
            f"warn aws-trust {POD}",
            f"fail negative-service-account {POD}",
            f"fail negative-namespace {POD}",
            f"warn negative-audience {POD}",
        ],
    ),
    "the role says nothing of the audience": (
        breaking.trust_edited(breaking.any_audience),
        [f"warn aws-trust {POD}", f"warn negative-audience {POD}"],
    ),
    "the policy is detached": (breaking.policy_detached, [f"fail aws-policies {POD}"]),
    "a policy more is attached": (breaking.policy_attached, [f"warn aws-policies {POD}"]),
    "a policy is written into the role": (
        breaking.policy_written,
        [f"warn aws-policies {POD}"],
    ),
    "a tag of the role is changed": (breaking.tag_changed, [f"warn aws-tags {POD}"]),
    "the provider has lost its tags": (
        breaking.provider(Tags=[]),
        ["warn aws-tags oidc.sandbox.internal"],
    ),
    "the sessions are longer": (
        breaking.session_duration(7200),
        [f"warn aws-role-settings {POD}"],
    ),
    "the role has a boundary": (breaking.boundary, [f"warn aws-role-settings {POD}"]),
}


@pytest.fixture
def _no_aws_cli(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Starting it takes longer than all the rest, and it asks what boto3 asks."""
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.mark.usefixtures("_no_aws_cli")
@pytest.mark.parametrize(("broken", "codes"), BREAKS.values(), ids=BREAKS)
async def test_a_break_is_named_by_its_codes(
    broken: breaking.Break, codes: list[str], live: LiveFederation
) -> None:
    with broken(live):
        findings = await examined(live.config)

    # A break that was not mended would show in the next one.
    assert told(findings) == codes


@pytest.mark.usefixtures("_no_aws_cli")
async def test_flags_that_are_right_are_seen_in_the_pods_of_the_api_servers(
    live: LiveFederation,
) -> None:
    right = (SIGNS, OLD, KEYS, AUDIENCES)
    with breaking.api_server_flags(right, right)(live):
        findings = await examined(live.config, Options(only=frozenset({"control-plane"})))

    seen = [each.seen for each in findings if each.code.endswith(("-flags", "-api-audiences"))]
    both = f"'{ISSUER}', 'https://kubernetes.default.svc' on kube-apiserver-node-"
    assert seen == [
        f"--service-account-issuer {both}1; {both}2",
        "'https://kubernetes.default.svc' on kube-apiserver-node-1; "
        "'https://kubernetes.default.svc' on kube-apiserver-node-2",
    ]


@pytest.mark.usefixtures("_no_aws_cli")
async def test_a_token_of_another_signing_key_is_named_by_its_codes(
    live: LiveFederation, tmp_path: Path
) -> None:
    cluster = Cluster(live.sandbox.kubeconfig, None)
    genuine = cluster.mint("default", "oidc-iam-pod", "sts.amazonaws.com")
    header = {"alg": "RS256", "kid": "other"}
    other = jwt.encode(header, dict(genuine.claims), RSAKey.generate_key(2048))
    file = tmp_path / "token"
    file.write_text(other)

    findings = await examined(live.config, Options(token_file=file))

    assert told(findings) == [f"fail token-signature {POD}", f"fail sts-assume-role {POD}"]


@pytest.mark.usefixtures("_no_aws_cli")
async def test_another_audience_in_the_configuration_is_named_by_its_codes(
    live: LiveFederation,
) -> None:
    settings = live.config.model_dump(mode="json") | {"audience": ["vault"]}

    findings = await examined(ClusterConfig.model_validate_json(json.dumps(settings)))

    assert told(findings) == [
        "fail aws-audience",
        f"warn aws-trust {POD}",
        f"warn aws-trust {WRITER}",
        f"fail trust-admits {POD}",
        f"fail trust-admits {WRITER}",
        *REFUSED,
    ]


@pytest.mark.usefixtures("_no_aws_cli")
async def test_another_issuer_in_the_configuration_is_named_by_its_codes(
    live: LiveFederation,
) -> None:
    settings = live.config.model_dump(mode="json") | {"issuer": f"{ISSUER}/v2"}

    findings = await examined(ClusterConfig.model_validate_json(json.dumps(settings)))

    (unread,) = [each for each in findings if each.code == "discovery-forbidden"]
    assert unread.cause == (
        "The issuer has a path, and an API server serves the documents at its root alone."
    )
    assert told(findings) == [
        "fail discovery-forbidden /v2/.well-known/openid-configuration",
        "fail control-plane-issuer",
        "fail aws-provider",
        f"fail token-issuer {POD}",
        f"fail token-issuer {WRITER}",
    ]


async def test_a_wrong_role_in_the_config_map_does_not_reach_the_aws_cli(
    live: LiveFederation,
) -> None:
    edited = breaking.config_map_edited(
        "AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/sandbox_reports_report-writer"
    )
    with edited(live):
        findings = await examined(live.config)

    assert told(findings) == [f"fail control-plane-config-map {POD}"]


async def test_a_provider_that_differs_in_a_detail_is_pointed_out(live: LiveFederation) -> None:
    with breaking.provider(Url=f"{ISSUER}/")(live):
        (finding,) = await examined(live.config, Options(only=frozenset({"aws-provider"})))

    assert finding.seen == (
        "no provider of that name, but 'oidc.sandbox.internal/': "
        "the difference is a slash at the end"
    )


@pytest.mark.usefixtures("_no_aws_cli")
async def test_what_a_break_makes_pointless_is_skipped_and_says_why(live: LiveFederation) -> None:
    with breaking.no_role(live):
        findings = await examined(live.config, Options(only=frozenset({"aws", "trust", "sts"})))

    assert [
        (each.code, each.seen)
        for each in findings
        if each.verdict == "skip" and each.about in ("", POD)
    ] == [
        ("aws-trust", "see aws-role"),
        ("aws-policies", "see aws-role"),
        ("aws-role-settings", "see aws-role"),
        ("aws-tags", "see aws-role"),
        ("trust-admits", "see aws-role"),
        ("sts-identity", "see sts-assume-role"),
        ("sts-aws-cli", "the aws CLI is not on the PATH"),
    ]


def told(findings: list[Finding]) -> list[str]:
    """What warns or fails."""
    return [
        f"{each.verdict} {each.code} {each.about}".rstrip()
        for each in findings
        if each.verdict in ("warn", "fail")
    ]
