"""What follows from answers that are missing, half typed or wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from project_files import PROD

from wizard.questions import questions, workload_questions
from wizard.tui.draft import Draft, open_draft
from wizard.tui.preview import PreviewRow, defaults, facts, probe_configuration, role_name

WHO = {"workloads.0.namespace": "shop", "workloads.0.service_account": "web"}
DRAFT = Draft("new", {"issuer": "prod.example.com", **WHO})


def test_everything_follows_from_right_answers() -> None:
    assert {fact.label: fact.value for fact in facts(DRAFT)} == {
        "Issuer": "https://prod.example.com",
        "Discovery": "https://prod.example.com/.well-known/openid-configuration",
        "Public keys": "https://prod.example.com/openid/v1/jwks",
        "Condition keys": "prod.example.com:aud\nprod.example.com:sub",
        "Subject": "system:serviceaccount:shop:web",
        "Role": "prod_shop_web",
    }


@pytest.mark.parametrize(
    ("key", "text", "unknown"),
    [
        (
            "issuer",
            "http://prod.example.com",
            {"Issuer", "Discovery", "Public keys", "Condition keys"},
        ),
        ("workloads.0.namespace", "Shop", {"Subject", "Role"}),
        ("workloads.0.service_account", "web!", {"Subject", "Role"}),
        ("cluster", "Prod", {"Role"}),
        ("aws.region", "nowhere", set()),
    ],
)
def test_what_depends_on_a_wrong_answer_does_not_follow(
    key: str, text: str, unknown: set[str]
) -> None:
    draft = DRAFT.with_answer(key, text)
    assert {fact.label for fact in facts(draft) if fact.value is None} == unknown


def test_a_role_with_a_name_of_its_own_does_not_depend_on_the_cluster() -> None:
    draft = Draft("new", {"workloads.0.role.name": "mine"})
    assert role_name(draft, 0) == "mine"


def test_each_workload_has_facts_of_its_own() -> None:
    draft = open_draft(Path("prod.yaml"), PROD)
    assert facts(draft, 1)[-2:] == (
        PreviewRow("Subject", "system:serviceaccount:billing:app"),
        PreviewRow("Role", "prod_billing_app"),
    )


def test_an_empty_answer_shows_what_it_stands_for() -> None:
    basics = ("issuer", "audience", "cluster", "kubernetes.apply", "workloads.0.role.name")
    asked = [question for question in questions() if question.key in basics]
    assert defaults(DRAFT.with_workload(), [*asked, *workload_questions(1)]) == {
        "issuer": "",
        "audience": "sts.amazonaws.com",
        "cluster": "prod",
        "kubernetes.apply": "manifests",
        "workloads.0.role.name": "prod_shop_web",
        "workloads.1.namespace": "default",
        "workloads.1.service_account": "oidc-iam-pod",
        "workloads.1.create_namespace": "no",
        "workloads.1.role.name": "prod_default_oidc-iam-pod",
        "workloads.1.role.managed_policy_arns": "job-function/ViewOnlyAccess",
        "workloads.1.role.path": "/",
        "workloads.1.role.max_session_duration": "3600",
        "workloads.1.token_expiration_seconds": "3600",
        "workloads.1.trust": "service-account",
        "workloads.1.test_pod": "no",
    }


def test_nothing_is_probed_without_an_issuer() -> None:
    assert probe_configuration(Draft("new", WHO)) is None


def test_a_probe_goes_where_the_answers_say_whatever_else_is_missing() -> None:
    draft = Draft("new", {"issuer": "prod.example.com", "discovery.endpoint": "https://10.0.0.1"})
    config = probe_configuration(draft.with_answer("workloads.0.namespace", "Shop"))
    assert config is not None
    assert (config.issuer, config.discovery_address) == (
        "https://prod.example.com",
        ("10.0.0.1", 443),
    )
