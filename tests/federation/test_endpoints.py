"""Which addresses others can read the requests to."""

from __future__ import annotations

import pytest
from federation_examples import configured

from federation.model.endpoints import is_unencrypted
from federation.rules.advice import advice


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


def test_an_unencrypted_endpoint_is_an_error_of_a_configuration() -> None:
    exposed, local = (
        advice(configured(aws={"region": "eu-west-1", "endpoint_url": f"http://{host}:4566"}))
        for host in ("moto.example.com", "127.0.0.1")
    )

    assert [(each.code, each.place) for each in exposed if each.weight == "error"] == [
        ("unencrypted-endpoint", "aws.endpoint_url")
    ]
    assert exposed[0].weight == "error"
    assert [each for each in local if each.weight == "error"] == []
