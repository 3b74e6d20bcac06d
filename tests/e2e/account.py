"""The account of a sandbox, as boto3 sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3

from sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient


def iam_of(box: Sandbox) -> IAMClient:
    """The account's IAM, with the sandbox's own access key."""
    return boto3.client(
        "iam",
        region_name="eu-west-1",
        endpoint_url=box.aws_endpoint,
        aws_access_key_id=box.access_key.id,
        aws_secret_access_key=box.access_key.secret,
    )
