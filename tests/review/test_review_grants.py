"""Whom a trust policy lets in: what is written, and which service accounts that admits."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from review_examples import HOST, PROVIDER, SUBJECT, policy, statement

from federation.iam.evaluation import evaluate
from review.facts.grants import (
    Grant,
    ServiceAccount,
    admitted,
    grants,
    service_account,
    spans_namespaces,
)


def grant(**changes: Any) -> Grant:
    members: dict[str, Any] = {
        "issuer": HOST,
        "audiences": ("sts.amazonaws.com",),
        "subjects": (SUBJECT,),
        "patterns": (),
        "literal": (),
        "lenient": (),
        "foreign": (),
    }
    return Grant(**members | changes)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (statement(), [grant()]),
        (statement(Effect="Deny"), []),
        (statement(Action="sts:AssumeRole"), []),
        (statement(Action="sts:assumerolewithweb*"), [grant()]),
        (statement({}, Principal={"Service": "ec2.amazonaws.com"}), []),
        (statement({}, Principal={"Federated": "arn:aws:iam::123456789012:saml-provider/x"}), []),
        (
            statement({"StringNotEquals": {f"{HOST}:sub": SUBJECT}}),
            [grant(audiences=None, subjects=None)],
        ),
        (
            statement({"StringLike": {f"{HOST.upper()}:SUB": "a*"}}),
            [grant(audiences=None, subjects=("a*",), patterns=("a*",))],
        ),
        (
            statement(
                {
                    "StringLike": {f"{HOST}:sub": "system:*"},
                    "StringEquals": {f"{HOST}:sub": SUBJECT},
                }
            ),
            [grant(audiences=None)],
        ),
        (
            statement(Principal={"Federated": [PROVIDER, f"{PROVIDER}/other"]}),
            [
                grant(),
                grant(
                    issuer=f"{HOST}/other",
                    audiences=None,
                    subjects=None,
                    foreign=(f"{HOST}:aud", f"{HOST}:sub"),
                ),
            ],
        ),
        (
            statement({"StringLike": {f"{HOST}:aud": ["a", "*"], f"{HOST}:sub": SUBJECT}}),
            [grant(audiences=None)],
        ),
        (
            statement({"StringEquals": {f"{HOST}:sub": ["a:*", f"b:${{{HOST}:sub}}"]}}),
            [grant(audiences=None, subjects=("a:*", "b:*"), patterns=("b:*",), literal=("a:*",))],
        ),
        (
            statement({"StringEqualsIfExists": {"d.example.com:sub": SUBJECT}}),
            [grant(audiences=None, subjects=None)],
        ),
    ],
)
def test_a_statement_grants_what_is_written(written: dict[str, Any], expected: list[Grant]) -> None:
    assert list(grants(policy(written))) == expected


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        (SUBJECT, ServiceAccount("prod", "web")),
        ("system:serviceaccount:prod", None),
        ("system:serviceaccount:prod:web:more", None),
        ("repo:example/app:ref", None),
    ],
)
def test_a_subject_names_a_service_account_or_something_else(
    subject: str, expected: ServiceAccount | None
) -> None:
    assert service_account(subject) == expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*:web", True),
        ("system:*", True),
        ("system:serviceaccount:*:web", True),
        ("system:serviceaccount:pr?d:web", True),
        ("system:serviceaccount:prod*", True),
        ("system:serviceaccount:prod:*", False),
        ("repo:example/*", False),
    ],
)
def test_a_pattern_spans_namespaces_where_its_namespace_is_not_certain(
    pattern: str, expected: bool
) -> None:
    assert spans_namespaces(pattern) == expected


names = st.sampled_from(["a", "b", "ab", "prod", "web"])
patterns = st.lists(
    st.sampled_from(["system:", "serviceaccount:", "a", "b", ":", "prod", "web", "*", "?"]),
    max_size=7,
).map("".join)


@given(st.lists(patterns.filter(bool), min_size=1, max_size=3), st.sets(st.tuples(names, names)))
def test_who_is_admitted_is_what_the_evaluator_says(
    values: list[str], pairs: set[tuple[str, str]]
) -> None:
    written = policy(statement({"StringLike": {f"{HOST}:sub": values}}))
    expected = sorted(
        f"{namespace}/{name}"
        for namespace, name in pairs
        if evaluate(
            written,
            {
                "iss": f"https://{HOST}",
                "aud": "sts.amazonaws.com",
                "sub": f"system:serviceaccount:{namespace}:{name}",
            },
        ).allowed
    )
    assert list(admitted(written, ["/".join(pair) for pair in pairs])) == expected


def test_service_accounts_are_tried_with_each_audience_of_the_policy() -> None:
    written = policy(statement({"StringEquals": {f"{HOST}:aud": ["a", "b"]}}))
    assert admitted(written, ["prod/web"]) == ("prod/web",)
