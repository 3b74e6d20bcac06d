"""Every field of the model, changed one at a time: nothing that shows a configuration misses one.

The fields are the model's own. A new field needs an example here, and nothing else.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from review_examples import PROVIDER, SAFE

from federation.model.config import ClusterConfig
from federation.model.places import Place, dotted, model_fields
from federation.yaml import files
from federation.yaml.editing import edited
from review import report
from review.comparison import compare
from review.report.signing import CONFIGURATION
from wizard.questions import answers, questions

KEYS = "tests/stacks/keys"
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/{}"
BUCKET = {
    "bucket": "documents",
    "keys": [f"{KEYS}/rsa.pub"],
    "acm_certificate_arn": CERTIFICATE.format("one"),
}
HOSTED = {"hosting": "s3", "s3": BUCKET, "exposure": "none", "thumbprint": "omit"}
ACCEPTED = {"code": "test-pod", "reason": "a trial", "until": "2027-01-31"}

EXAMPLES: dict[str, Any] = {
    "cluster": "other",
    "issuer": "https://other.example.com",
    "audience": ["other"],
    "discovery.hosting": "s3",
    "discovery.s3.bucket": "other-documents",
    "discovery.s3.keys": [f"{KEYS}/rsa.pub", f"{KEYS}/ec.pub"],
    "discovery.s3.acm_certificate_arn": CERTIFICATE.format("other"),
    "discovery.exposure": "authentication-config",
    "discovery.endpoint": "https://api.prod.lan:6443",
    "discovery.thumbprint": ["a" * 40],
    "aws.region": "us-east-1",
    "aws.account_id": "123456789012",
    "aws.oidc_provider": PROVIDER,
    "aws.permissions_boundary": "arn:aws:iam::123456789012:policy/other",
    "aws.tags": {"team": "other"},
    "aws.endpoint_url": "http://127.0.0.1:4566",
    "aws.max_retries": 3,
    "kubernetes.apply": "manifests",
    "kubernetes.context": "other",
    "kubernetes.kubeconfig": "other",
    "kubernetes.version": "1.34",
    "kubernetes.distribution": "k3s",
    "kubernetes.test_pod_image": "other/aws-cli:2",
    "workloads.namespace": "other",
    "workloads.service_account": "other",
    "workloads.create_namespace": True,
    "workloads.role.name": "other",
    "workloads.role.managed_policy_arns": ["ReadOnlyAccess"],
    "workloads.role.path": "/other/",
    "workloads.role.max_session_duration": 7200,
    "workloads.token_expiration_seconds": 7200,
    "workloads.trust": "audience-only",
    "workloads.test_pod": True,
    "backend.type": "local",
    "backend.bucket": "other-states",
    "backend.region": "us-east-1",
    "backend.key_prefix": "other",
    "lint.accept": [ACCEPTED],
}
"""Another value for each field."""

PLACES = [dotted(field.place) for field in model_fields()]


def configured(field: str) -> ClusterConfig:
    """What a field is changed in: fields of the bucket need one."""
    return files.validate(SAFE | ({"discovery": HOSTED} if ".s3." in field else {}))


def with_example(field: str) -> ClusterConfig:
    document = configured(field).model_dump(mode="json")
    if field == "discovery.hosting":
        document["discovery"] = HOSTED
    elif field == "backend.type":
        document["backend"] = {"type": EXAMPLES[field]}
    else:
        above, _, last = field.rpartition(".")
        at(document, above)[last] = EXAMPLES[field]
    return files.validate(document)


def at(document: Any, field: str) -> Any:
    """What is at a field, of the first workload."""
    for key in filter(None, field.split(".")):
        part = document[key]
        document = part[0] if key == "workloads" else part
    return document


def test_every_field_has_an_example() -> None:
    assert sorted(EXAMPLES) == sorted(PLACES)


@pytest.mark.parametrize("field", PLACES)
def test_a_changed_field_is_a_difference(field: str) -> None:
    assert compare(configured(field), with_example(field))


@pytest.mark.parametrize("field", PLACES)
def test_a_changed_field_is_saved(field: str) -> None:
    old, new = files.dump(configured(field)), files.dump(with_example(field))
    assert f"{field.rpartition('.')[2]}:" in new
    assert files.parse(new, "") == with_example(field)
    assert files.parse(edited(old, with_example(field)), "") == with_example(field)


@pytest.mark.parametrize("field", PLACES)
def test_a_changed_field_is_in_what_a_reviewer_approves(field: str) -> None:
    old, new = (report.documents(each) for each in (configured(field), with_example(field)))
    assert at(json.loads(old[CONFIGURATION]), field) != at(json.loads(new[CONFIGURATION]), field)
    assert old["REVIEW.md"] != new["REVIEW.md"]


@pytest.mark.parametrize("field", PLACES)
def test_a_changed_field_is_another_answer(field: str) -> None:
    old, new = answers(configured(field)), answers(with_example(field))
    assert {key for key in old if old[key] != new[key]}


def test_every_field_is_asked_for() -> None:
    def without_position(place: Place) -> str:
        return dotted(tuple(part for part in place if isinstance(part, str)))

    assert sorted(without_position(each.place) for each in questions(1)) == sorted(PLACES)
