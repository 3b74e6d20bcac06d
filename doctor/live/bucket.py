"""The bucket that serves the discovery documents, and CloudFront before it: read, never changed.

Wraps boto3 as `doctor.live.account` does; each failure is an `AwsError`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from doctor.live.account import (
    ANSWER_SECONDS,
    AwsError,
    boto_config,
    explained,
    session_for,
    set_up,
)
from federation.model.config import Aws
from federation.strict_json import json_object

LARGEST = 1_000_000
"""Bytes of an object that are read: two hundred keys are a few hundred thousand."""


@dataclass(frozen=True)
class Object:
    text: str
    content_type: str
    cache_control: str


@dataclass(frozen=True)
class LiveDistribution:
    arn: str
    is_enabled: bool
    certificate_arn: str


class LiveBucket:
    """A bucket by its name, in one account."""

    def __init__(self, aws: Aws, account: str, name: str, seconds: float = ANSWER_SECONDS) -> None:
        """Nothing is asked yet.

        Args:
            aws: Region and endpoint.
            account: Whose bucket it has to be: anybody may take the name of one that is deleted.
            name: The name of the bucket.
            seconds: For one answer.
        """
        self._settings: dict[str, Any] = {
            "endpoint_url": aws.endpoint_url,
            "config": boto_config(seconds),
        }
        with set_up():
            self._session = session_for(aws)
            self._s3 = self._session.client("s3", **self._settings)
        self._bucket = {"Bucket": name, "ExpectedBucketOwner": account}

    def is_versioned(self) -> bool | None:
        """Whether old versions of its objects are kept; None where there is no such bucket.

        Raises:
            AwsError: it cannot be read.
        """
        found = self._read(self._s3.get_bucket_versioning, "NoSuchBucket")
        return None if found is None else found.get("Status") == "Enabled"

    def ownership(self) -> str:
        """Who owns its objects; empty where nothing is said.

        Raises:
            AwsError: it cannot be read.
        """
        missing = "OwnershipControlsNotFoundError"
        found = self._read(self._s3.get_bucket_ownership_controls, missing) or {}
        rules = found.get("OwnershipControls", {}).get("Rules", [])
        return str(rules[0]["ObjectOwnership"]) if rules else ""

    def public_access(self) -> Mapping[str, bool]:
        """What of public access is blocked, by the names of the S3 API.

        Raises:
            AwsError: it cannot be read.
        """
        missing = "NoSuchPublicAccessBlockConfiguration"
        found = self._read(self._s3.get_public_access_block, missing) or {}
        return dict(found.get("PublicAccessBlockConfiguration", {}))

    def policy(self) -> Mapping[str, Any] | None:
        """The policy, if there is one.

        Raises:
            AwsError: it cannot be read.
        """
        found = self._read(self._s3.get_bucket_policy, "NoSuchBucketPolicy")
        return None if found is None else json_object("The policy", found["Policy"])

    def tags(self) -> Mapping[str, str]:
        """The tags.

        Raises:
            AwsError: they cannot be read.
        """
        found = self._read(self._s3.get_bucket_tagging, "NoSuchTagSet") or {}
        return {each["Key"]: each["Value"] for each in found.get("TagSet", ())}

    def document(self, key: str) -> Object | None:
        """An object, if there is one.

        Raises:
            AwsError: it cannot be read.
        """
        found = self._read(self._s3.get_object, "NoSuchKey", Key=key)
        if found is None:
            return None
        with explained():
            content = found["Body"].read(LARGEST)
        return Object(
            content.decode(errors="replace"),
            found.get("ContentType", ""),
            found.get("CacheControl", ""),
        )

    def distribution(self, host: str) -> LiveDistribution | None:
        """The distribution that answers for a host, if there is one.

        Raises:
            AwsError: distributions cannot be listed.
        """
        cloudfront = self._session.client("cloudfront", **self._settings)
        with explained():
            for page in cloudfront.get_paginator("list_distributions").paginate():
                for each in page["DistributionList"].get("Items", ()):
                    if host in each.get("Aliases", {}).get("Items", ()):
                        return LiveDistribution(
                            each["ARN"],
                            each["Enabled"],
                            each.get("ViewerCertificate", {}).get("ACMCertificateArn", ""),
                        )
        return None

    def _read(self, read: Callable[..., Any], missing: str, **more: str) -> Any:
        """An answer; None where S3 says by this code that there is nothing."""
        try:
            with explained():
                return read(**self._bucket, **more)
        except AwsError as error:
            if error.code == missing:
                return None
            raise
