"""What looks like a secret, and what of this field only seems to."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path

import pytest

from federation.secrets import MaskedLines, kind_of_secret, masked, without_secrets
from federation.yaml.files import PROJECT
from review.facts import aws_managed

# In parts, so that no scanner takes this file for a leak.
AWS = "AKIA" + "IOSFODNN7" + "EXAMPLE"
AWS_SECRET = "wJalrXUtnFEMI/K7MDENG/bPx" + "RfiCYEXAMPLEKEY"
GITHUB = "ghp_" + "a1B2" * 9
GITLAB = "glpat-" + "a1B2c3D4e5F6g7H8i9J0"
SLACK = "xoxb-" + "123456789012-abcdefghijkl"
STRIPE = "sk_" + "live_" + "a1B2c3D4e5F6g7H8"
GOOGLE = "AIza" + "a1B2c" * 7
JWT = ".".join(("eyJhbGciOiJSUzI1NiJ9", "eyJzdWIiOiJ4In0", "c2ln"))
PEM = "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIE\n-----END RSA " + "PRIVATE KEY-----"
IN_KUBECONFIG = base64.b64encode(("-----BEGIN EC " + "PRIVATE KEY-----\n" + "A" * 60).encode())
DIGEST = "0xFQtfZ__bnynGE2FFavoyv3g-0q_NfMh1smg30sFb8"

RANDOM = "wJalrXUtnFEMIK7MDENGbPxRfiCY" + "zk1aQ9"


@pytest.mark.parametrize(
    ("text", "kind", "shown"),
    [
        (f"use {AWS} here", "an AWS access key id", "use AKIA... (20 characters) here"),
        (f"ASIA{AWS[4:]}", "an AWS access key id", "ASIA... (20 characters)"),
        (AWS_SECRET, "a random key", "wJal... (40 characters)"),
        (GITHUB, "a GitHub token", "ghp_... (40 characters)"),
        (GITLAB, "a GitLab token", "glpa... (26 characters)"),
        (SLACK, "a Slack token", "xoxb... (30 characters)"),
        (STRIPE, "a Stripe key", "sk_l... (24 characters)"),
        (GOOGLE, "a Google key", "AIza... (39 characters)"),
        (JWT, "a token", "eyJh... (41 characters)"),
        (f"Bearer {GITHUB[4:]}", "credentials", "Bearer a1B2... (36 characters)"),
        (f"a\n{PEM}\nb", "a private key", f"a\n----... ({len(PEM)} characters)\nb"),
        (
            IN_KUBECONFIG.decode(),
            "a private key",
            f"LS0t... ({len(IN_KUBECONFIG)} characters)",
        ),
        (
            "https://me:hunter2@host/path",
            "a password in an address",
            "https://me:... (7 characters)@host/path",
        ),
        (
            "https://host/?a=1&token=abcdef12",
            "a secret by its name",
            "https://host/?a=1&token=... (8 characters)",
        ),
        ("password=hunter2", "a secret by its name", "password=... (7 characters)"),
        ("db_password: hunter2", "a secret by its name", "db_password: ... (7 characters)"),
        (
            '~ "api-key"    = "x1" -> "x2"',
            "a secret by its name",
            '~ "api-key"    = "... (2 characters)" -> "... (2 characters)"',
        ),
        (
            '{"user": {"password": "hunter2"}, "kid": "' + DIGEST + '"}',
            "a secret by its name",
            '{"user": {"password": "... (7 characters)"}, "kid": "' + DIGEST + '"}',
        ),
        (
            '[{"name": "DB_PASSWORD", "value": "hunter2"}]',
            "a secret by its name",
            '[{"name": "DB_PASSWORD", "value": "... (7 characters)"}]',
        ),
    ],
)
def test_a_secret_is_named_and_only_its_beginning_is_shown(
    text: str, kind: str, shown: str
) -> None:
    assert kind_of_secret("", text) == kind
    assert masked(text) == shown
    assert masked(shown) == shown


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("role", f"arn:aws:iam::123456789012:role/{AWS_SECRET.replace('/', '')}"),
        ("note", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        ("sha256", "0" * 32 + "e3b0c44298fc1c149afbf4c8996fb924"),
        ("id", "8f14e45f-ceea-467f-a0e6-6a3f0c6d6d10"),
        ("", DIGEST),
        ("", f"sha256-{'A1b2' * 10}A1b="),
        ("issuer", "https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"),
        ("token_file", "/var/run/secrets/oidc-iam/serviceaccount/token"),
        ("password", ""),
        ("password", "${var.password}"),
        ("token", "(known after apply)"),
        ("token", "(sensitive value)"),
        ("", "The token: its audience is sts.amazonaws.com, its secret: nothing."),
        ("", "ExpiredToken: 'The security token included in the request is expired'."),
        ("", "InvalidIdentityToken: 'No OpenIDConnect provider found for https://c1.example.com'"),
        ("", "AmazonSSMManagedEC2InstanceDefaultPolicy"),
        ("", "--service-account-signing-key-file=/etc/kubernetes/pki/sa.key"),
        ("", "automount_service_account_token = true"),
        ("cert", "-----BEGIN CERTIFICATE-----\n" + AWS_SECRET + "\n-----END CERTIFICATE-----"),
        ("keys", json.dumps({"n": "sX9" * 100, "x": "a1B2" * 16, "y": "Z9y8" * 16})),
    ],
)
def test_what_is_public_in_this_field_is_no_secret(name: str, text: str) -> None:
    assert kind_of_secret(name, text) is None
    assert masked(text, name) == text


def test_a_value_is_judged_by_its_name_and_its_name_by_itself() -> None:
    assert kind_of_secret("db-password", "correct horse") == "a secret by its name"
    assert kind_of_secret("password-file", "correct horse") is None
    assert without_secrets({AWS: 1, "tags": {"token": "x"}, "list": ["a", AWS]}) == {
        "AKIA... (20 characters)": 1,
        "tags": {"token": "... (1 characters)"},
        "list": ["a", "AKIA... (20 characters)"],
    }


def test_a_private_key_over_several_lines_is_masked_line_by_line() -> None:
    lines = MaskedLines()
    text = f"before\n  {PEM}\nafter".splitlines()
    assert [lines.masked(line) for line in text] == [
        "before",
        "  ----... (31 characters)",
        "...",
        "...",
        "after",
    ]


def test_what_looks_like_the_beginning_of_a_key_hides_nothing_else() -> None:
    lines = MaskedLines()
    begins = PEM.splitlines()[0]
    assert [lines.masked(line) for line in (begins, "Error: it failed.", "more")][1:] == [
        "Error: it failed.",
        "more",
    ]


def test_a_certificate_over_several_lines_is_shown() -> None:
    lines = MaskedLines()
    text = ["-----BEGIN CERTIFICATE-----", AWS_SECRET, "-----END CERTIFICATE-----", AWS_SECRET]
    assert [lines.masked(line) for line in text] == [*text[:3], "wJal... (40 characters)"]


def test_no_name_of_a_managed_policy_is_taken_for_a_secret() -> None:
    names = aws_managed._policies()  # a thousand names in camel case
    assert len(names) > 1000
    assert [name for name in names if kind_of_secret("", name)] == []


def test_nothing_in_the_documents_and_examples_of_this_project_is_taken_for_a_secret() -> None:
    places = ("README.md", "CHANGELOG.md", "clusters", "docs", "templates", "tests/review/bundles")
    others = ("tests/stacks/configurations", "tests/stacks/expected", "tests/review/expected")
    files = [
        file
        for place in (*places, *others)
        for file in ([PROJECT / place] if "." in place else sorted((PROJECT / place).rglob("*")))
        if file.suffix in (".md", ".yaml", ".yml", ".json", ".tf", ".html", ".j2", ".pem", ".pub")
    ]
    assert len(files) > 100
    assert [found for file in files for found in masked_lines(file)] == []


def masked_lines(file: Path) -> list[str]:
    lines = MaskedLines()
    return [
        f"{file.name}: {line}"
        for line in file.read_text("utf-8").splitlines()
        if lines.masked(line) != line
    ]


@pytest.mark.parametrize(
    "text",
    [
        "a" * 200_000,
        "eyJ" * 60_000,
        "token=" * 30_000,
        "-----BEGIN A" * 10_000,
        "-----BEGIN CERTIFICATE-----\n" * 20_000,
        " ".join(f"password={at:08}{RANDOM}" for at in range(10_000)),
        " ".join(f"gh{'p_'}{at:08}{RANDOM}" for at in range(10_000)),
        json.dumps({f"password{at}": f"{at:08}{RANDOM}" for at in range(20_000)}),
    ],
    ids=lambda text: text[:20],
)
def test_a_long_text_is_judged_in_seconds(text: str) -> None:
    begun = time.process_time()
    masked(text)
    assert time.process_time() - begun < 10


def test_a_value_with_two_names_is_masked_for_either() -> None:
    document = '{"password": "correct horse", "note": "correct horse", "x": "caf\u00e9"}'
    assert masked(document) == document.replace('"correct horse"', '"... (13 characters)"')


EVEN = "aA0bB1cC2dD3eE4fF5gG"
"""20 characters, of which each two neighbours are of different classes."""
ONE_DIGIT = "aAbBcCdDeEfFgGhHiIjJkK"


@pytest.mark.parametrize(
    ("text", "is_random"),
    [
        pytest.param(EVEN * 2, True, id="4.32 bits for a character"),
        pytest.param(EVEN[:-1] * 2, False, id="4.25 bits"),
        pytest.param("aB1" * 12, False, id="1.58 bits"),
        pytest.param(f"{ONE_DIGIT}lL" * 2 + "1", True, id="4.63 bits, one digit"),
        pytest.param(ONE_DIGIT * 2 + "1", False, id="4.51 bits, one digit"),
    ],
)
def test_a_random_key_has_more_than_a_bound_of_bits_for_a_character(
    text: str, is_random: bool
) -> None:
    assert kind_of_secret("text", text) == ("a random key" if is_random else None)
