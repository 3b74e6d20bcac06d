"""How two issuers differ."""

import pytest

from doctor.difference import detail_apart, difference

EXPECTED = "https://oidc.example.com/a"


@pytest.mark.parametrize(
    ("seen", "text"),
    [
        ("https://oidc.example.com/a/", "it differs by a slash at the end"),
        ("https://OIDC.example.com/a", "it differs by capital letters"),
        ("https://oidc.example.com/A", "it differs by capital letters"),
        ("http://oidc.example.com/a", "it differs by the scheme"),
        ("oidc.example.com/a", "it differs by the scheme"),
        ("https://oidc.example.com:6443/a", "it differs by the port"),
        (" https://oidc.example.com/a\n", "it differs by white space"),
        ("https://oidc.example.com/b", "another issuer"),
        ("https://oidc.example.com", "another issuer"),
        ("", "another issuer"),
        (None, "not text"),
        (["https://oidc.example.com/a"], "not text"),
    ],
)
def test_a_detail_is_pointed_out(seen: object, text: str) -> None:
    assert difference(seen, EXPECTED) == text


@pytest.mark.parametrize(
    ("seen", "detail"),
    [
        ("oidc.example.com/a/", "it differs by a slash at the end"),
        ("oidc.example.com:443/a", "it differs by the port"),
        ("oidc.example.org/a", ""),
        ("", ""),
    ],
)
def test_keys_without_a_scheme_are_compared_alike(seen: str, detail: str) -> None:
    assert detail_apart(seen, "oidc.example.com/a") == detail
