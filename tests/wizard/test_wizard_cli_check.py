"""`wizard check`: what it prints, as text and as JSON."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

from federation.errors import UserError
from federation.model.config import ClusterConfig
from federation.yaml.files import save
from wizard.cli.check import check

CONFIGURATION = {
    "cluster": "prod",
    "issuer": "https://c.example.com",
    "aws": {"region": "eu-west-1"},
    "kubernetes": {"context": "prod"},
    "workloads": [{"namespace": "default", "service_account": "app"}],
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


def test_what_is_right_is_said_in_a_line(in_folder: Path) -> None:
    saved(in_folder)
    assert run("--config=prod.yaml") == (
        "prod.yaml is right: https://c.example.com, workloads: 1, warnings: 0.\n"
    )


def test_an_unencrypted_endpoint_is_an_error(in_folder: Path) -> None:
    saved(in_folder, aws={"region": "eu-west-1", "endpoint_url": "http://moto:4566"})
    text = (
        "requests to 'http://moto:4566' are not encrypted: anyone on the way can read the tokens "
        "of workloads, and answer in place of AWS. Write an 'https://' address; plain http is only "
        "for this machine (127.0.0.1, ::1, localhost)."
    )
    assert run("--config=prod.yaml", status=1) == (
        f"error: aws.endpoint_url: {text} [unencrypted-endpoint]\n"
        "prod.yaml has 1 error: https://c.example.com, workloads: 1, warnings: 0.\n"
    )
    assert json.loads(run("--config=prod.yaml", "--json", status=1)) == {
        "cluster": "prod",
        "valid": False,
        "errors": [
            {"code": "unencrypted-endpoint", "place": "aws.endpoint_url", "text": text},
        ],
        "warnings": [],
    }


def test_an_endpoint_that_cannot_be_reached_is_no_error(in_folder: Path, port: int) -> None:
    saved(in_folder, discovery={"endpoint": f"https://127.0.0.1:{port}"})
    assert run("--config=prod.yaml") == (
        f"warning: discovery.thumbprint: whether 127.0.0.1:{port} presents the same certificate "
        "for its own name, which Terraform would pin, and for 'c.example.com' cannot be told from "
        "here ('Connection refused'): where they differ, list the thumbprints or write 'omit'. "
        "[endpoint-thumbprint]\n"
        "prod.yaml is right: https://c.example.com, workloads: 1, warnings: 1.\n"
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
                "'api.prod.lan', which may differ from the one for 'c.example.com': where it "
                "does, list the thumbprints or write 'omit'.",
            }
        ],
    }


def test_keys_for_the_bucket_have_to_be_there(in_folder: Path) -> None:
    url = "https://c-issuer.s3.eu-west-1.amazonaws.com"
    bucket = {"bucket": "c-issuer", "keys": ["none.pub"]}
    saved(in_folder, issuer=url, discovery={"hosting": "s3", "s3": bucket})
    with pytest.raises(UserError, match=r"^none\.pub: there is no such file\."):
        CliRunner().invoke(check, ["--config=prod.yaml"], catch_exceptions=False)


def test_a_finding_is_accepted_by_a_code_that_there_is(in_folder: Path) -> None:
    accepted = {"code": "local-stat", "reason": "a trial", "until": "2027-01-31"}
    saved(in_folder, lint={"accept": [accepted]})
    with pytest.raises(UserError) as refusal:
        run("--config=prod.yaml")
    assert str(refusal.value).partition(" Known: ")[0] == (
        "prod.yaml: lint.accept[0].code: 'local-stat' is no finding's code. Did you mean "
        "'local-state'?"
    )
