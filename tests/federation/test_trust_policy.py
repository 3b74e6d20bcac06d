"""The trust policy, compared whole, and its size."""

from __future__ import annotations

from federation_examples import with_workloads

from federation.iam.trust_policy import ANY_ACCOUNT, role_trust_policy, size, trust_policy

ARN = "arn:aws:iam::123456789012:oidc-provider/oidc.example.com/a"
SUBJECT = "system:serviceaccount:default:app"


def test_one_audience_and_one_subject_are_let_in() -> None:
    assert trust_policy(ARN, "oidc.example.com/a", ["sts.amazonaws.com"], SUBJECT) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Federated": ARN},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {
                    "StringEquals": {
                        "oidc.example.com/a:aud": "sts.amazonaws.com",
                        "oidc.example.com/a:sub": SUBJECT,
                    }
                },
            }
        ],
    }


def test_several_audiences_are_a_list() -> None:
    policy = trust_policy(ARN, "oidc.example.com/a", ["one", "two"], SUBJECT)
    assert policy["Statement"][0]["Condition"] == {
        "StringEquals": {
            "oidc.example.com/a:aud": ["one", "two"],
            "oidc.example.com/a:sub": SUBJECT,
        }
    }


def test_without_a_subject_the_audience_alone_counts() -> None:
    policy = trust_policy(ARN, "oidc.example.com/a", ["one"], None)
    assert policy["Statement"][0]["Condition"] == {
        "StringEquals": {"oidc.example.com/a:aud": "one"}
    }


def test_white_space_does_not_count_towards_the_size() -> None:
    assert size({"a b": ["c", "d \t\u3000"]}) == len('{"ab":["c","d\\t"]}')


def test_a_character_counts_once_whatever_its_bytes() -> None:
    assert size({"é": "💥"}) == len('{"é":"💥"}')


def test_the_policy_of_a_workload_follows_its_configuration() -> None:
    config = with_workloads({"trust": "audience-only"}, {"service_account": "b"}, audience=["a"])
    anybody, one = config.workloads
    provider = f"arn:aws:iam::{ANY_ACCOUNT}:oidc-provider/oidc.example.com"
    assert role_trust_policy(config, anybody) == trust_policy(
        provider, "oidc.example.com", ["a"], None
    )
    assert role_trust_policy(config, one, ARN) == trust_policy(
        ARN, "oidc.example.com", ["a"], "system:serviceaccount:default:b"
    )
