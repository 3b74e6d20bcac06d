"""What a change in place keeps from working."""

from __future__ import annotations

import json
from typing import Any

import pytest

from review.breaks import Break, breaks
from review.plan.changes import SENSITIVE, UNKNOWN, AttributeChange, ResourceChange

UNREADABLE = "AWS can no longer read the cluster's discovery documents, and rejects its tokens."


def found(kind: str, *attributes: AttributeChange, **settings: bool) -> list[tuple[str, str]]:
    """The scope and the text of each break."""
    change = ResourceChange(f"{kind}.a", kind, "a", "update", attributes)
    seen = list(breaks("prod-identity", change, **settings))
    assert {(each.stack, each.address) for each in seen} <= {("prod-identity", f"{kind}.a")}
    return [(each.scope, each.text) for each in seen]


def document(value: Any) -> str:
    """A document as an attribute of a plan has it: text with JSON in it."""
    return json.dumps(json.dumps(value))


def policy(*subjects: str, audiences: tuple[str, ...] = ("sts.amazonaws.com",)) -> str:
    """A trust policy that lets subjects in, or with none of them everybody with the audience."""
    conditions: dict[str, Any] = {"StringEquals": {"c.example.com:aud": list(audiences)}}
    if subjects:
        conditions["StringLike"] = {"c.example.com:sub": list(subjects)}
    provider = "arn:aws:iam::123456789012:oidc-provider/c.example.com"
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": provider},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": conditions,
    }
    return document({"Version": "2012-10-17", "Statement": [statement]})


WEB, API = "system:serviceaccount:shop:web", "system:serviceaccount:shop:api"
ALL = "system:serviceaccount:shop:*"
OF_AUDIENCE = "of https://c.example.com with the audience sts.amazonaws.com"


def shut_out(*who: str) -> list[tuple[str, str]]:
    text = f"No longer admitted to the role: {', '.join(who)}. AWS rejects these tokens for it."
    return [("one role", text)]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(policy(WEB), policy(API), shut_out(f"{WEB} {OF_AUDIENCE}"), id="another"),
        pytest.param(policy(API, WEB), policy(API), shut_out(f"{WEB} {OF_AUDIENCE}"), id="fewer"),
        pytest.param(policy(ALL), policy(WEB), shut_out(f"{ALL} {OF_AUDIENCE}"), id="narrower"),
        pytest.param(
            policy(),
            policy(WEB),
            shut_out(f"system:serviceaccount:*:* {OF_AUDIENCE}"),
            id="from everybody to one",
        ),
        pytest.param(
            policy(WEB, audiences=("old", "new")),
            policy(WEB, audiences=("new",)),
            shut_out(f"{WEB} of https://c.example.com with the audience old"),
            id="an audience",
        ),
        pytest.param(
            policy(WEB),
            policy(WEB).replace("c.example.com", "d.example.com"),
            shut_out(f"{WEB} {OF_AUDIENCE}"),
            id="another issuer",
        ),
        pytest.param(
            policy(*(f"{API}-{number}" for number in range(5))),
            policy(WEB),
            shut_out(
                f"{API}-0 {OF_AUDIENCE}",
                f"{API}-1 {OF_AUDIENCE}",
                f"{API}-2 {OF_AUDIENCE} and 2 more",
            ),
            id="many",
        ),
        pytest.param(policy(WEB), policy(WEB, API), [], id="more"),
        pytest.param(policy(WEB), policy(ALL), [], id="wider"),
        pytest.param(policy(WEB), UNKNOWN, [], id="not known before the apply"),
        pytest.param(None, policy(WEB), [], id="none before"),
        pytest.param(SENSITIVE, SENSITIVE, [], id="sensitive"),
        pytest.param(document({"Statement": 1}), policy(WEB), [], id="no policy"),
        pytest.param('"{"', policy(WEB), [], id="no JSON"),
    ],
)
def test_whom_a_trust_policy_shuts_out(
    before: str | None, after: str, expected: list[tuple[str, str]]
) -> None:
    assert found("aws_iam_role", AttributeChange("assume_role_policy", before, after)) == expected


def keys(*kids: str) -> str:
    return document({"keys": [{"kty": "RSA", "kid": kid} for kid in kids]})


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(
            keys("old", "new"),
            keys("new"),
            [
                (
                    "older tokens",
                    'Removes the published key "old". AWS rejects the tokens that it signed.',
                )
            ],
            id="a key less",
        ),
        pytest.param(keys("old"), keys("old", "new"), [], id="a key more"),
        pytest.param(keys("a", "b"), keys("b", "a"), [], id="in another order"),
        pytest.param(keys("old"), UNKNOWN, [], id="not known before the apply"),
        pytest.param(
            document({"issuer": "https://a", "jwks_uri": "https://a/jwks"}),
            document({"issuer": "https://a/", "jwks_uri": "https://a/jwks"}),
            [
                (
                    "every role",
                    "Changes the issuer in the discovery document. AWS rejects all of the "
                    "cluster's tokens.",
                )
            ],
            id="another issuer",
        ),
    ],
)
def test_what_a_published_document_loses(
    before: str, after: str, expected: list[tuple[str, str]]
) -> None:
    assert found("aws_s3_object", AttributeChange("content", before, after)) == expected


@pytest.mark.parametrize(
    ("kind", "attribute", "said"),
    [
        (
            "aws_cloudfront_distribution",
            AttributeChange("enabled", "true", "false"),
            "Disables the CloudFront distribution.",
        ),
        (
            "aws_cloudfront_distribution",
            AttributeChange("aliases[0]", '"oidc.example.com"', None),
            'Removes the name "oidc.example.com" from the distribution.',
        ),
        (
            "aws_s3_bucket_public_access_block",
            AttributeChange("restrict_public_buckets", "false", "true"),
            "Closes the bucket to the public.",
        ),
        (
            "kubernetes_cluster_role_binding_v1",
            AttributeChange("subject[0].name", '"system:unauthenticated"', '"readers"'),
            "Removes anonymous access from the cluster role binding.",
        ),
    ],
)
def test_what_keeps_the_documents_from_aws(
    kind: str, attribute: AttributeChange, said: str
) -> None:
    assert found(kind, attribute) == [("every role", f"{said} {UNREADABLE}")]


@pytest.mark.parametrize(
    ("kind", "attribute"),
    [
        ("aws_cloudfront_distribution", AttributeChange("enabled", "false", "true")),
        ("aws_cloudfront_distribution", AttributeChange("aliases[1]", None, '"b"')),
        (
            "aws_s3_bucket_public_access_block",
            AttributeChange("block_public_acls", "false", "true"),
        ),
        ("kubernetes_cluster_role_binding_v1", AttributeChange("subject[1].name", None, '"b"')),
        ("aws_iam_role", AttributeChange("max_session_duration", "7200", "3600")),
    ],
)
def test_other_changes_in_place_break_nothing(kind: str, attribute: AttributeChange) -> None:
    assert found(kind, attribute) == []


def test_who_reads_a_bucket_needs_no_binding() -> None:
    gone = AttributeChange("subject[0].name", '"system:unauthenticated"', None)
    assert found("kubernetes_cluster_role_binding_v1", gone, reads_bucket=True) == []


def test_a_name_that_moves_within_its_list_is_no_loss() -> None:
    moves = (
        AttributeChange("aliases[0]", '"a"', '"b"'),
        AttributeChange("aliases[1]", '"b"', '"a"'),
    )
    assert found("aws_cloudfront_distribution", *moves) == []


def test_a_break_tells_its_stack_and_its_resource() -> None:
    attribute = AttributeChange("enabled", "true", "false")
    kind = "aws_cloudfront_distribution"
    change = ResourceChange(f"{kind}.a", kind, "a", "update", (attribute,))
    [seen] = breaks("prod-discovery", change)
    assert (seen.stack, seen.address) == ("prod-discovery", f"{kind}.a")
    assert isinstance(seen, Break)
