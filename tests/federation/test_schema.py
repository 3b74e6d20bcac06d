"""The JSON Schema that editors use: fresh, and never stricter than the rules."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import pytest
from federation_examples import MINIMAL
from federation_strategies import answers
from hypothesis import given
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from federation.model.regions import partitions
from federation.yaml.documents import read
from federation.yaml.files import PROJECT, SCHEMA, ConfigError, dump, schema, validate

VALIDATOR = Draft202012Validator(json.loads(schema()))


def faults(document: Any) -> list[str]:
    """The place of each thing that the schema refuses."""
    return sorted(error.json_path for error in VALIDATOR.iter_errors(document))


def test_the_schema_in_the_repository_is_fresh() -> None:
    assert SCHEMA.read_text() == schema(), "run 'make schema'"


def test_make_schema_writes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    written: dict[Path, str] = {}
    monkeypatch.setattr("federation.yaml.files.write", written.__setitem__)
    runpy.run_module("federation.model.schema", run_name="__main__")
    assert written == {SCHEMA: schema()}


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(json.loads(schema()))


@given(answers())
def test_what_loads_is_accepted_as_written_and_as_saved(document: dict[str, Any]) -> None:
    assert faults(document) == []
    assert faults(read(dump(validate(document))).data) == []


@pytest.mark.parametrize(
    "path", sorted((PROJECT / "clusters").glob("*.yaml")), ids=lambda path: path.name
)
def test_the_configurations_of_the_project_are_accepted(path: Path) -> None:
    assert faults(read(path.read_text()).data) == []


@pytest.mark.parametrize("region", sorted(partitions()))
def test_every_region_is_accepted(region: str) -> None:
    assert faults(MINIMAL | {"aws": {"region": region}}) == []


def workload(**changes: Any) -> dict[str, Any]:
    return {"workloads": [MINIMAL["workloads"][0] | changes]}


def aws(**changes: Any) -> dict[str, Any]:
    return {"aws": MINIMAL["aws"] | changes}


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"clutser": "prod"}, "$"),
        ({"cluster": "Prod"}, "$.cluster"),
        ({"cluster": "c" * 64}, "$.cluster"),
        ({"issuer": "http://oidc.example.com"}, "$.issuer"),
        ({"issuer": "https://oidc.example.com/"}, "$.issuer"),
        ({"issuer": "https://oidc.example.com:443"}, "$.issuer"),
        ({"issuer": "https://OIDC.example.com"}, "$.issuer"),
        ({"issuer": "https://oidc.example.com?a"}, "$.issuer"),
        ({"issuer": "https://oidc.example.com/" + "a" * 231}, "$.issuer"),
        ({"audience": ""}, "$.audience"),
        ({"audience": "a" * 256}, "$.audience"),
        ({"audience": []}, "$.audience"),
        ({"audience": ["a", "a"]}, "$.audience"),
        ({"audience": [str(number) for number in range(101)]}, "$.audience"),
        ({"audience": 3}, "$.audience"),
        ({"discovery": {"thumbprint": "a" * 40}}, "$.discovery.thumbprint"),
        ({"discovery": {"thumbprint": ["a" * 39]}}, "$.discovery.thumbprint"),
        ({"discovery": {"thumbprint": [f"{n:040d}" for n in range(6)]}}, "$.discovery.thumbprint"),
        ({"discovery": {"thumbprint": []}}, "$.discovery.thumbprint"),
        ({"discovery": {"endpoint": "https://a/"}}, "$.discovery.endpoint"),
        ({"discovery": {"exposure": "public"}}, "$.discovery.exposure"),
        ({"discovery": {"hosting": "gcs"}}, "$.discovery.hosting"),
        (aws(region="eu"), "$.aws.region"),
        (aws(account_id=123456789012), "$.aws.account_id"),
        (aws(account_id="12345"), "$.aws.account_id"),
        (aws(endpoint_url="localhost:4566"), "$.aws.endpoint_url"),
        (aws(permissions_boundary="ReadOnlyAccess"), "$.aws.permissions_boundary"),
        (aws(oidc_provider="adopt"), "$.aws.oidc_provider"),
        (aws(tags={"a": 3}), "$.aws.tags.a"),
        (aws(tags={"AWS:a": ""}), "$.aws.tags"),
        (aws(tags={str(number): "" for number in range(51)}), "$.aws.tags"),
        (aws(max_retries=101), "$.aws.max_retries"),
        ({"kubernetes": {"apply": "helm"}}, "$.kubernetes.apply"),
        ({"kubernetes": {"context": " prod"}}, "$.kubernetes.context"),
        ({"kubernetes": {"context": "prod", "version": "1.17"}}, "$.kubernetes.version"),
        ({"kubernetes": {"context": "prod", "version": 1.34}}, "$.kubernetes.version"),
        ({"kubernetes": {"context": "prod", "distribution": "eks"}}, "$.kubernetes.distribution"),
        ({"workloads": []}, "$.workloads"),
        ({"workloads": {}}, "$.workloads"),
        ({"workloads": [{"namespace": "default"}]}, "$.workloads[0]"),
        (workload(namespace="a.b"), "$.workloads[0].namespace"),
        (workload(service_account="A"), "$.workloads[0].service_account"),
        (workload(token_expiration_seconds=599), "$.workloads[0].token_expiration_seconds"),
        (workload(trust="all"), "$.workloads[0].trust"),
        (workload(test_pod="yes"), "$.workloads[0].test_pod"),
        (workload(role={"name": "a b"}), "$.workloads[0].role.name"),
        (workload(role={"name": "a" * 65}), "$.workloads[0].role.name"),
        (workload(role={"path": "a/"}), "$.workloads[0].role.path"),
        (
            workload(role={"managed_policy_arns": ["arn:aws:s3:::a"]}),
            "$.workloads[0].role.managed_policy_arns[0]",
        ),
        (workload(role={"max_session_duration": 3599}), "$.workloads[0].role.max_session_duration"),
        ({"backend": {"type": "gcs"}}, "$.backend"),
        ({"backend": {"type": "s3", "bucket": "B", "region": "eu-west-1"}}, "$.backend"),
    ],
)
def test_what_does_not_load_is_refused_while_it_is_typed(
    changes: dict[str, Any], place: str
) -> None:
    document = MINIMAL | changes
    with pytest.raises(ConfigError):
        validate(document)
    assert faults(document) == [place]
