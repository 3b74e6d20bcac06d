"""How two issuers differ."""

import pytest

from doctor.difference import detail_apart, difference

EXPECTED = "https://oidc.example.com/a"


@pytest.mark.parametrize(
    ("seen", "text"),
    [
        ("https://oidc.example.com/a/", "the difference is a slash at the end"),
        ("https://OIDC.example.com/a", "the difference is in capital letters"),
        ("https://oidc.example.com/A", "the difference is in capital letters"),
        ("http://oidc.example.com/a", "the difference is the scheme"),
        ("oidc.example.com/a", "the difference is the scheme"),
        ("https://oidc.example.com:6443/a", "the difference is the port"),
        (" https://oidc.example.com/a\n", "the difference is white space"),
        ("https://oidc.example.com/b", "it is another one"),
        ("https://oidc.example.com", "it is another one"),
        ("", "it is another one"),
        (None, "it is no text"),
        (["https://oidc.example.com/a"], "it is no text"),
    ],
)
def test_a_detail_is_pointed_out(seen: object, text: str) -> None:
    assert difference(seen, EXPECTED) == text


@pytest.mark.parametrize(
    ("seen", "detail"),
    [
        ("oidc.example.com/a/", "the difference is a slash at the end"),
        ("oidc.example.com:443/a", "the difference is the port"),
        ("oidc.example.org/a", ""),
        ("", ""),
    ],
)
def test_keys_without_a_scheme_are_compared_alike(seen: str, detail: str) -> None:
    assert detail_apart(seen, "oidc.example.com/a") == detail
