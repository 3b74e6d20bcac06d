"""The rows of a review's matrix."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from moto.iam.aws_managed_policies import aws_managed_policies_data
from review_examples import SAFE, policy

from federation.iam.trust_policy import role_trust_policy
from federation.yaml import files
from review.facts import aws_managed
from review.facts.matrix import Ability, PolicySummary, Row, matrix
from review.facts.permissions import CONTENTS, ESCALATIONS

AWS = "arn:aws:iam::aws:policy"


def documents(name: str) -> Mapping[str, Any] | None:
    known = {
        "Admin": policy({"Effect": "Allow", "Action": "*", "Resource": "*"}),
        "All": policy({"Effect": "Allow", "Action": ["S3:*", "s3:Get*"], "Resource": "*"}),
        "Passing": policy(
            {"Effect": "Allow", "Action": ["iam:PassRole", "sqs:*"], "Resource": "*"},
            {"Effect": "Allow", "Action": "iam:Get*", "Resource": "*", "Condition": {"Null": {}}},
            {"Effect": "Deny", "Action": "iam:CreateAccessKey", "Resource": "*"},
        ),
        "Nearly": policy(
            {"Effect": "Allow", "NotAction": ["iam:*", "account:*"], "Resource": "*"},
        ),
        "Reading": policy(
            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*"}
        ),
    }
    return known.get(name)


def rows(**workload: Any) -> tuple[Row, ...]:
    config = files.validate(SAFE | {"workloads": [SAFE["workloads"][0] | workload]})
    return matrix(config, documents)


def summary(arn: str) -> PolicySummary:
    (row,) = rows(role={"managed_policy_arns": [arn]})
    (found,) = row.policies
    return found


def test_a_row_says_who_trusts_whom() -> None:
    config = files.validate(
        SAFE | {"audience": ["a", "b"], "aws": SAFE["aws"] | {"account_id": "123456789012"}}
    )
    (row,) = matrix(config, documents)
    assert row == Row(
        workload="prod/web",
        subject="system:serviceaccount:prod:web",
        audiences=("a", "b"),
        issuer="https://oidc.example.com",
        provider_arn="arn:aws:iam::123456789012:oidc-provider/oidc.example.com",
        role="/prod_prod_web",
        policies=(PolicySummary(f"{AWS}/job-function/ViewOnlyAccess", None, (), ()),),
        boundary="arn:aws:iam::123456789012:policy/bound",
        session_seconds=3600,
        token_seconds=3600,
        trust_policy=role_trust_policy(config, config.workloads[0]),
        characters=303,
    )


def test_a_row_for_any_pod_has_no_subject() -> None:
    assert [row.subject for row in rows(trust="audience-only")] == [None]


def test_rows_are_in_the_order_of_their_names() -> None:
    workloads = [{"namespace": "n", "service_account": name} for name in ("b", "c", "a")]
    config = files.validate(SAFE | {"workloads": workloads})
    assert [row.workload for row in matrix(config, documents)] == ["n/a", "n/b", "n/c"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "Admin",
            PolicySummary(
                f"{AWS}/Admin",
                (Ability("*", ("*",), excludes=False, everywhere=True, conditional=False),),
                ("administration",),
                ESCALATIONS,
                CONTENTS,
            ),
        ),
        (
            "All",
            PolicySummary(
                f"{AWS}/All",
                (Ability("s3", ("*", "Get*"), excludes=False, everywhere=True, conditional=False),),
                ("whole service",),
                (),
                ("s3:GetObject",),
            ),
        ),
        (
            "Passing",
            PolicySummary(
                f"{AWS}/Passing",
                (
                    Ability("iam", ("PassRole",), False, everywhere=True, conditional=False),
                    Ability("iam", ("Get*",), False, everywhere=True, conditional=True),
                    Ability("sqs", ("*",), False, everywhere=True, conditional=False),
                ),
                ("privilege escalation", "whole service"),
                ("iam:PassRole",),
            ),
        ),
        (
            "Nearly",
            PolicySummary(
                f"{AWS}/Nearly",
                (Ability("*", ("account:*", "iam:*"), True, everywhere=True, conditional=False),),
                ("administration",),
                ("sts:AssumeRole",),
                CONTENTS,
            ),
        ),
        (
            "Reading",
            PolicySummary(
                f"{AWS}/Reading",
                (Ability("s3", ("GetObject",), False, everywhere=False, conditional=False),),
                (),
                (),
            ),
        ),
    ],
)
def test_what_stands_out_in_a_policy_is_marked(name: str, expected: PolicySummary) -> None:
    assert summary(name) == expected


def test_of_an_organisations_own_policy_the_name_is_all_there_is() -> None:
    own = "arn:aws:iam::123456789012:policy/Admin"
    assert summary(own) == PolicySummary(own, None, (), ())


class TestAwsManagedPolicies:
    @pytest.fixture(autouse=True)
    def _forgotten(self) -> Iterator[None]:
        aws_managed._policies.cache_clear()
        yield
        aws_managed._policies.cache_clear()

    def test_their_texts_are_those_that_moto_has(self) -> None:
        expected = json.loads(aws_managed_policies_data)["ViewOnlyAccess"]["Document"]
        assert aws_managed.document("job-function/ViewOnlyAccess") == expected

    def test_their_versions_are_those_that_moto_has(self) -> None:
        expected = json.loads(aws_managed_policies_data)["ViewOnlyAccess"]
        assert aws_managed.version("job-function/ViewOnlyAccess") == (
            expected["DefaultVersionId"],
            expected["UpdateDate"][: len("2027-01-31")],
        )

    def test_a_policy_that_is_not_known_has_neither_text_nor_version(self) -> None:
        assert aws_managed.document("NoSuchPolicy") is None
        assert aws_managed.version("NoSuchPolicy") is None

    def test_without_moto_none_is_known(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
        assert aws_managed.document("job-function/ViewOnlyAccess") is None
