"""Which patterns for subjects of a shared issuer stay within one organization."""

from __future__ import annotations

import pytest

from federation.iam.tenants import SHARED_ISSUERS, shared_issuer

GITHUB = "token.actions.githubusercontent.com"


@pytest.mark.parametrize(
    ("issuer", "pattern"),
    [
        (GITHUB, "repo:*"),
        (GITHUB, "repo:acme*"),
        (GITHUB, "repo:ac?e/app:*"),
        (GITHUB, "repo:*/app:*"),
        (GITHUB, "r*"),
        (GITHUB, "environment:prod*"),
        (GITHUB, "repo:/*"),
        ("gitlab.com", "project_path:*"),
        ("gitlab.com", "project_path:*:ref_type:branch:ref:main"),
        ("gitlab.com", "project_path:acme*"),
        ("app.terraform.io", "organization:*"),
        ("app.terraform.io", "organization:acme*"),
        ("app.eu.terraform.io", "organization:acme*:project:*"),
        ("agent.buildkite.com", "organization:acme*:pipeline:*"),
        ("api.pulumi.com/oidc", "pulumi:deploy:org:*"),
        ("scalr.io", "account:acme*"),
        ("oidc.vercel.com", "owner:*:project:app:environment:production"),
    ],
)
def test_a_wildcard_in_the_organization_admits_strangers(issuer: str, pattern: str) -> None:
    shared = shared_issuer(issuer)
    assert shared is not None
    assert not shared.fixes_tenant(pattern)


@pytest.mark.parametrize(
    ("issuer", "pattern"),
    [
        (GITHUB, "repo:acme/app:*"),
        (GITHUB, "repo:acme/*"),
        (GITHUB.upper(), "repository_owner:acme:*"),
        ("gitlab.com", "project_path:acme/*:ref_type:branch:ref:main"),
        ("app.terraform.io", "organization:acme:project:*"),
        ("agent.buildkite.com", "organization:acme:pipeline:*"),
        ("api.pulumi.com/oidc", "pulumi:deploy:org:acme:*"),
        ("scalr.io", "account:acme:*"),
        ("oidc.vercel.com", "owner:acme:project:*"),
    ],
)
def test_a_wildcard_after_it_does_not(issuer: str, pattern: str) -> None:
    shared = shared_issuer(issuer)
    assert shared is not None
    assert shared.fixes_tenant(pattern)


@pytest.mark.parametrize("issuer", ["oidc.example.com", "gitlab.example.com", "xgitlab.com"])
def test_other_issuers_are_not_known_to_be_shared(issuer: str) -> None:
    assert shared_issuer(issuer) is None


def test_each_issuer_has_a_source() -> None:
    assert all(each.source for each in SHARED_ISSUERS)
