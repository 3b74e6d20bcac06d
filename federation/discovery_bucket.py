"""The settings of a bucket that serves the two discovery documents: what is where, and for whom.

`stacks.bucket` makes it, and the drift compares it.
"""

from __future__ import annotations

from typing import Any

from federation.keys.jwks import JWKS_PATH, OPENID_CONFIGURATION_PATH
from federation.model.config import Bucket, ClusterConfig

PATHS = (OPENID_CONFIGURATION_PATH, JWKS_PATH)
CONTENT_TYPE = "application/json"
CACHE_CONTROL = "public, max-age=300"
"""After five minutes a new key is seen everywhere; an API server says an hour."""
OWNERSHIP = "BucketOwnerEnforced"


def key(config: ClusterConfig, path: str) -> str:
    """The key of an object: what follows the host in the document's URL."""
    return (config.issuer_key + path).partition("/")[2]


def public_access(settings: Bucket) -> dict[str, bool]:
    """The settings of the public access block, by the names of the AWS provider."""
    private = settings.acm_certificate_arn is not None
    return {
        "block_public_acls": True,
        "ignore_public_acls": True,
        "block_public_policy": private,
        "restrict_public_buckets": private,
    }


def refuses_without_tls(config: ClusterConfig) -> bool:
    """Whether requests without TLS are denied: an emulator without it would keep out everyone."""
    return not (config.aws.endpoint_url or "").startswith("http:")


def policy(config: ClusterConfig, settings: Bucket, distribution_arn: str) -> dict[str, Any]:
    """Who may read: anyone the two objects, or CloudFront; nobody without TLS.

    Args:
        config: The federation.
        settings: Its bucket.
        distribution_arn: The CloudFront distribution, or a Terraform reference to it; for a bucket
            that serves by itself it does not count.
    """
    arn = f"arn:{config.partition}:s3:::{settings.bucket}"
    read: dict[str, Any] = {
        "Sid": "ReadDocuments",
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": [f"{arn}/{key(config, path)}" for path in PATHS],
    }
    if settings.acm_certificate_arn:
        read["Principal"] = {"Service": "cloudfront.amazonaws.com"}
        read["Condition"] = {"StringEquals": {"AWS:SourceArn": distribution_arn}}
    if not refuses_without_tls(config):
        return {"Version": "2012-10-17", "Statement": [read]}
    refuse = {
        "Sid": "RefuseWithoutTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {"Version": "2012-10-17", "Statement": [read, refuse]}
