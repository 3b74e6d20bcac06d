"""A bucket with the two documents, in an S3 that is moto's, changed in one thing at a time."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from live_federation import LiveFederation

from doctor.drift.comparison import compare
from doctor.drift.places import Compared
from doctor.examination import Options
from federation import discovery_bucket
from federation.errors import UserError
from federation.keys import key_files
from federation.model.config import ClusterConfig

KEYS = ["tests/stacks/keys/rsa.pub", "tests/stacks/keys/ec.pub"]
BUCKET, OWN_HOST = "edge-issuer", "oidc.example.com"
JWKS = "edge/openid/v1/jwks"
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/a"
OTHER_CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/b"
BACK = "A deploy restores it."
ONLY_AWS = Options(skip=frozenset({"control-plane", "tls"}))

Client = Any
Change = Callable[[Client], object]


def config(live: LiveFederation, **bucket: object) -> ClusterConfig:
    """A federation with its documents in a bucket, under the issuer's own host where it has one."""
    host = OWN_HOST if bucket else f"{BUCKET}.s3.eu-west-1.amazonaws.com"
    return ClusterConfig.model_validate(
        {
            "cluster": "edge",
            "issuer": f"https://{host}/edge",
            "discovery": {"hosting": "s3", "s3": {"bucket": BUCKET, "keys": KEYS, **bucket}},
            "aws": {
                "region": "eu-west-1",
                "endpoint_url": live.sandbox.aws_endpoint,
                "tags": {"team": "edge"},
            },
            "kubernetes": {"apply": "manifests"},
            "workloads": [{"namespace": "default", "service_account": "app"}],
        }
    )


def client(live: LiveFederation, service: str) -> Client:
    return boto3.client(
        service,  # type: ignore[call-overload]
        region_name="eu-west-1",
        endpoint_url=live.sandbox.aws_endpoint,
        aws_access_key_id=live.sandbox.access_key.id,
        aws_secret_access_key=live.sandbox.access_key.secret,
    )


@contextlib.contextmanager
def served(s3: Client, settings: ClusterConfig, distribution_arn: str = "") -> Iterator[None]:
    """The bucket as a deploy makes it."""
    bucket = settings.discovery.s3
    assert bucket is not None
    s3.create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": settings.aws.region}
    )
    s3.put_bucket_ownership_controls(
        Bucket=BUCKET, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    )
    s3.put_public_access_block(
        Bucket=BUCKET, PublicAccessBlockConfiguration=blocks(bucket.acm_certificate_arn is not None)
    )
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_tagging(Bucket=BUCKET, Tagging={"TagSet": [{"Key": "team", "Value": "edge"}]})
    policy = discovery_bucket.policy(settings, bucket, distribution_arn)
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policy))
    for path, text in key_files.documents(settings).items():
        s3.put_object(**document(discovery_bucket.key(settings, path), text))
    try:
        yield
    finally:
        versions = s3.list_object_versions(Bucket=BUCKET)
        for each in (*versions.get("Versions", ()), *versions.get("DeleteMarkers", ())):
            s3.delete_object(Bucket=BUCKET, Key=each["Key"], VersionId=each["VersionId"])
        s3.delete_bucket(Bucket=BUCKET)


def blocks(private: bool) -> dict[str, bool]:
    return {
        "BlockPublicAcls": True,
        "IgnorePublicAcls": True,
        "BlockPublicPolicy": private,
        "RestrictPublicBuckets": private,
    }


def document(key: str, text: str, **headers: str) -> dict[str, Any]:
    return {
        "Bucket": BUCKET,
        "Key": key,
        "Body": text.encode(),
        "ContentType": "application/json",
        "CacheControl": "public, max-age=300",
        **headers,
    }


def open_wide(s3: Client) -> None:
    """Anyone may write, too."""
    policy = json.loads(s3.get_bucket_policy(Bucket=BUCKET)["Policy"])
    policy["Statement"][0]["Action"] = ["s3:GetObject", "s3:PutObject"]
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policy))


def without_a_key(s3: Client) -> None:
    """The first key is not published any more."""
    keys = json.loads(s3.get_object(Bucket=BUCKET, Key=JWKS)["Body"].read())["keys"]
    s3.put_object(**document(JWKS, json.dumps({"keys": keys[1:]})))


CHANGES: dict[str, tuple[Change, list[str]]] = {
    "nothing": (lambda _: None, []),
    "no versions are kept": (
        lambda s3: s3.put_bucket_versioning(
            Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"}
        ),
        [f"bucket {BUCKET}: versioning: off | on | {BACK}"],
    ),
    "objects are their writers'": (
        lambda s3: s3.put_bucket_ownership_controls(
            Bucket=BUCKET, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
        ),
        [f"bucket {BUCKET}: ownership: 'ObjectWriter' | 'BucketOwnerEnforced' | {BACK}"],
    ),
    "nothing is blocked": (
        lambda s3: s3.delete_public_access_block(Bucket=BUCKET),
        [
            f"bucket {BUCKET}: block_public_acls: off | on | {BACK}",
            f"bucket {BUCKET}: ignore_public_acls: off | on | {BACK}",
        ],
    ),
    "no tags": (
        lambda s3: s3.delete_bucket_tagging(Bucket=BUCKET),
        [
            f"bucket {BUCKET}: tag 'team': no such tag | 'edge' | {BACK} To keep it, change "
            "'aws.tags'."
        ],
    ),
    "anyone may write": (
        open_wide,
        [
            f'bucket {BUCKET}: policy: Statement[0].Action: ["s3:GetObject", "s3:PutObject"] | '
            f'"s3:GetObject" | {BACK}'
        ],
    ),
    "a document is deleted": (
        lambda s3: s3.delete_object(Bucket=BUCKET, Key=JWKS),
        [f"document {JWKS}: missing | exists | {BACK}"],
    ),
    "a document is none": (
        lambda s3: s3.put_object(**document(JWKS, "<html>", ContentType="text/html")),
        [
            f"document {JWKS}: keys: 'not a key set' | OLD, NEW | {BACK} To publish other keys, "
            "change 'discovery.s3.keys'.",
            f"document {JWKS}: Content-Type: 'text/html' | 'application/json' | {BACK}",
        ],
    ),
    "a key is missing": (
        without_a_key,
        [
            f"document {JWKS}: keys: NEW | OLD, NEW | {BACK} To publish other keys, "
            "change 'discovery.s3.keys'."
        ],
    ),
}


@pytest.mark.parametrize(("change", "expected"), CHANGES.values(), ids=CHANGES)
async def test_a_change_of_the_bucket_is_told(
    change: Change, expected: list[str], live: LiveFederation
) -> None:
    settings, s3 = config(live), client(live, "s3")
    with served(s3, settings):
        change(s3)
        found = await compare(settings, ONLY_AWS)

    ids = json.loads(key_files.documents(settings)["/openid/v1/jwks"])["keys"]
    old, new = (f"'{each['kid']}'" for each in ids)
    lines = [line.replace("OLD", old).replace("NEW", new) for line in expected]
    assert (told(found), unseen(found)) == (lines, [])


async def test_a_bucket_that_is_not_there_is_told_and_its_documents_are_not_seen(
    live: LiveFederation,
) -> None:
    found = await compare(config(live), ONLY_AWS)

    assert told(found) == [f"bucket {BUCKET}: missing | exists | {BACK}"]
    assert unseen(found) == [
        "document edge/.well-known/openid-configuration",
        "document edge/openid/v1/jwks",
    ]


async def test_a_distribution_is_found_by_the_host_that_it_serves(live: LiveFederation) -> None:
    settings = config(live, acm_certificate_arn=CERTIFICATE)
    with_other = config(live, acm_certificate_arn=OTHER_CERTIFICATE)
    cloudfront = client(live, "cloudfront")
    place = f"CloudFront distribution of {OWN_HOST}"
    before = await compare(settings, ONLY_AWS)
    arn = cloudfront.create_distribution(DistributionConfig=distribution(CERTIFICATE))[
        "Distribution"
    ]["ARN"]
    with served(client(live, "s3"), settings, arn):
        found = await compare(settings, ONLY_AWS)
        changed = await compare(with_other, ONLY_AWS)

    assert told(before)[1:] == [f"{place}: missing | exists | {BACK}"]
    assert (told(found), unseen(found)) == ([], [])
    assert told(changed) == [
        f"{place}: certificate: '{CERTIFICATE}' | '{OTHER_CERTIFICATE}' | {BACK} To keep it, "
        "change 'discovery.s3.acm_certificate_arn'."
    ]


def distribution(certificate: str) -> dict[str, Any]:
    """The least that CloudFront asks for."""
    return {
        "CallerReference": "drift",
        "Aliases": {"Quantity": 1, "Items": [OWN_HOST]},
        "Origins": {
            "Quantity": 1,
            "Items": [
                {
                    "Id": "documents",
                    "DomainName": f"{BUCKET}.s3.eu-west-1.amazonaws.com",
                    "S3OriginConfig": {"OriginAccessIdentity": ""},
                }
            ],
        },
        "DefaultCacheBehavior": {
            "TargetOriginId": "documents",
            "ViewerProtocolPolicy": "https-only",
        },
        "Comment": "",
        "Enabled": True,
        "ViewerCertificate": {
            "ACMCertificateArn": certificate,
            "SSLSupportMethod": "sni-only",
        },
    }


async def test_keys_that_cannot_be_read_are_bad_input(live: LiveFederation) -> None:
    settings = config(live, keys=["keys/absent.pub"], acm_certificate_arn=CERTIFICATE)

    with pytest.raises(UserError) as refusal:
        await compare(settings, ONLY_AWS)

    assert str(refusal.value) == "keys/absent.pub: there is no such file. Check the name."


def of_the_bucket(found: tuple[Compared, ...]) -> list[Compared]:
    """All but the provider and the role, which nobody made."""
    return [each for each in found if not each.name.startswith(("OIDC provider ", "role "))]


def told(found: tuple[Compared, ...]) -> list[str]:
    return [
        ": ".join(
            filter(
                None,
                [each.name, apart.field, f"{apart.live} | {apart.configured} | {apart.remedy}"],
            )
        )
        for each in of_the_bucket(found)
        for apart in each.differences
    ]


def unseen(found: tuple[Compared, ...]) -> list[str]:
    return [each.name for each in of_the_bucket(found) if each.unseen]
