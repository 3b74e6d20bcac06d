"""A bucket that serves the two discovery documents, where AWS cannot or should not reach the API
server.

Public for exactly these two objects; or private, with CloudFront in front of it under a name and a
certificate of the user's own. The documents are built from the public key files that the
configuration names.
"""

from __future__ import annotations

import hashlib
from typing import Any

from cdktf import TerraformOutput
from cdktf_cdktf_provider_aws.cloudfront_distribution import (
    CloudfrontDistribution,
    CloudfrontDistributionDefaultCacheBehavior,
    CloudfrontDistributionOrigin,
    CloudfrontDistributionRestrictions,
    CloudfrontDistributionRestrictionsGeoRestriction,
    CloudfrontDistributionViewerCertificate,
)
from cdktf_cdktf_provider_aws.cloudfront_origin_access_control import CloudfrontOriginAccessControl
from cdktf_cdktf_provider_aws.s3_bucket import S3Bucket
from cdktf_cdktf_provider_aws.s3_bucket_ownership_controls import (
    S3BucketOwnershipControls,
    S3BucketOwnershipControlsRule,
)
from cdktf_cdktf_provider_aws.s3_bucket_policy import S3BucketPolicy
from cdktf_cdktf_provider_aws.s3_bucket_public_access_block import S3BucketPublicAccessBlock
from cdktf_cdktf_provider_aws.s3_bucket_versioning import (
    S3BucketVersioningA,
    S3BucketVersioningVersioningConfiguration,
)
from cdktf_cdktf_provider_aws.s3_object import (
    S3Object,
    S3ObjectOverrideProvider,
    S3ObjectOverrideProviderDefaultTags,
)

from federation import key_files
from federation.config import Bucket, ClusterConfig
from federation.jwks import JWKS_PATH, OPENID_CONFIGURATION_PATH
from stacks.cluster_stack import ClusterStack
from stacks.expressions import Address, jsonencode, literal, reference

_BUCKET = reference("aws_s3_bucket.documents.id")
_CACHE_SECONDS = 300
"""After which a new key is seen everywhere; an API server says an hour."""
_CACHING_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
"""AWS's managed policy that keeps an answer as long as its Cache-Control says (CloudFront developer
guide, "Use managed cache policies")."""
_NAMES = {OPENID_CONFIGURATION_PATH: "openid_configuration", JWKS_PATH: "jwks"}


def serve_documents(stack: ClusterStack, settings: Bucket) -> None:
    """Add the bucket with its two objects, and who may read them.

    Raises:
        UserError: a file of keys cannot be read, or holds what may not be published.
    """
    stack.aws_provider("s3", "cloudfront")
    S3Bucket(stack, "documents", bucket=settings.bucket)
    S3BucketOwnershipControls(
        stack,
        "ownership",
        bucket=_BUCKET,
        rule=S3BucketOwnershipControlsRule(object_ownership="BucketOwnerEnforced"),
    )
    versioning = S3BucketVersioningA(
        stack,
        "versioning",
        bucket=_BUCKET,
        versioning_configuration=S3BucketVersioningVersioningConfiguration(status="Enabled"),
    )
    for path, text in key_files.documents(stack.config).items():
        S3Object(
            stack,
            _NAMES[path],
            bucket=_BUCKET,
            key=_key(stack.config, path),
            content=literal(text),
            content_type="application/json",
            cache_control=f"public, max-age={_CACHE_SECONDS}",
            # With it a plan shows that somebody else has changed the keys.
            etag=hashlib.md5(text.encode(), usedforsecurity=False).hexdigest(),
            override_provider=_without_tags(stack.config),
            depends_on=[versioning],
        )
    if settings.acm_certificate_arn:
        _distribute(stack, settings.acm_certificate_arn)
    _let_in(stack, settings)


def _without_tags(config: ClusterConfig) -> S3ObjectOverrideProvider | None:
    """The bucket has the tags: an object takes ten, and everything else fifty."""
    if not config.aws.tags:
        return None
    no_tags = S3ObjectOverrideProviderDefaultTags(tags={})
    return S3ObjectOverrideProvider(default_tags=no_tags)


def _let_in(stack: ClusterStack, settings: Bucket) -> None:
    """Who may read: anyone the two objects, or CloudFront; nobody without TLS."""
    private = settings.acm_certificate_arn is not None
    access = S3BucketPublicAccessBlock(
        stack,
        "public_access",
        bucket=_BUCKET,
        block_public_acls=True,
        ignore_public_acls=True,
        block_public_policy=private,
        restrict_public_buckets=private,
    )
    # Before the block is in place, S3 refuses a policy that lets anyone in.
    S3BucketPolicy(
        stack,
        "policy",
        bucket=_BUCKET,
        policy=jsonencode(_policy(stack.config, settings)),
        depends_on=[access],
    )


def _policy(config: ClusterConfig, settings: Bucket) -> dict[str, Any]:
    arn = f"arn:{config.partition}:s3:::{settings.bucket}"
    read: dict[str, Any] = {
        "Sid": "ReadDocuments",
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": [f"{arn}/{_key(config, path)}" for path in _NAMES],
    }
    if settings.acm_certificate_arn:
        distribution = Address("aws_cloudfront_distribution.distribution.arn")
        read["Principal"] = {"Service": "cloudfront.amazonaws.com"}
        read["Condition"] = {"StringEquals": {"AWS:SourceArn": distribution}}
    if (config.aws.endpoint_url or "").startswith("http:"):
        # An emulator without TLS would keep out everyone, us among them.
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


def _distribute(stack: ClusterStack, certificate_arn: str) -> None:
    """Serve the bucket under the issuer's host."""
    host = stack.config.issuer_host
    CloudfrontOriginAccessControl(
        stack,
        "signer",
        name=_BUCKET,
        origin_access_control_origin_type="s3",
        signing_behavior="always",
        signing_protocol="sigv4",
    )
    CloudfrontDistribution(
        stack,
        "distribution",
        enabled=True,
        is_ipv6_enabled=True,
        comment=f"OpenID Connect documents of {host}",
        aliases=[host],
        price_class="PriceClass_100",
        origin=[
            CloudfrontDistributionOrigin(
                origin_id="documents",
                domain_name=reference("aws_s3_bucket.documents.bucket_regional_domain_name"),
                origin_access_control_id=reference(
                    "aws_cloudfront_origin_access_control.signer.id"
                ),
            )
        ],
        default_cache_behavior=CloudfrontDistributionDefaultCacheBehavior(
            target_origin_id="documents",
            viewer_protocol_policy="https-only",
            allowed_methods=["GET", "HEAD"],
            cached_methods=["GET", "HEAD"],
            cache_policy_id=_CACHING_OPTIMIZED,
        ),
        restrictions=CloudfrontDistributionRestrictions(
            geo_restriction=CloudfrontDistributionRestrictionsGeoRestriction(
                restriction_type="none"
            )
        ),
        viewer_certificate=CloudfrontDistributionViewerCertificate(
            acm_certificate_arn=certificate_arn,
            ssl_support_method="sni-only",
            minimum_protocol_version="TLSv1.2_2021",
        ),
    )
    TerraformOutput(
        stack,
        "distribution_domain_name",
        value=reference("aws_cloudfront_distribution.distribution.domain_name"),
        description=f"What {host} has to be a CNAME (or an ALIAS) of.",
    )


def _key(config: ClusterConfig, path: str) -> str:
    """The key of an object: what follows the host in the document's URL."""
    return (config.issuer_key + path).partition("/")[2]
