"""Retries are found in the debug log of the AWS provider 5.100, as recorded."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from deployment.cdktf.events import Retrying
from deployment.cdktf.retries import RetryLog, watch_retries

SENT = (
    "2026-01-24T00:27:30.669Z [DEBUG] provider.terraform-provider-aws_v5.100.0_x5: "
    'HTTP Request Sent:\n  rpc.service=IAM http.method=POST tf_aws.signing_region=""\n'
    '  http.request.header.amz_sdk_request="attempt={}; max=3" tf_rpc=ApplyResourceChange '
    "rpc.method=CreateRole timestamp=2026-01-24T00:27:30.669Z\n"
)
RECEIVED = (
    "2026-01-24T00:27:30.672Z [DEBUG] provider.terraform-provider-aws_v5.100.0_x5: "
    "HTTP Response Received: rpc.method=CreateRole rpc.system=aws-api\n"
    "  http.response.body=\n  | <ErrorResponse><Error><Code>Throttling</Code></Error>\n"
)


def retries(text: str, size: int) -> list[Retrying]:
    log = RetryLog()
    data = text.encode()
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    return [retry for piece in pieces for retry in log.feed(piece)] + list(log.finish())


@pytest.mark.parametrize("size", [1, 7, 100, 10_000])
def test_each_repeated_request_is_told_with_its_reason(size: int) -> None:
    text = SENT.format(1) + RECEIVED + SENT.format(2) + RECEIVED + SENT.format(3)
    assert retries(text, size) == [
        Retrying("IAM CreateRole", "Throttling", 2, 3),
        Retrying("IAM CreateRole", "Throttling", 3, 3),
    ]


def test_a_first_attempt_is_no_retry() -> None:
    assert retries(SENT.format(1) + RECEIVED, 100) == []


def test_a_request_that_got_no_answer_is_told_without_a_reason() -> None:
    assert retries(SENT.format(2), 100) == [Retrying("IAM CreateRole", None, 2, 3)]


async def test_the_log_is_followed_while_it_grows_and_then_removed() -> None:
    told: asyncio.Queue[Retrying] = asyncio.Queue()
    async with watch_retries(told.put_nowait) as environment:
        log = Path(environment["TF_LOG_PATH"])
        log.write_text(SENT.format(2))
        assert await told.get() == Retrying("IAM CreateRole", None, 2, 3)
        with log.open("a") as file:
            file.write(RECEIVED + SENT.format(3))
    assert told.get_nowait() == Retrying("IAM CreateRole", "Throttling", 3, 3)
    assert (environment["TF_LOG_PROVIDER"], log.parent.exists()) == ("DEBUG", False)


async def test_nobody_elses_log_is_in_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_LOG", "INFO")
    async with watch_retries(lambda _: None) as environment:
        assert environment == {}
