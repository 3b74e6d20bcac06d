"""The versions of Terraform's providers are written once."""

from __future__ import annotations

import pytest

from federation.providers import PROVIDERS, Version, VersionRange


def test_a_range_is_a_constraint_as_terraform_reads_it() -> None:
    assert {name: each.constraint for name, each in PROVIDERS.items()} == {
        "aws": ">= 5.81, < 7.0",
        "kubernetes": ">= 2.20, < 4.0",
        "tls": ">= 4.0, < 5.0",
    }


@pytest.mark.parametrize(
    ("version", "is_in"),
    [((5, 80), False), ((5, 81), True), ((6, 99), True), ((7, 0), False), ((0, 0), False)],
)
def test_a_range_has_its_first_version_and_not_its_end(version: Version, is_in: bool) -> None:
    assert VersionRange((5, 81), (7, 0)).has(version) == is_in
