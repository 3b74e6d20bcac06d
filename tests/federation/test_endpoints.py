"""Which addresses others can read the requests to."""

from __future__ import annotations

import pytest

from federation.model.endpoints import is_unencrypted


@pytest.mark.parametrize(
    "url",
    [
        "http://moto.example.com:4566",
        "HTTP://moto",
        "http://10.0.0.1",
        "http://0.0.0.0:4566",
        "http://2130706433",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
        "http://[fe80::1]:4566",
        "http://127.0.0.1@example.com",
        "http://[::1",
        "ftp://a",
        "moto:4566",
        "",
    ],
)
def test_plain_http_to_another_machine_is_unencrypted(url: str) -> None:
    assert is_unencrypted(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://sts.example.com",
        "HTTPS://10.0.0.1",
        "http://127.0.0.1:4566",
        "http://127.9.9.9",
        "http://[::1]:4566",
        "http://[::ffff:127.0.0.1]:4566",
        "http://localhost",
        "http://LOCALHOST.:4566/path",
    ],
)
def test_tls_and_this_machine_are_not(url: str) -> None:
    assert not is_unencrypted(url)
