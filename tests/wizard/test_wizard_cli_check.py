"""`wizard check`: what it prints, as text and as JSON."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from federation.errors import UserError
from federation.model.config import ClusterConfig
from federation.yaml.files import save
from wizard.cli.check import check
from wizard.cli.lint import lint

BOUNDARY = "arn:aws:iam::123456789012:policy/bound"
AWS = {"region": "eu-west-1", "permissions_boundary": BOUNDARY}
CONFIGURATION = {
    "cluster": "prod",
    "issuer": "https://c.example.com",
    "aws": AWS,
    "kubernetes": {"context": "prod"},
    "workloads": [{"namespace": "apps", "service_account": "app"}],
    "backend": {"type": "s3", "bucket": "states", "region": "eu-west-1"},
}


def run(*arguments: str, status: int = 0) -> str:
    result = CliRunner().invoke(check, arguments, catch_exceptions=False, standalone_mode=False)
    assert result.return_value == status
    return result.output


def saved(folder: Path, **changes: object) -> Path:
    path = folder / "prod.yaml"
    save(ClusterConfig.model_validate({**CONFIGURATION, **changes}), path)
    return path


@pytest.fixture
def port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_a_valid_configuration_is_summed_up_in_a_line(in_folder: Path) -> None:
    saved(in_folder)
    assert run("--config=prod.yaml") == (
        "prod.yaml is valid: https://c.example.com, workloads: 1, warnings: 0, notes: 0, "
        "accepted: 0.\n"
    )


def test_an_unencrypted_endpoint_is_an_error(in_folder: Path) -> None:
    saved(in_folder, aws={**AWS, "endpoint_url": "http://moto:4566"})
    text = (
        "requests to AWS go to http://moto:4566 without encryption. Write an 'https://' address "
        "in aws.endpoint_url; plain http is only for this machine (127.0.0.1, ::1, localhost)."
    )
    assert run("--config=prod.yaml", status=1) == (
        f"error: aws.endpoint_url: {text} [unencrypted-endpoint]\n"
        "prod.yaml has 1 error: https://c.example.com, workloads: 1, warnings: 0, notes: 0, "
        "accepted: 0.\n"
    )
    assert json.loads(run("--config=prod.yaml", "--json", status=1)) == {
        "cluster": "prod",
        "valid": False,
        "errors": [
            {"code": "unencrypted-endpoint", "place": "aws.endpoint_url", "text": text},
        ],
        "warnings": [],
        "notes": [],
        "accepted": [],
    }


def test_an_endpoint_that_cannot_be_reached_is_no_error(in_folder: Path, port: int) -> None:
    saved(in_folder, discovery={"endpoint": f"https://127.0.0.1:{port}"})
    assert run("--config=prod.yaml") == (
        "warning: discovery.thumbprint: the certificates that "
        f"127.0.0.1:{port} presents for its own name and for 'c.example.com' could not be compared "
        "('Connection refused'). List the issuer's thumbprints, or write 'thumbprint: omit' below "
        "discovery. [endpoint-thumbprint]\n"
        "prod.yaml is valid: https://c.example.com, workloads: 1, warnings: 1, notes: 0, "
        "accepted: 0.\n"
    )


def test_offline_the_endpoint_is_not_asked(in_folder: Path) -> None:
    saved(in_folder, discovery={"endpoint": "https://api.prod.lan:6443"})
    assert json.loads(run("--config=prod.yaml", "--offline", "--json")) == {
        "cluster": "prod",
        "valid": True,
        "errors": [],
        "warnings": [
            {
                "code": "endpoint-thumbprint",
                "place": "discovery.thumbprint",
                "text": "Terraform takes the certificate that discovery.endpoint shows for "
                "'api.prod.lan', which may differ from the one for 'c.example.com'. List the "
                "issuer's thumbprints, or write 'thumbprint: omit' below discovery.",
            }
        ],
        "notes": [],
        "accepted": [],
    }


def test_keys_for_the_bucket_have_to_be_there(in_folder: Path) -> None:
    url = "https://c-issuer.s3.eu-west-1.amazonaws.com"
    bucket = {"bucket": "c-issuer", "keys": ["none.pub"]}
    saved(in_folder, issuer=url, discovery={"hosting": "s3", "s3": bucket})
    with pytest.raises(UserError, match=r"^none\.pub: there is no such file\."):
        CliRunner().invoke(check, ["--config=prod.yaml"], catch_exceptions=False)


ACCEPTED = {"code": "test-pod", "reason": "a trial", "until": "2027-01-31"}
ON = {"namespace": "apps", "service_account": "app", "test_pod": True}
POD = "workloads[apps/app].test_pod"


def test_what_is_found_can_be_accepted_until_its_last_day(in_folder: Path) -> None:
    saved(in_folder, workloads=[ON], lint={"accept": [ACCEPTED]})
    assert run("--config=prod.yaml", "--today=2027-01-31") == (
        f"accepted until 2027-01-31: {POD}: a trial [test-pod]\n"
        "prod.yaml is valid: https://c.example.com, workloads: 1, warnings: 0, notes: 0, "
        "accepted: 1.\n"
    )
    assert run("--config=prod.yaml", "--today=2027-02-01") == (
        f"warning: {POD}: a pod with the AWS CLI runs. It was accepted until 2027-01-31 (a trial), "
        "which is over. Write 'test_pod: false' once you have tried the role. [test-pod]\n"
        "prod.yaml is valid: https://c.example.com, workloads: 1, warnings: 1, notes: 0, "
        "accepted: 0.\n"
    )


def test_an_accepted_error_does_not_fail_the_check(in_folder: Path) -> None:
    loose = {"namespace": "apps", "service_account": "app", "trust": "audience-only"}
    saved(in_folder, workloads=[loose])
    assert run("--config=prod.yaml", status=1).startswith("error: workloads[apps/app].trust: any ")
    saved(
        in_folder, workloads=[loose], lint={"accept": [ACCEPTED | {"code": "audience-only-trust"}]}
    )
    document = json.loads(run("--config=prod.yaml", "--json", "--today=2027-01-31"))
    assert document["valid"]
    assert [(each["code"], each["until"]) for each in document["accepted"]] == [
        ("audience-only-trust", "2027-01-31")
    ]


def test_check_and_lint_find_the_same_with_the_same_weights(in_folder: Path) -> None:
    workloads = [
        ON | {"trust": "audience-only", "role": {"managed_policy_arns": ["AdministratorAccess"]}},
        {"namespace": "apps", "service_account": "default", "role": {"managed_policy_arns": []}},
    ]
    keys = in_folder / "sa.pub"
    key = rsa.generate_private_key(65537, 2048).public_key()
    keys.write_bytes(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    bucket = {"bucket": "c-issuer", "keys": [str(keys)]}
    saved(
        in_folder,
        issuer="https://c-issuer.s3.eu-west-1.amazonaws.com",
        discovery={"hosting": "s3", "s3": bucket},
        workloads=workloads,
        aws={"region": "eu-west-1", "endpoint_url": "http://moto:4566"},
        backend={"type": "local"},
    )
    checked = json.loads(run("--config=prod.yaml", "--json", status=1))
    linted = CliRunner().invoke(lint, ["--config=prod.yaml", "--json"], catch_exceptions=False)
    assert (
        [
            (weight, each["code"], each["place"])
            for weight in ("error", "warning", "note")
            for each in checked[f"{weight}s"]
        ]
        == [
            (each["weight"], each["code"], each["place"])
            for each in json.loads(linted.output)["findings"]
        ]
        == [
            ("error", "audience-only-trust", POD.replace("test_pod", "trust")),
            ("error", "powerful-policy", "workloads[apps/app].role.managed_policy_arns"),
            ("error", "unencrypted-endpoint", "aws.endpoint_url"),
            ("warning", "default-service-account", "workloads[apps/default].trust"),
            ("warning", "local-state", "backend"),
            ("warning", "test-pod", POD),
            ("note", "no-permissions-boundary", "aws.permissions_boundary"),
            ("note", "no-policies", "workloads[apps/default].role.managed_policy_arns"),
            ("note", "public-documents", "discovery.s3"),
        ]
    )


def test_the_code_of_an_earlier_version_is_accepted_with_a_warning(in_folder: Path) -> None:
    saved(in_folder, lint={"accept": [ACCEPTED | {"code": "public-bucket"}]})
    result = CliRunner().invoke(check, ["--config=prod.yaml"], catch_exceptions=False)
    assert result.stderr == (
        "warning: prod.yaml: lint.accept[0].code: 'public-bucket' is now 'open-bucket' (a bucket "
        "is open to everyone for more than the discovery documents) and 'public-documents' (anyone "
        "can read the two discovery documents in the bucket). It accepts both: write the one that "
        "you mean.\n"
    )


def test_a_code_that_does_not_exist_is_refused(in_folder: Path) -> None:
    saved(in_folder, lint={"accept": [ACCEPTED | {"code": "local-stat"}]})
    with pytest.raises(UserError) as refusal:
        run("--config=prod.yaml")
    assert str(refusal.value).partition(" Known: ")[0] == (
        "prod.yaml: lint.accept[0].code: unknown code 'local-stat'. Did you mean 'local-state'?"
    )
