"""A bucket that serves the two discovery documents, if AWS cannot or should not reach the API
server.

Public for exactly these two objects; or private, with CloudFront in front of it under a name and a
certificate of the user's own. The documents are built from the public key files that the
configuration names.
"""

from __future__ import annotations

import hashlib

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

from federation import discovery_bucket
from federation.keys import key_files
from federation.keys.jwks import JWKS_PATH, OPENID_CONFIGURATION_PATH
from federation.model.config import Bucket, ClusterConfig
from stacks.cluster_stack import ClusterStack
from stacks.expressions import Address, jsonencode, literal, reference

_BUCKET = reference("aws_s3_bucket.documents.id")
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
        rule=S3BucketOwnershipControlsRule(object_ownership=discovery_bucket.OWNERSHIP),
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
            key=discovery_bucket.key(stack.config, path),
            content=literal(text),
            content_type=discovery_bucket.CONTENT_TYPE,
            cache_control=discovery_bucket.CACHE_CONTROL,
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
    access = S3BucketPublicAccessBlock(
        stack, "public_access", bucket=_BUCKET, **discovery_bucket.public_access(settings)
    )
    distribution_arn = Address("aws_cloudfront_distribution.distribution.arn")
    # Before the block is in place, S3 refuses a policy that lets anyone in.
    S3BucketPolicy(
        stack,
        "policy",
        bucket=_BUCKET,
        policy=jsonencode(discovery_bucket.policy(stack.config, settings, distribution_arn)),
        depends_on=[access],
    )


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
