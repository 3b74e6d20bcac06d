"""`trust` on files and on stdin: its verdicts, its exit codes, and what it refuses."""

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from federation.errors import UserError
from federation.iam.trust_policy import trust_policy
from federation.named_files import LIMIT
from wizard.cli.trust import trust

HOST = "cluster.example.com"
ARN = f"arn:aws:iam::123456789012:oidc-provider/{HOST}"
POLICY = trust_policy(ARN, HOST, ["sts.amazonaws.com"], "system:serviceaccount:default:app")
CLAIMS = {
    "iss": f"https://{HOST}",
    "aud": ["sts.amazonaws.com"],
    "sub": "system:serviceaccount:default:app",
}
OTHER = CLAIMS | {"sub": "system:serviceaccount:default:other"}
REASON = (
    f"Statement[0]: StringEquals {HOST}:sub: saw 'system:serviceaccount:default:other', "
    "expected 'system:serviceaccount:default:app'."
)


def encode(claims: dict[str, Any]) -> str:
    parts = [json.dumps(part).encode() for part in ({"alg": "RS256"}, claims)]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts) + ".c2ln"


def policy_with(condition: dict[str, Any]) -> dict[str, Any]:
    statement = POLICY["Statement"][0] | {"Condition": condition}
    return POLICY | {"Statement": [statement]}


def run(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(trust, arguments, input=stdin, catch_exceptions=False)


@pytest.fixture
def files(in_folder: Path) -> Path:
    """A policy, the claims that it lets in, and others that it does not."""
    (in_folder / "policy.json").write_text(json.dumps(POLICY))
    (in_folder / "claims.json").write_text(json.dumps(CLAIMS))
    (in_folder / "other.json").write_text(json.dumps(OTHER))
    (in_folder / "token").write_text(encode(CLAIMS) + "\n")
    return in_folder


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize("given", [("--claims", "claims.json"), ("--token", "token")])
def test_names_the_statement_that_lets_in(given: tuple[str, str]) -> None:
    result = run("--policy", "policy.json", *given)

    assert (result.exit_code, result.output) == (0, "Let in by Statement[0].\n")


@pytest.mark.usefixtures("files")
def test_gives_the_reasons_of_a_refusal() -> None:
    result = run("--policy", "policy.json", "--claims", "other.json")

    assert (result.exit_code, result.output) == (1, f"Not let in:\n  {REASON}\n")


def test_a_reason_quotes_what_a_pipeline_would_take_for_a_command(files: Path) -> None:
    (files / "other.json").write_text(json.dumps(CLAIMS | {"sub": "\x1b[31m##vso[x]"}))

    result = run("--policy", "policy.json", "--claims", "other.json")

    assert result.output == (
        f"Not let in:\n  Statement[0]: StringEquals {HOST}:sub: saw '\\x1b[31m#\\x23vso[x]', "
        "expected 'system:serviceaccount:default:app'.\n"
    )


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    ("claims", "code", "document"),
    [
        ("claims.json", 0, {"allowed": True, "statement": 0, "reasons": []}),
        ("other.json", 1, {"allowed": False, "statement": None, "reasons": [REASON]}),
    ],
)
def test_prints_json(claims: str, code: int, document: dict[str, Any]) -> None:
    result = run("--policy", "policy.json", "--claims", claims, "--json")

    assert (result.exit_code, json.loads(result.output)) == (code, document)


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    ("arguments", "stdin"),
    [
        (("--policy", "policy.json", "--token", "-"), encode(CLAIMS)),
        (("--policy", "policy.json", "--claims", "-"), json.dumps(CLAIMS)),
        (("--policy", "-", "--claims", "claims.json"), "\ufeff" + json.dumps(POLICY)),
    ],
)
def test_reads_one_of_its_inputs_from_stdin(arguments: tuple[str, ...], stdin: str) -> None:
    assert run(*arguments, stdin=stdin).exit_code == 0


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(("account", "code"), [("123456789012", 0), ("999999999999", 1)])
def test_takes_the_provider_at_its_word(account: str, code: int) -> None:
    provider = f"arn:aws:iam::{account}:oidc-provider/{HOST}"

    result = run("--policy", "policy.json", "--claims", "claims.json", "--provider", provider)

    assert result.exit_code == code


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    ("provider", "message"),
    [
        (
            HOST,
            f"--provider '{HOST}' is not the ARN of an OIDC provider, "
            "arn:aws:iam::ACCOUNT:oidc-provider/ISSUER.",
        ),
        (
            f"{ARN}/",
            f"--provider is of the issuer '{HOST}/', and the token of '{HOST}': AWS looks for the "
            "provider of the token's own issuer.",
        ),
    ],
)
def test_refuses_a_provider_that_the_token_cannot_have(provider: str, message: str) -> None:
    with pytest.raises(UserError) as refusal:
        run("--policy", "policy.json", "--claims", "claims.json", "--provider", provider)

    assert str(refusal.value) == message


@pytest.mark.parametrize(("value", "code"), [("203.0.113.9", 0), ("198.51.100.9", 1)])
def test_takes_further_keys_of_the_call(files: Path, value: str, code: int) -> None:
    policy = policy_with({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}})
    (files / "policy.json").write_text(json.dumps(policy))

    result = run(
        "--policy", "policy.json", "--claims", "claims.json", "--context", f"aws:SourceIp={value}"
    )

    assert result.exit_code == code


@pytest.mark.parametrize(("days", "code"), [(1, 0), (-1, 1)])
def test_knows_what_time_it_is(files: Path, days: int, code: int) -> None:
    limit = (datetime.now(UTC) + timedelta(days=days)).isoformat()
    policy = policy_with({"DateLessThan": {"aws:CurrentTime": limit, "aws:EpochTime": limit}})
    (files / "policy.json").write_text(json.dumps(policy))

    assert run("--policy", "policy.json", "--claims", "claims.json").exit_code == code


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "Give --token FILE or --claims FILE, one of them."),
        (
            ("--token", "token", "--claims", "claims.json"),
            "Give --token FILE or --claims FILE, one of them.",
        ),
        (("--token", "missing"), "--token: missing: there is no such file. Check the name."),
        (("--claims", "."), "--claims: .: is a folder: name a file."),
        (("--claims", "binary"), "--claims: binary: is not UTF-8 text (byte 2): save it as UTF-8."),
        (("--claims", "huge"), f"--claims: huge: has more than {LIMIT} bytes."),
        (
            ("--claims", "token"),
            "The file of claims is not JSON: line 1, column 1: Expecting value.",
        ),
        (
            ("--token", encode(CLAIMS)),
            "--token takes the name of a file. That was a token itself, which every user of this "
            "machine can see among the processes: put it into a file, or pipe it to '-'.",
        ),
        (
            ("--claims", "claims.json", "--context", "aws:SourceIp"),
            "--context 'aws:SourceIp' is not KEY=VALUE.",
        ),
        (
            ("--policy", "-", "--claims", "-"),
            "stdin can be read once: give one of the two inputs as a file.",
        ),
    ],
)
def test_refuses_what_it_cannot_read(files: Path, arguments: tuple[str, ...], message: str) -> None:
    (files / "binary").write_bytes(b"PK\xff\xfe")
    (files / "huge").write_bytes(b" " * (LIMIT + 1))

    with pytest.raises(UserError) as refusal:
        run("--policy", "policy.json", *arguments)

    assert str(refusal.value) == message
