"""Each rule of the linter: what it objects to, and what it leaves alone."""

from __future__ import annotations

import json
from typing import Any

import pytest
from moto.iam.aws_managed_policies import aws_managed_policies_data
from review_examples import (
    HOST,
    PROVIDER,
    codes,
    found,
    known,
    ours,
    policy,
    presented,
    statement,
    subjects,
    theirs,
    workload,
)

from federation.model.names import DISCOVERY_ROLE
from review.facts.estate import (
    AnonymousAccess,
    Attachment,
    Estate,
    Permissions,
    PublicBucket,
    RoleTrust,
    Setting,
    Unreadable,
    Where,
    joined,
)
from review.facts.evidence import api_server
from review.facts.matrix import summarize
from review.lint.linter import OF_ESTATES

GITHUB = "token.actions.githubusercontent.com"

HERE = Where("main.tf.json", "here")
DIGEST = "990f4193972f2becf12ddeda5237f9c952f20d9e"
RANDOM = "hN4Kq2Zx9Lw7Vb3Tc8Rm5Yd1Pf6Gs0JuEoIaXtCz"


def attached(arn: str) -> Estate:
    return Estate(attachments=(Attachment(HERE, "web", arn),))


def allowing(**members: Any) -> Estate:
    written = policy({"Effect": "Allow", "Resource": "*"} | members)
    return Estate(permissions=(Permissions(HERE, "web", written),))


def inline(role: str) -> Estate:
    """A policy within a role."""
    where = Where("plan.json", "aws_iam_role_policy.web.policy")
    return Estate(permissions=(Permissions(where, role, policy()),))


def planned_policy(name: str) -> Estate:
    """A policy that a plan makes or keeps."""
    where = Where("plan.json", "aws_iam_policy.own.policy")
    return Estate(permissions=(Permissions(where, name, policy()),))


def manifest(*flags: str) -> Estate:
    words = ", ".join(f'"{word}"' for word in ("kube-apiserver", *flags))
    text = f"apiVersion: v1\nkind: Pod\nspec: {{containers: [{{command: [{words}]}}]}}"
    return joined([api_server(text, "kube-apiserver.yaml"), ours()])


def setting(name: str, value: str, **more: Any) -> Estate:
    return Estate(settings=(Setting(HERE, "", name, value, **more),))


def anonymous(role: str, **more: Any) -> Estate:
    return Estate(anonymous=(AnonymousAccess(HERE, "", role, **more),))


ACCOUNTS = ("prod/web", "prod/api", "test/web", "kube-system/dns")
LEAF, _ = presented(authority=False)
CHAIN, _ = presented(authority=True)
CHAIN_DIGESTS = [each.thumbprint for each in CHAIN.chains[0].certificates]

FIRING: list[tuple[str, Estate, list[str]]] = [
    (
        "audience-only-trust",
        workload(trust="audience-only"),
        [
            f"workloads[prod/web].trust (prod/web): any subject of {HOST} is admitted: 1 of 1 "
            "known service accounts (prod/web)."
        ],
    ),
    (
        "audience-only-trust",
        known(theirs(statement({"StringEquals": {f"{HOST}:aud": "sts.amazonaws.com"}})), *ACCOUNTS),
        [
            f" (role): any subject of {HOST} is admitted: 4 of 4 known service accounts "
            "(kube-system/dns, prod/api, prod/web, test/web)."
        ],
    ),
    (
        "audience-only-trust",
        subjects("*", operator="StringLike"),
        [f" (role): any subject of {HOST} is admitted."],
    ),
    (
        "audience-only-trust",
        subjects(f"${{{HOST}:sub}}"),
        [f" (role): any subject of {HOST} is admitted."],
    ),
    (
        "foreign-claim",
        theirs(statement({"StringEquals": {"other.example.com:sub": "system:serviceaccount:a:b"}})),
        [f" (role): no token of {HOST} has 'other.example.com:sub'."],
    ),
    (
        "literal-wildcard",
        subjects("system:serviceaccount:prod:*"),
        [" (role): 'system:serviceaccount:prod:*' is compared literally."],
    ),
    (
        "audience-only-trust",
        theirs(statement({}, Principal={"Federated": f"{PROVIDER}\x1b[31m"})),
        [f" (role): any subject of {HOST}\\x1b[31m is admitted."],
    ),
    (
        "wildcard-namespace",
        known(subjects("system:serviceaccount:*:web", operator="StringLike"), *ACCOUNTS),
        [
            " (role): 'system:serviceaccount:*:web' is admitted: 2 of 4 known service accounts "
            "(prod/web, test/web)."
        ],
    ),
    (
        "wildcard-namespace",
        subjects("system:serviceaccount:pr*", "*:web", operator="StringLike"),
        [" (role): '*:web' is admitted.", " (role): 'system:serviceaccount:pr*' is admitted."],
    ),
    (
        "wildcard-subject",
        known(subjects("system:serviceaccount:prod:*", operator="StringLike"), *ACCOUNTS),
        [
            " (role): 'system:serviceaccount:prod:*' is admitted: 2 of 4 known service accounts "
            "(prod/api, prod/web)."
        ],
    ),
    (
        "wildcard-subject",
        known(
            subjects(
                "system:serviceaccount:prod:*",
                "system:serviceaccount:test:?eb",
                operator="StringLike",
            ),
            *ACCOUNTS,
        ),
        [
            " (role): 'system:serviceaccount:prod:*' is admitted: 2 of 4 known service accounts "
            "(prod/api, prod/web).",
            " (role): 'system:serviceaccount:test:?eb' is admitted: 1 of 4 known service "
            "accounts (test/web).",
        ],
    ),
    (
        "wildcard-subject",
        subjects("repo:example/*", operator="StringLike"),
        [" (role): 'repo:example/*' is admitted."],
    ),
    (
        "wildcard-subject",
        known(
            subjects("system:serviceaccount:n:a?", operator="StringLike"),
            *(f"n/a{letter}" for letter in "gfedcba"),
        ),
        [
            " (role): 'system:serviceaccount:n:a?' is admitted: 7 of 7 known service accounts "
            "(n/aa, n/ab, n/ac, n/ad, n/ae and 2 more)."
        ],
    ),
    (
        "wildcard-tenant",
        theirs(
            statement(
                {
                    "StringEquals": {f"{GITHUB}:aud": "sts.amazonaws.com"},
                    "StringLike": {f"{GITHUB}:sub": "repo:acme*"},
                },
                Principal={"Federated": f"arn:aws:iam::111122223333:oidc-provider/{GITHUB}"},
            )
        ),
        [
            " (role): 'repo:acme*' is admitted: anyone can get such a token of "
            "token.actions.githubusercontent.com."
        ],
    ),
    (
        "wildcard-subject",
        theirs(
            statement(
                {
                    "StringEquals": {f"{GITHUB}:aud": "sts.amazonaws.com"},
                    "StringLike": {f"{GITHUB}:sub": "repo:acme/app:*"},
                },
                Principal={"Federated": f"arn:aws:iam::111122223333:oidc-provider/{GITHUB}"},
            )
        ),
        [" (role): 'repo:acme/app:*' is admitted."],
    ),
    ("open-principal", theirs(statement(Principal="*")), [" (role): the principal is '*'."]),
    (
        "open-principal",
        theirs(statement(Principal={"AWS": "*"}, Action="sts:*")),
        [" (role): the principal is '*'."],
    ),
    (
        "open-principal",
        theirs(statement(), statement({}, Principal={"AWS": "*"}, Action="sts:AssumeRole")),
        [" (role): the principal is '*' for 'sts:AssumeRole'."],
    ),
    (
        "unjudged-principal",
        theirs(
            statement(),
            statement(
                {"StringEquals": {"aws:SourceAccount": "111122223333"}},
                Principal={"Service": "ec2.amazonaws.com"},
                Action="sts:AssumeRole",
            ),
        ),
        [
            " (role): Statement[1] admits Service 'ec2.amazonaws.com' for 'sts:AssumeRole' with "
            "conditions on 'aws:SourceAccount'."
        ],
    ),
    (
        "unjudged-principal",
        theirs(
            statement(
                {},
                Principal={"Federated": "arn:aws:iam::111122223333:saml-provider/idp"},
                Action="sts:AssumeRoleWithSAML",
            )
        ),
        [
            " (role): Statement[0] admits Federated "
            "'arn:aws:iam::111122223333:saml-provider/idp' for 'sts:AssumeRoleWithSAML'."
        ],
    ),
    (
        "audience-only-trust",
        theirs(statement({}, Principal={"Federated": "accounts.google.com"})),
        [" (role): any subject of accounts.google.com is admitted."],
    ),
    (
        "no-audience",
        theirs(statement({"StringEquals": {f"{HOST}:sub": "system:serviceaccount:prod:web"}})),
        [f" (role): tokens of {HOST} for any audience are admitted."],
    ),
    (
        "no-audience",
        theirs(
            statement(
                {
                    "StringLike": {f"{HOST}:aud": "*"},
                    "StringEquals": {f"{HOST}:sub": "system:serviceaccount:prod:web"},
                }
            )
        ),
        [f" (role): tokens of {HOST} for any audience are admitted."],
    ),
    (
        "lenient-condition",
        theirs(
            statement(
                {
                    "StringEqualsIfExists": {f"{HOST}:aud": "sts.amazonaws.com"},
                    "ForAllValues:StringEquals": {f"{HOST}:sub": "system:serviceaccount:prod:web"},
                }
            )
        ),
        [
            f" (role): ForAllValues:StringEquals {HOST}:sub also holds if the token has no such "
            "claim.",
            f" (role): StringEqualsIfExists {HOST}:aud also holds if the token has no such claim.",
        ],
    ),
    (
        "default-service-account",
        workload(service_account="default"),
        ["workloads[prod/default].trust (prod/default): prod/default is admitted."],
    ),
    (
        "default-namespace",
        subjects("system:serviceaccount:default:web"),
        [" (role): default/web is admitted."],
    ),
    (
        "shared-role",
        subjects("system:serviceaccount:prod:web", "system:serviceaccount:test:web"),
        [" (role): service accounts of several namespaces are admitted: 'prod', 'test'."],
    ),
    (
        "unknown-trust",
        Estate(trusts=(RoleTrust(HERE, "web", None),)),
        ["here (web): the trust policy is sensitive, or known only after the apply."],
    ),
    (
        "unreadable-policy",
        Estate(unreadable=(Unreadable(HERE, "web", "The policy has no Statement."),)),
        ["here (web): The policy has no Statement."],
    ),
    (
        "powerful-policy",
        workload(role={"managed_policy_arns": ["AdministratorAccess"]}),
        [
            "workloads[prod/web].role.managed_policy_arns (prod/web): "
            "'arn:aws:iam::aws:policy/AdministratorAccess' is attached: '*' on every resource."
        ],
    ),
    (
        "powerful-policy",
        attached("arn:aws-us-gov:iam::aws:policy/IAMFullAccess"),
        [
            "here (web): 'arn:aws-us-gov:iam::aws:policy/IAMFullAccess' is attached: 'iam:*', "
            "'organizations:DescribeAccount', 'organizations:DescribeOrganization', "
            "'organizations:DescribeOrganizationalUnit', 'organizations:DescribePolicy', "
            "'organizations:ListChildren', 'organizations:ListParents', "
            "'organizations:ListPolicies', 'organizations:ListPoliciesForTarget', "
            "'organizations:ListRoots', 'organizations:ListTargetsForPolicy' on every resource."
        ],
    ),
    ("powerful-policy", allowing(Action="*"), ["here (web): '*' on every resource."]),
    (
        "powerful-policy",
        allowing(NotAction=["iam:*", "sts:*"]),
        ["here (web): everything but 'iam:*', 'sts:*' on every resource."],
    ),
    (
        "broad-policy",
        attached("arn:aws:iam::aws:policy/AmazonS3FullAccess"),
        [
            "here (web): 'arn:aws:iam::aws:policy/AmazonS3FullAccess' is attached: "
            "'s3-object-lambda:*', 's3:*' on every resource."
        ],
    ),
    (
        "broad-policy",
        attached("arn:aws:iam::aws:policy/ReadOnlyAccess"),
        [
            "here (web): 'arn:aws:iam::aws:policy/ReadOnlyAccess' is attached: 's3:GetObject', "
            "'ssm:GetParameter', 'ssm:GetParameters', 'ssm:GetParametersByPath' on every resource."
        ],
    ),
    (
        "broad-policy",
        allowing(Action=["sqs:*", "s3:*", "s3:GetObject"]),
        ["here (web): 's3:*', 'sqs:*' on every resource."],
    ),
    (
        "broad-policy",
        allowing(Action="secretsmanager:Get*"),
        ["here (web): 'secretsmanager:GetSecretValue' on every resource."],
    ),
    (
        "privilege-escalation",
        attached("arn:aws:iam::aws:policy/service-role/AmazonElasticMapReduceRole"),
        [
            "here (web): 'arn:aws:iam::aws:policy/service-role/AmazonElasticMapReduceRole' is "
            "attached: 'iam:PassRole' on every resource."
        ],
    ),
    (
        "unjudged-policy",
        attached("arn:aws:iam::aws:policy/NoSuchPolicy"),
        [
            "here (web): 'arn:aws:iam::aws:policy/NoSuchPolicy' is attached, and was not "
            "evaluated: its text is unknown."
        ],
    ),
    (
        "unjudged-policy",
        attached("arn:aws:iam::aws:policy/service-role/AdministratorAccess"),
        [
            "here (web): 'arn:aws:iam::aws:policy/service-role/AdministratorAccess' is "
            "attached, and was not evaluated: its text is unknown."
        ],
    ),
    (
        "unjudged-policy",
        joined([attached("arn:aws:iam::123456789012:policy/p/own"), inline("own")]),
        [
            "here (web): 'arn:aws:iam::123456789012:policy/p/own' is attached, and was not "
            "evaluated: its text is unknown."
        ],
    ),
    (
        "privilege-escalation",
        allowing(Action=["iam:Pass*", "IAM:createaccesskey"]),
        ["here (web): 'iam:CreateAccessKey', 'iam:PassRole' on every resource."],
    ),
    (
        "privilege-escalation",
        allowing(Action="iam:PassRole", Resource="arn:aws:iam::123456789012:role/*"),
        ["here (web): 'iam:PassRole' on every resource."],
    ),
    (
        "no-permissions-boundary",
        ours(aws={"region": "eu-west-1"}),
        ["aws.permissions_boundary (): none is set."],
    ),
    (
        "long-session",
        workload(role={"max_session_duration": 14401}),
        [
            "workloads[prod/web].role.max_session_duration (prod/web): a session may last 14401 "
            "seconds."
        ],
    ),
    (
        "long-token",
        workload(token_expiration_seconds=86401),
        ["workloads[prod/web].token_expiration_seconds (prod/web): a token lives 86401 seconds."],
    ),
    (
        "sts-api-audience",
        manifest("--api-audiences=https://kubernetes.default.svc,sts.amazonaws.com"),
        ["--api-audiences (): 'sts.amazonaws.com' is among the API server's audiences."],
    ),
    (
        "sts-api-audience",
        joined([manifest("--api-audiences", "a,b"), ours(audience=["b", "c"])]),
        ["--api-audiences (): 'b' is among the API server's audiences."],
    ),
    (
        "anonymous-binding",
        ours(kubernetes={"context": "prod", "version": "1.34"}),
        ["discovery.exposure (): every path is open to anonymous requests."],
    ),
    (
        "anonymous-role",
        anonymous("view"),
        ["here (): requests without credentials have the role 'view'."],
    ),
    (
        "leaf-thumbprint",
        joined([ours(discovery={"thumbprint": [CHAIN_DIGESTS[0]]}), CHAIN]),
        [
            f"discovery.thumbprint (): {CHAIN_DIGESTS[0]} is the server's own, "
            f"{CHAIN.chains[0].certificates[0].subject!r}."
        ],
    ),
    (
        "leaf-thumbprint",
        joined([ours(), LEAF]),
        [f" (): nothing is presented above {LEAF.chains[0].certificates[0].subject!r}."],
    ),
    (
        "pinned-thumbprint",
        ours(discovery={"thumbprint": [DIGEST]}),
        [f"discovery.thumbprint (): {DIGEST} is pinned."],
    ),
    (
        "private-authority",
        CHAIN,
        [
            f" (): no public authority has issued {CHAIN.chains[0].certificates[-1].subject!r}.",
        ],
    ),
    (
        "open-bucket",
        Estate(buckets=(PublicBucket(HERE, "", "the ACL 'public-read'"),)),
        ["here (): the bucket is open: the ACL 'public-read'."],
    ),
    (
        "unencrypted-endpoint",
        ours(aws={"region": "eu-west-1", "endpoint_url": "http://moto.example.com:4566"}),
        [
            "aws.endpoint_url (): requests to AWS go to http://moto.example.com:4566 without "
            "encryption."
        ],
    ),
    (
        "local-state",
        ours(backend={"type": "local"}),
        ["backend (): the state is in the folder state/."],
    ),
    (
        "secret-like-value",
        ours(aws={"region": "eu-west-1", "tags": {"db-password": "correct horse"}}),
        ["aws.tags.db-password (): the value looks like a secret by its name."],
    ),
    (
        "secret-like-value",
        setting("note", "use AKIAIOSFODNN7EXAMPLE"),
        ["here (): the value looks like an AWS access key id."],
    ),
    ("secret-like-value", setting("seed", RANDOM), ["here (): the value looks like a random key."]),
    (
        "secret-like-value",
        setting("tls", "-----BEGIN RSA PRIVATE KEY-----\nMII"),
        ["here (): the value looks like a private key."],
    ),
    (
        "secret-like-value",
        setting("jwt", "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln"),
        ["here (): the value looks like a token."],
    ),
    (
        "secret-like-value",
        setting("gh", "ghp_" + "a1B2" * 9),
        ["here (): the value looks like a GitHub token."],
    ),
    (
        "secret-like-value",
        setting("hidden", "", sensitive=True),
        ["here (): Terraform treats the value as a secret."],
    ),
    (
        "secret-like-value",
        Estate(
            settings=(
                Setting(Where("f", "tags.AKIAIOSFODNN7EXAMPLE"), "", "AKIAIOSFODNN7EXAMPLE", ""),
            )
        ),
        ["tags.... (): the name looks like a secret."],
    ),
]

QUIET: list[tuple[str, Estate]] = [
    ("foreign-claim", theirs(statement({"StringEqualsIfExists": {"d.example.com:sub": "a"}}))),
    ("literal-wildcard", subjects("system:serviceaccount:prod:*", operator="StringLike")),
    ("audience-only-trust", ours()),
    ("audience-only-trust", theirs(statement(Effect="Deny"), statement())),
    ("audience-only-trust", theirs(statement({}, Action="sts:AssumeRole"))),
    ("audience-only-trust", theirs(statement({}, Principal={"Service": "ec2.amazonaws.com"}))),
    ("wildcard-namespace", subjects("system:serviceaccount:prod:web", operator="StringLike")),
    ("wildcard-namespace", subjects("system:serviceaccount:*:web")),
    ("wildcard-subject", subjects("system:serviceaccount:prod:web", operator="StringLike")),
    ("wildcard-subject", subjects("system:serviceaccount:prod:${*}", operator="StringLike")),
    ("open-principal", theirs(statement())),
    ("unjudged-principal", theirs(statement(), statement(Effect="Deny", Principal="*"))),
    ("wildcard-tenant", subjects("repo:*", operator="StringLike")),
    (
        "audience-only-trust",
        theirs(
            statement(
                {
                    "StringEquals": {"cognito-identity.amazonaws.com:aud": "eu-west-1:pool"},
                    "ForAnyValue:StringLike": {
                        "cognito-identity.amazonaws.com:amr": "authenticated"
                    },
                },
                Principal={"Federated": "cognito-identity.amazonaws.com"},
            )
        ),
    ),
    ("no-audience", theirs(statement())),
    ("lenient-condition", theirs(statement())),
    ("default-service-account", subjects("system:serviceaccount:default:web")),
    ("default-namespace", subjects("system:serviceaccount:prod:default")),
    ("shared-role", subjects("system:serviceaccount:prod:a", "system:serviceaccount:prod:b")),
    ("unknown-trust", theirs(statement())),
    ("unreadable-policy", theirs(statement())),
    ("powerful-policy", ours()),
    ("powerful-policy", attached("arn:aws:iam::123456789012:policy/AdministratorAccess")),
    ("powerful-policy", allowing(Action="*", Resource="arn:aws:s3:::bucket/*")),
    ("powerful-policy", allowing(Action="*", Condition={"Bool": {"aws:PrincipalIsAWSService": 1}})),
    ("broad-policy", attached("arn:aws:iam::aws:policy/job-function/ViewOnlyAccess")),
    ("broad-policy", attached("arn:aws:iam::aws:policy/IAMFullAccess")),
    ("broad-policy", allowing(Action="s3:*", Resource="arn:aws:s3:::bucket/*")),
    ("privilege-escalation", allowing(Action="iam:Get*")),
    ("privilege-escalation", allowing(Action="iam:PassRole", Resource="arn:aws:iam::1:role/app")),
    ("unjudged-policy", ours()),
    (
        "unjudged-policy",
        joined([attached("arn:aws:iam::123456789012:policy/p/own"), planned_policy("own")]),
    ),
    ("no-permissions-boundary", ours()),
    ("long-session", workload(role={"max_session_duration": 14400})),
    ("long-token", workload(token_expiration_seconds=86400)),
    ("sts-api-audience", manifest("--api-audiences=https://kubernetes.default.svc")),
    ("sts-api-audience", manifest()),
    ("anonymous-binding", ours()),
    ("anonymous-binding", ours(kubernetes={"context": "prod", "version": "1.30"})),
    (
        "anonymous-binding",
        ours(
            kubernetes={"context": "prod", "version": "1.34"},
            discovery={"exposure": "authentication-config"},
        ),
    ),
    ("anonymous-role", anonymous(DISCOVERY_ROLE, avoidable=True)),
    ("leaf-thumbprint", joined([ours(discovery={"thumbprint": [CHAIN_DIGESTS[1]]}), CHAIN])),
    ("pinned-thumbprint", joined([ours(discovery={"thumbprint": [CHAIN_DIGESTS[1]]}), CHAIN])),
    ("pinned-thumbprint", ours(discovery={"thumbprint": "omit"})),
    ("private-authority", ours()),
    ("open-bucket", ours()),
    (
        "unencrypted-endpoint",
        ours(aws={"region": "eu-west-1", "endpoint_url": "http://127.0.0.1:4566"}),
    ),
    ("local-state", ours()),
    ("secret-like-value", setting("AWS_WEB_IDENTITY_TOKEN_FILE", "/var/run/secrets/token")),
    ("secret-like-value", setting("secret-name", "database")),
    ("secret-like-value", setting("password", "")),
    ("secret-like-value", setting("token-url", "https://example.com/token")),
    ("secret-like-value", setting("commit", "da39a3ee5e6b4b0d3255bfef95601890afd80709")),
    ("secret-like-value", setting("role", f"arn:aws:iam::123456789012:role/{RANDOM}")),
    ("secret-like-value", setting("owner", "the-platform-team-of-example-organisation")),
]


@pytest.mark.parametrize(("code", "estate", "expected"), FIRING, ids=[case[0] for case in FIRING])
def test_a_rule_objects(code: str, estate: Estate, expected: list[str]) -> None:
    assert found(estate, code) == expected


@pytest.mark.parametrize(("code", "estate"), QUIET, ids=[case[0] for case in QUIET])
def test_a_rule_leaves_alone(code: str, estate: Estate) -> None:
    assert found(estate, code) == []


def test_every_rule_has_a_case_of_either_kind() -> None:
    assert sorted({code for code, _, _ in FIRING}) == sorted(OF_ESTATES)
    assert sorted({code for code, _ in QUIET}) == sorted(OF_ESTATES)


def test_a_careful_configuration_has_no_findings() -> None:
    assert codes(ours()) == []


def test_a_careful_trust_policy_has_no_findings() -> None:
    assert codes(theirs(statement(Principal={"Federated": [PROVIDER]}))) == []


REPORTED = {
    "administration": "powerful-policy",
    "privilege escalation": "privilege-escalation",
    "whole service": "broad-policy",
}


def test_the_linter_and_the_document_for_reviewers_agree_on_every_policy_of_aws() -> None:
    known = json.loads(aws_managed_policies_data)
    differing = {}
    for name, entry in known.items():
        arn = f"arn:aws:iam::aws:policy{entry['Path']}{name}"
        summary = summarize(arn)
        reported = {REPORTED[mark] for mark in summary.marks}
        if summary.contents and "administration" not in summary.marks:
            reported.add("broad-policy")
        if summary.abilities is None:
            reported.add("unjudged-policy")
        if (found_codes := set(codes(attached(arn)))) != reported:
            differing[arn] = (found_codes, reported)
    assert differing == {}
    assert len(known) > 1000
