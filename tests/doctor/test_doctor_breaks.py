"""A real federation with one thing broken at a time: the doctor names it, and it is the drift."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import breaking
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey
from live_federation import ISSUER, LiveFederation
from test_drift import BACK, CONFIG_MAP, KEY, PROVIDER, ROLE, Told
from test_drift import told as drift_of

from doctor.drift.comparison import compare
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

AUDIENCE = f"{BACK} To keep it, change 'audience'."
TAGS = f"{BACK} To keep it, change 'aws.tags'."
TRUST = (
    "A deploy restores the configured policy. To keep another subject or audience, change "
    "'workloads' or 'audience'."
)
SUBJECT = "system:serviceaccount:default:oidc-iam-pod"
CONDITION = "trust policy: Statement[0].Condition"
EQUALS = f"{CONDITION}.StringEquals"


@dataclass(frozen=True)
class Broken:
    """One thing that is broken.

    Attributes:
        by: Breaks it, and mends it.
        codes: What the doctor reports.
        drift: What `drift` reports; None where a test of its own says so.
    """

    by: breaking.Break
    codes: list[str]
    drift: list[Told] | None


BREAKS: dict[str, Broken] = {
    "the binding is removed": Broken(
        breaking.no_binding,
        [UNREADABLE, "fail control-plane-binding", *REFUSED],
        [("ClusterRoleBinding oidc-reviewer", "", "missing", "exists", BACK)],
    ),
    "the service account is deleted": Broken(
        breaking.no_service_account,
        [f"fail token-obtained {POD}"],
        [("ServiceAccount default/oidc-iam-pod", "", "missing", "exists", BACK)],
    ),
    "the ConfigMap is deleted": Broken(
        breaking.no_config_map,
        [f"fail control-plane-config-map {POD}"],
        [(CONFIG_MAP, "", "missing", "exists", BACK)],
    ),
    "the ConfigMap names another role": Broken(
        breaking.config_map_edited("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/other"),
        [f"fail control-plane-config-map {POD}"],
        [
            (
                CONFIG_MAP,
                "data.AWS_ROLE_ARN",
                "'arn:aws:iam::123456789012:role/other'",
                "'arn:aws:iam::123456789012:role/oidc-iam-pod'",
                BACK,
            )
        ],
    ),
    "the ConfigMap names another region": Broken(
        breaking.config_map_edited("AWS_REGION", "us-east-1"),
        [f"fail control-plane-config-map {POD}"],
        [(CONFIG_MAP, "data.AWS_REGION", "'us-east-1'", "'ap-southeast-2'", BACK)],
    ),
    "anonymous requests may read the cluster": Broken(
        breaking.anonymous_readers, ["warn control-plane-anonymous"], []
    ),
    "an API server has no issuer": Broken(
        breaking.api_server_flags((KEYS, AUDIENCES)), ["fail control-plane-flags"], []
    ),
    "an API server signs with another issuer": Broken(
        breaking.api_server_flags((OLD, SIGNS, KEYS, AUDIENCES)), ["fail control-plane-flags"], []
    ),
    "two API servers have different issuers": Broken(
        breaking.api_server_flags((SIGNS, OLD, KEYS, AUDIENCES), (SIGNS, KEYS, AUDIENCES)),
        ["fail control-plane-flags"],
        [],
    ),
    "an API server does not say where the keys are": Broken(
        breaking.api_server_flags((SIGNS, AUDIENCES)), ["fail control-plane-flags"], []
    ),
    "an API server takes the tokens for AWS": Broken(
        breaking.api_server_flags((SIGNS, KEYS, f"{AUDIENCES},sts.amazonaws.com")),
        ["fail control-plane-api-audiences"],
        [],
    ),
    "the provider is deleted": Broken(
        breaking.no_provider,
        ["fail aws-provider", *REFUSED],
        [(PROVIDER, "", "no such provider", "exists", BACK)],
    ),
    "the provider has a slash more": Broken(
        breaking.provider(Url=f"{ISSUER}/"),
        ["fail aws-provider", *REFUSED],
        [
            (
                PROVIDER,
                "",
                "no such provider, but 'oidc.sandbox.internal/': it differs by a slash at the end",
                "exists",
                BACK,
            )
        ],
    ),
    "the provider's audience is removed": Broken(
        breaking.provider(ClientIDList=[]),
        ["fail aws-audience", *REFUSED],
        [(PROVIDER, "audiences", "none", "'sts.amazonaws.com'", AUDIENCE)],
    ),
    "the provider's audience is changed": Broken(
        breaking.provider(ClientIDList=["sts.amazonaws.com.cn"]),
        ["fail aws-audience", *REFUSED],
        [(PROVIDER, "audiences", "'sts.amazonaws.com.cn'", "'sts.amazonaws.com'", AUDIENCE)],
    ),
    "the provider has an audience more": Broken(
        breaking.provider(ClientIDList=["sts.amazonaws.com", "vault"]),
        ["warn aws-audience"],
        [
            (
                PROVIDER,
                "audiences",
                "'sts.amazonaws.com', 'vault'",
                "'sts.amazonaws.com'",
                AUDIENCE,
            )
        ],
    ),
    "the provider's thumbprint is replaced": Broken(
        breaking.provider(ThumbprintList=["0" * 40]), ["fail aws-thumbprint", *REFUSED], None
    ),
    "the provider's thumbprint is the leaf's": Broken(
        breaking.leaf_pinned, ["warn aws-thumbprint"], None
    ),
    "the role is deleted": Broken(
        breaking.no_role,
        [f"fail aws-role {POD}", f"fail sts-assume-role {POD}"],
        [(ROLE, "", "no such role", "exists", BACK)],
    ),
    "the role trusts another service account": Broken(
        breaking.trust_edited(breaking.another_account),
        [f"warn aws-trust {POD}", f"fail trust-admits {POD}", f"fail sts-assume-role {POD}"],
        [(ROLE, f"{EQUALS}.{KEY}:sub", f'"{SUBJECT}-old"', f'"{SUBJECT}"', TRUST)],
    ),
    "the role trusts the whole namespace": Broken(
        breaking.trust_edited(breaking.any_account_of_the_namespace),
        [f"warn aws-trust {POD}", f"fail negative-service-account {POD}"],
        [
            (ROLE, f"{EQUALS}.{KEY}:sub", "nothing", f'"{SUBJECT}"', TRUST),
            (
                ROLE,
                f"{CONDITION}.StringLike",
                f'{{"{KEY}:sub": "system:serviceaccount:default:*"}}',
                "nothing",
                TRUST,
            ),
        ],
    ),
    "the role trusts any token of the cluster": Broken(
        breaking.trust_edited(breaking.anybody),
        [
            f"warn aws-trust {POD}",
            f"fail negative-service-account {POD}",
            f"fail negative-namespace {POD}",
            f"warn negative-audience {POD}",
        ],
        [
            (
                ROLE,
                CONDITION,
                "nothing",
                f'{{"StringEquals": {{"{KEY}:aud": "sts.amazonaws.com", '
                f'"{KEY}:sub": "{SUBJECT}"}}}}',
                TRUST,
            )
        ],
    ),
    "the role says nothing of the audience": Broken(
        breaking.trust_edited(breaking.any_audience),
        [f"warn aws-trust {POD}", f"warn negative-audience {POD}"],
        [(ROLE, f"{EQUALS}.{KEY}:aud", "nothing", '"sts.amazonaws.com"', TRUST)],
    ),
    "the policy is detached": Broken(
        breaking.policy_detached,
        [f"fail aws-policies {POD}"],
        [
            (
                ROLE,
                "policy 'arn:aws:iam::aws:policy/job-function/ViewOnlyAccess'",
                "not attached",
                "attached",
                f"{BACK} To keep it, remove it from 'role.managed_policy_arns'.",
            )
        ],
    ),
    "a policy more is attached": Broken(
        breaking.policy_attached,
        [f"warn aws-policies {POD}"],
        [
            (
                ROLE,
                "policy 'arn:aws:iam::aws:policy/AdministratorAccess'",
                "attached",
                "not attached",
                "A deploy keeps it: detach it by hand, or add it to 'role.managed_policy_arns'.",
            )
        ],
    ),
    "a policy is written into the role": Broken(
        breaking.policy_written,
        [f"warn aws-policies {POD}"],
        [
            (
                ROLE,
                "inline policy 'quick'",
                "exists",
                "none",
                "A deploy keeps it: delete it by hand, or make it a managed policy and add that "
                "to 'role.managed_policy_arns'.",
            )
        ],
    ),
    "a tag of the role is changed": Broken(
        breaking.tag_changed,
        [f"warn aws-tags {POD}"],
        [
            (
                ROLE,
                "tag 'cost-center'",
                "exists",
                "no such tag",
                "A deploy removes it. To keep it, add it to 'aws.tags'.",
            ),
            (ROLE, "tag 'made-by'", "'hand'", "'oidc-iam'", TAGS),
        ],
    ),
    "the provider has lost its tags": Broken(
        breaking.provider(Tags=[]),
        ["warn aws-tags oidc.sandbox.internal"],
        [(PROVIDER, "tag 'made-by'", "no such tag", "'oidc-iam'", TAGS)],
    ),
    "the sessions are longer": Broken(
        breaking.session_duration(7200),
        [f"warn aws-role-settings {POD}"],
        [
            (
                ROLE,
                "max_session_duration",
                "7200",
                "3600",
                f"{BACK} To keep it, change 'role.max_session_duration'.",
            )
        ],
    ),
    "the role has a boundary": Broken(
        breaking.boundary,
        [f"warn aws-role-settings {POD}"],
        [
            (
                ROLE,
                "permissions_boundary",
                "'arn:aws:iam::aws:policy/job-function/ViewOnlyAccess'",
                "none",
                f"{BACK} To keep it, change 'aws.permissions_boundary'.",
            )
        ],
    ),
    "somebody else may read, too": Broken(
        breaking.further_reader,
        [],
        [
            (
                "ClusterRoleBinding oidc-reviewer",
                "subjects",
                "'Group system:authenticated', 'Group system:unauthenticated'",
                "'Group system:unauthenticated'",
                BACK,
            )
        ],
    ),
    "the service account is somebody else's": Broken(
        breaking.no_labels,
        [],
        [
            (
                "ServiceAccount default/oidc-iam-pod",
                "metadata.labels.app.kubernetes.io/managed-by",
                "nothing",
                "'oidc-iam'",
                BACK,
            )
        ],
    ),
    "the test pod is deleted": Broken(
        breaking.no_test_pod,
        [],
        [("Pod default/awscli", "", "missing", "exists", BACK)],
    ),
    "the ConfigMap has a secret more": Broken(
        breaking.further_setting,
        [f"fail control-plane-config-map {POD}"],
        [(CONFIG_MAP, "data.PASSWORD", "exists", "no such setting", BACK)],
    ),
}


@pytest.fixture
def _no_aws_cli(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Starting it takes longer than all the rest, and it asks what boto3 asks."""
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.mark.usefixtures("_no_aws_cli")
@pytest.mark.parametrize("broken", BREAKS.values(), ids=BREAKS)
async def test_a_break_is_named_by_its_codes_and_is_the_drift(
    broken: Broken, live: LiveFederation
) -> None:
    with broken.by(live):
        findings = await examined(live.config)
        places = await compare(live.config)

    # A break that was not mended would show in the next one.
    assert told(findings) == broken.codes
    if broken.drift is not None:
        assert drift_of(places) == broken.drift


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
        "The issuer has a path, and an API server serves the documents only at its root."
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
        "no such provider, but 'oidc.sandbox.internal/': it differs by a slash at the end"
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
