"""Names: within their limits, and never the same for two."""

from __future__ import annotations

import pytest
from federation_strategies import labels, subdomains
from hypothesis import given
from hypothesis import strategies as st

from federation.model import names

LONG = "a" * 40


def test_an_issuer_loses_its_scheme_and_keeps_its_path() -> None:
    assert names.issuer_key("https://oidc.example.com") == "oidc.example.com"
    assert names.issuer_key("https://oidc.example.com/a/b") == "oidc.example.com/a/b"


def test_a_subject_is_what_kubernetes_writes() -> None:
    assert names.subject("default", "app") == "system:serviceaccount:default:app"


def test_a_role_name_is_made_of_its_three_parts() -> None:
    assert names.role_name("prod", "default", "app") == "prod_default_app"


def test_a_role_name_of_64_characters_stays_whole() -> None:
    whole = names.role_name("prod", "n" * 18, LONG)
    assert whole == f"prod_{'n' * 18}_{LONG}"
    assert len(whole) == 64


def test_a_role_name_of_65_characters_is_cut_and_ends_in_a_hash() -> None:
    cut = names.role_name("prod", "n" * 19, LONG)
    assert cut == f"prod_{'n' * 19}_{'a' * 30}-2ffcb9f9"
    assert len(cut) == 64


def test_a_cut_name_has_no_odd_characters_before_its_hash() -> None:
    assert names.fit("abc-.___efghijklmnop", 16) == "abc-5d73eea0"


@pytest.mark.parametrize("length", [10, 64, 253])
def test_a_name_at_its_limit_stays_and_one_beyond_is_fitted(length: int) -> None:
    assert names.fit("x" * length, length) == "x" * length
    assert len(names.fit("x" * (length + 1), length)) == length


@given(st.lists(st.tuples(labels, labels, subdomains), min_size=2, max_size=8, unique=True))
def test_two_workloads_never_share_a_role_name(workloads: list[tuple[str, str, str]]) -> None:
    derived = {names.role_name(*parts).lower() for parts in workloads}
    assert len(derived) == len(workloads)
    assert max(map(len, derived)) <= names.ROLE_NAME_LIMIT


@given(labels, labels, subdomains, subdomains)
def test_long_names_that_differ_at_their_end_alone_stay_different(
    cluster: str, namespace: str, one: str, other: str
) -> None:
    pair = {names.role_name(cluster, namespace, f"{LONG}.{LONG}.{end}") for end in (one, other)}
    assert len(pair) == len({one, other})


@given(st.lists(st.tuples(labels, subdomains | st.just("")), unique=True, max_size=8))
def test_two_workloads_never_share_a_terraform_name(workloads: list[tuple[str, str]]) -> None:
    derived = {names.terraform_name(*parts) for parts in workloads}
    assert len(derived) == len(workloads)
    assert all((name[0].isalpha() or name[0] == "_") and "." not in name for name in derived)


def test_a_terraform_name_begins_with_a_letter_or_an_underscore() -> None:
    assert names.terraform_name("apps", "a.b") == "apps_a_b"
    assert names.terraform_name("0-team", "app") == "_0-team_app"
    assert names.terraform_name("apps") == "apps"


def test_a_config_map_is_named_after_its_service_account() -> None:
    assert names.config_map_name("app") == "app-role"
    assert len(names.config_map_name("a" * 253)) == names.OBJECT_NAME_LIMIT
