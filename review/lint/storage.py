"""Where documents and Terraform states lie."""

from __future__ import annotations

from collections.abc import Iterator

from review.facts.estate import Estate
from review.lint.finding import Rule, Seen


def _public_bucket(estate: Estate) -> Iterator[Seen]:
    for bucket in estate.buckets:
        yield Seen.of(bucket, f"the bucket is open: {bucket.exposure}.")


def _local_state(estate: Estate) -> Iterator[Seen]:
    for state in estate.states:
        yield Seen.of(state, "the state is kept in the folder state/.")


RULES = (
    Rule(
        "public-bucket",
        "error",
        "A bucket is open to everybody for more than the discovery documents",
        "Whoever can write the documents can mint identities of the cluster, and whoever can list "
        "or read more learns what was never meant to be public.",
        "Allow everybody s3:GetObject on the two documents alone, and block public ACLs.",
        "Amazon S3 User Guide, 'Blocking public access to your Amazon S3 storage'",
        _public_bucket,
    ),
    Rule(
        "local-state",
        "warning",
        "The Terraform state is on one person's disk",
        "Nobody else can deploy, nothing keeps two deployments apart, and with the disk the state "
        "is lost.",
        "Write 'backend: {type: s3, bucket: ..., region: ...}'.",
        "Terraform, 'Backend configuration'",
        _local_state,
    ),
)
