"""Two configurations compared: who gains or loses what, and what breaks."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from review_examples import PROVIDER, SAFE

from federation.model.config import ClusterConfig
from federation.yaml import files
from review.comparison import Difference, compare

WEB = SAFE["workloads"][0]


def configured(**changes: Any) -> ClusterConfig:
    return files.validate(SAFE | changes)


def workload(**changes: Any) -> ClusterConfig:
    return configured(workloads=[WEB | changes])


def aws(**changes: Any) -> ClusterConfig:
    return configured(aws=SAFE["aws"] | changes)


def told(old: ClusterConfig, new: ClusterConfig) -> list[str]:
    """What differs, as EFFECT ABOUT FIELD: TEXT."""
    return [
        f"{each.effect} {each.about} {each.field}: {each.text}".replace("  ", " ")
        for each in compare(old, new)
    ]


CASES: list[tuple[str, ClusterConfig, ClusterConfig, list[str]]] = [
    ("nothing", configured(), configured(), []),
    (
        "a cluster's name",
        workload(role={"name": "web"}),
        configured(cluster="live", workloads=[WEB | {"role": {"name": "web"}}]),
        [
            "breaks cluster: 'live' instead of 'prod': stacks and states get other names: move "
            "the states, or everything is created again."
        ],
    ),
    (
        "an endpoint that others can read",
        aws(endpoint_url="https://aws.example.com"),
        aws(endpoint_url="http://aws.example.com"),
        [
            "widens aws.endpoint_url: 'http://aws.example.com' instead of "
            "'https://aws.example.com': others on the way can read tokens and answers of STS."
        ],
    ),
    (
        "an endpoint that others could read",
        aws(endpoint_url="http://aws.example.com"),
        aws(),
        [
            "narrows aws.endpoint_url: nothing instead of 'http://aws.example.com': requests to "
            "AWS are encrypted again."
        ],
    ),
    (
        "an endpoint on this machine",
        aws(),
        aws(endpoint_url="http://127.0.0.1:4566"),
        ["changes aws.endpoint_url: 'http://127.0.0.1:4566' instead of nothing."],
    ),
    (
        "another issuer",
        configured(),
        configured(issuer="https://new.example.com"),
        [
            "breaks issuer: 'https://new.example.com' instead of 'https://oidc.example.com': "
            "the OIDC provider is replaced, and no role can be assumed until pods have tokens "
            "of the new issuer."
        ],
    ),
    (
        "an audience more",
        configured(audience=["a"]),
        configured(audience=["a", "b"]),
        ["widens audience: tokens for 'b' are accepted by the provider and by every role."],
    ),
    (
        "an audience less",
        configured(audience=["a", "b"]),
        configured(audience=["a"]),
        ["narrows audience: tokens for 'b' are refused."],
    ),
    (
        "another audience of pods",
        configured(audience=["a", "b"]),
        configured(audience=["b", "a"]),
        ["changes audience: pods ask for 'b' instead of 'a'."],
    ),
    (
        "the audience of pods taken away",
        configured(audience=["a", "b"]),
        configured(audience=["b"]),
        [
            "breaks audience: tokens for 'a' are refused, and running pods hold such tokens.",
            "changes audience: pods ask for 'b' instead of 'a'.",
        ],
    ),
    (
        "another region of another partition",
        configured(aws={"region": "eu-west-1"}),
        configured(aws={"region": "us-gov-west-1"}),
        [
            "breaks partition: 'aws-us-gov' instead of 'aws': every ARN changes.",
            "changes aws.region: 'us-gov-west-1' instead of 'eu-west-1'.",
        ],
    ),
    (
        "no boundary any more",
        configured(),
        configured(aws={"region": "eu-west-1"}),
        [
            "widens aws.permissions_boundary: nothing instead of "
            "'arn:aws:iam::123456789012:policy/bound': the roles have no boundary any more."
        ],
    ),
    (
        "another boundary",
        configured(),
        aws(permissions_boundary="arn:aws:iam::123456789012:policy/other"),
        [
            "changes aws.permissions_boundary: 'arn:aws:iam::123456789012:policy/other' instead "
            "of 'arn:aws:iam::123456789012:policy/bound': for every role."
        ],
    ),
    (
        "an account",
        aws(),
        aws(account_id="123456789012"),
        [
            "narrows aws.account_id: '123456789012' instead of nothing: deploys to any other "
            "account are refused."
        ],
    ),
    (
        "another account",
        configured(aws={"region": "eu-west-1", "account_id": "123456789012"}),
        configured(aws={"region": "eu-west-1", "account_id": "210987654321"}),
        [
            "breaks aws.account_id: '210987654321' instead of '123456789012': provider and "
            "roles are created again in another account."
        ],
    ),
    (
        "no account any more",
        aws(account_id="123456789012"),
        aws(),
        [
            "widens aws.account_id: nothing instead of '123456789012': deploys are no longer "
            "limited to one account."
        ],
    ),
    (
        "a provider that something else manages",
        configured(),
        aws(oidc_provider=PROVIDER),
        [
            f"changes aws.oidc_provider: '{PROVIDER}' instead of 'create': Terraform no longer "
            "manages the provider, and does not delete it."
        ],
    ),
    (
        "a provider of our own",
        aws(oidc_provider=PROVIDER),
        configured(),
        [
            f"changes aws.oidc_provider: 'create' instead of '{PROVIDER}': Terraform manages the "
            "provider: a deploy imports one that it created before."
        ],
    ),
    (
        "tags",
        aws(tags={"a": "1", "b": "2"}),
        aws(tags={"b": "3", "c": "4"}),
        [
            "changes aws.tags.a: nothing instead of '1'.",
            "changes aws.tags.b: '3' instead of '2'.",
            "changes aws.tags.c: '4' instead of nothing.",
        ],
    ),
    (
        "an allowlist of paths",
        configured(),
        configured(discovery={"exposure": "authentication-config"}),
        [
            "narrows discovery.exposure: 'authentication-config' instead of 'binding': "
            "anonymous requests are limited to certain paths."
        ],
    ),
    (
        "no allowlist any more",
        configured(discovery={"exposure": "authentication-config"}),
        configured(),
        [
            "widens discovery.exposure: 'binding' instead of 'authentication-config': anonymous "
            "requests are no longer limited to certain paths."
        ],
    ),
    (
        "documents that are shown",
        configured(discovery={"exposure": "none"}),
        configured(),
        [
            "widens discovery.exposure: 'binding' instead of 'none': requests without credentials "
            "may read the documents."
        ],
    ),
    (
        "documents that are shown no more",
        configured(),
        configured(discovery={"exposure": "none"}),
        [
            "narrows discovery.exposure: 'none' instead of 'binding': the API server no longer "
            "shows the documents: something else has to."
        ],
    ),
    (
        "pinned thumbprints",
        configured(),
        configured(discovery={"thumbprint": ["b" * 40, "a" * 40]}),
        [f"changes discovery.thumbprint: '{'a' * 40}', '{'b' * 40}' instead of 'endpoint'."],
    ),
    (
        "another state",
        configured(backend={"type": "local"}),
        configured(),
        [
            "breaks backend: 's3://states/oidc-iam in eu-west-1' instead of 'the folder "
            "state/': Terraform finds no state there and creates everything again: move the "
            "state first."
        ],
    ),
    (
        "a workload more",
        configured(),
        configured(
            workloads=[
                WEB,
                {
                    "namespace": "prod",
                    "service_account": "api",
                    "trust": "audience-only",
                    "role": {"managed_policy_arns": ["B", "A"]},
                },
            ]
        ),
        [
            "widens prod/api role: gains the role 'prod_prod_api': any pod of the cluster may "
            "assume it for 3600 s; policies: 'A', 'B'."
        ],
    ),
    (
        "a workload less",
        configured(workloads=[WEB, {"namespace": "prod", "service_account": "api"}]),
        configured(),
        ["breaks prod/api role: loses the role 'prod_prod_api', which is deleted."],
    ),
    (
        "another role",
        configured(),
        workload(role={"name": "web", "path": "/apps/"}),
        [
            "breaks prod/web role: '/apps/web' instead of '/prod_prod_web': the role is replaced, "
            "and running pods ask for the old one."
        ],
    ),
    ("a name that it has anyway", configured(), workload(role={"name": "prod_prod_web"}), []),
    (
        "other policies",
        workload(role={"managed_policy_arns": ["A", "B"]}),
        workload(role={"managed_policy_arns": ["arn:aws:iam::aws:policy/B", "C"]}),
        [
            "widens prod/web role.managed_policy_arns: may do what 'C' allows.",
            "narrows prod/web role.managed_policy_arns: may no longer do what 'A' allows.",
        ],
    ),
    (
        "a role for all",
        configured(),
        workload(trust="audience-only"),
        [
            "widens prod/web trust: any pod of the cluster may assume the role, whatever its "
            "service account."
        ],
    ),
    (
        "a role for one",
        workload(trust="audience-only"),
        configured(),
        [
            "narrows prod/web trust: only the service account may assume the role, and no other "
            "pod of the cluster."
        ],
    ),
    (
        "other times",
        workload(token_expiration_seconds=600),
        workload(token_expiration_seconds=700, role={"max_session_duration": 7200}),
        [
            "widens prod/web role.max_session_duration: 7200 s instead of 3600 s.",
            "widens prod/web token_expiration_seconds: 700 s instead of 600 s.",
        ],
    ),
    (
        "a shorter session",
        workload(role={"max_session_duration": 7200}),
        workload(),
        ["narrows prod/web role.max_session_duration: 3600 s instead of 7200 s."],
    ),
    (
        "a test pod",
        configured(),
        workload(test_pod=True),
        ["changes prod/web test_pod: true instead of false."],
    ),
    (
        "a namespace that is made no more",
        workload(create_namespace=True),
        workload(),
        [
            "changes create_namespace: Terraform no longer manages the namespace 'prod', which "
            "stays."
        ],
    ),
    (
        "a namespace that is made",
        workload(),
        workload(create_namespace=True),
        ["changes create_namespace: the namespace 'prod' is created."],
    ),
    (
        "a finding that is accepted, and another that is not",
        configured(lint={"accept": [{"code": "a", "reason": "r", "until": "2027-01-31"}]}),
        configured(
            lint={
                "accept": [
                    {"code": "b", "reason": "r", "until": "2027-01-31", "workload": "prod/web"}
                ]
            }
        ),
        [
            "changes lint.accept: the finding 'a' is no longer accepted.",
            "changes prod/web lint.accept: the finding 'b' is accepted until 2027-01-31: r.",
        ],
    ),
]


@pytest.mark.parametrize(
    ("old", "new", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_a_difference_is_told_as_a_reviewer_would(
    old: ClusterConfig, new: ClusterConfig, expected: list[str]
) -> None:
    assert told(old, new) == expected


def test_a_difference_has_both_values() -> None:
    assert compare(workload(test_pod=True), workload()) == (
        Difference("changes", "prod/web", "test_pod", "false instead of true.", True, False),
    )


MANY = SAFE | {
    "aws": {"region": "eu-west-1", "tags": {"a": "1", "b": "2", "c": "3"}},
    "audience": ["a", "b", "c"],
    "discovery": {"thumbprint": ["a" * 40, "b" * 40, "c" * 40]},
    "workloads": [
        {
            "namespace": "prod",
            "service_account": name,
            "role": {"managed_policy_arns": ["A", "B", "C"]},
        }
        for name in ("web", "api", "worker")
    ],
    "lint": {
        "accept": [{"code": code, "reason": "r", "until": "2027-01-31"} for code in ("a", "b", "c")]
    },
}


@given(st.randoms(use_true_random=False))
def test_the_order_of_the_input_is_no_difference(random: Random) -> None:
    document = files.validate(MANY).model_dump(mode="json")
    pods, *others = document["audience"]
    document["audience"] = [pods, *_mixed(others, random)]
    document["aws"]["tags"] = dict(_mixed(list(document["aws"]["tags"].items()), random))
    document["discovery"]["thumbprint"] = _mixed(document["discovery"]["thumbprint"], random)
    document["lint"]["accept"] = _mixed(document["lint"]["accept"], random)
    for each in document["workloads"]:
        arns = each["role"]["managed_policy_arns"]
        each["role"]["managed_policy_arns"] = _mixed(arns, random)
    document["workloads"] = _mixed(document["workloads"], random)
    mixed = files.validate(document)
    assert compare(files.validate(MANY), mixed) == ()
    assert compare(configured(), mixed) == compare(configured(), files.validate(MANY))


def _mixed(values: list[Any], random: Random) -> list[Any]:
    return random.sample(values, len(values))
