"""`wizard doctor` as a person and a pipeline call it, on an issuer that stands in for a cluster."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from joserfc import jwt
from junitparser import JUnitXml
from stand_in_issuer import (
    AUTHORITY,
    DISCOVERY,
    ISSUER,
    JWKS,
    KEY,
    Page,
    config_for,
    document,
    key_set,
    page,
    server_context,
    serving,
)

from doctor.checks import discovery
from federation.errors import UserError
from federation.yaml import files
from federation.yaml.files import PROJECT
from wizard.cli.doctor import doctor

PATIENT_WITH_AWS = """
import runpy
from doctor.examination import Options

Options.answer_timeout = 600.0
runpy.run_module("wizard", run_name="__main__", alter_sys=True)
"""
PROGRAM = (sys.executable, "-m", "wizard", "doctor")
ONLY_ISSUER = ("--only", "discovery-issuer")
HOSTILE = f"{ISSUER}/[red]\x1b[31m]]> {{0}} ##vso[x]"
SEEN = f"'{ISSUER}/[red]\\x1b[31m]]> {{0}} #\\x23vso[x]': another issuer"
HOSTILE_PAGES = {DISCOVERY: page(document(issuer=HOSTILE)), JWKS: page(key_set())}
TEXT = page(document(), headers={"Content-Type": "text/plain"})
TITLE = "The document names the configured issuer, byte for byte"
PASSED = f"+ pass discovery-issuer: {TITLE}: '{ISSUER}'\n"
FAILED = (
    f"x fail discovery-issuer: {TITLE}: {SEEN}\n"
    f"      expected: '{ISSUER}'\n"
    f"      cause: {discovery.ISSUER.cause}\n"
    f"      fix: {discovery.ISSUER.fix}\n"
    "      more: docs/doctor-codes.md#discovery-issuer\n"
)
TABLE = f"""\
verdict  layer      code              seen
x fail   discovery  discovery-issuer  {SEEN[:61]}…

x fail discovery-issuer: The document names the configured issuer, byte for byte
  seen      {SEEN}
  expected  '{ISSUER}'
  cause     The first --service-account-issuer of the API server is not the configured issuer.
  fix       Set the first --service-account-issuer of every API server to the configured issuer;
            keep the old one second until its tokens have expired.
  more      docs/doctor-codes.md#discovery-issuer

pass: 0, warn: 0, fail: 1, skip: 0
"""
OFFLINE = [
    "pass token-obtained",
    "pass token-header",
    "pass token-issuer",
    "pass token-audience",
    "pass token-subject",
    "pass token-times",
    "pass trust-admits",
    "pass negative-service-account",
    "pass negative-namespace",
    "pass negative-audience",
]
TOKEN = jwt.encode(
    {"alg": "RS256", "kid": "first"},
    {
        "iss": ISSUER,
        "sub": "system:serviceaccount:default:app",
        "aud": ["sts.amazonaws.com"],
        "iat": 1_700_000_000,
        "exp": 2**32,
    },
    KEY,
)


@pytest.fixture
def pages() -> dict[str, Page]:
    """What the issuer serves; a test may serve something else."""
    return {DISCOVERY: page(document()), JWKS: page(key_set())}


@pytest.fixture(autouse=True)
def _configuration(
    pages: dict[str, Page], in_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """cluster.yaml, whose issuer serves the pages, and its authority in ca.pem."""
    AUTHORITY.file(in_folder).rename("ca.pem")
    with serving({**pages}, server_context("good", in_folder)) as port:
        files.save(config_for(port), in_folder / "cluster.yaml")
        monkeypatch.setenv("OIDC_IAM_CONFIG", "cluster.yaml")
        yield


def run(*arguments: str, stdin: str | None = None) -> Result:
    """Examine; the exit code is in `return_value`."""
    given = ("--ca-file", "ca.pem", *arguments)
    return CliRunner().invoke(
        doctor, given, input=stdin, standalone_mode=False, catch_exceptions=False
    )


def test_a_check_that_passes_is_a_line() -> None:
    result = run(*ONLY_ISSUER)

    assert (result.return_value, result.output) == (
        0,
        f"{PASSED}pass: 1, warn: 0, fail: 0, skip: 0\n",
    )


@pytest.mark.parametrize("pages", [HOSTILE_PAGES])
def test_a_failure_is_explained_and_what_was_served_is_quoted() -> None:
    result = run(*ONLY_ISSUER)

    assert (result.return_value, result.output) == (
        1,
        f"{FAILED}pass: 0, warn: 0, fail: 1, skip: 0\n",
    )


@pytest.mark.parametrize("pages", [{DISCOVERY: page(document()), JWKS: Page(b"", 301)}])
def test_a_failure_names_what_it_hides() -> None:
    result = run("--only", "discovery-readable", "--only", "keys")

    lines = result.output.splitlines()
    assert [line for line in lines if line.startswith("      hides: ")] == [
        "      hides: discovery-readable, keys-usable, keys-unique, keys-count, keys-private"
    ]
    assert [line for line in lines if line.startswith("- skip keys-count")] == [
        "- skip keys-count: The key set has 1 to 100 keys of each type: see discovery-redirect"
    ]


@pytest.mark.parametrize("pages", [HOSTILE_PAGES])
def test_json_has_the_same_texts_and_nothing_else_on_standard_output() -> None:
    result = run(*ONLY_ISSUER, "--json")

    findings = json.loads(result.output)["findings"]
    assert result.return_value == 1
    assert [(each["verdict"], each["seen"], each["fix"]) for each in findings] == [
        ("fail", SEEN, discovery.ISSUER.fix)
    ]


def test_several_reports_are_written_at_once(in_folder: Path) -> None:
    result = run(*ONLY_ISSUER, "--json", "--sarif", "out/doctor.sarif", "--junit", "out/doctor.xml")

    sarif = json.loads((in_folder / "out/doctor.sarif").read_text())
    junit = JUnitXml.fromstring((in_folder / "out/doctor.xml").read_bytes())
    assert json.loads(result.output)["counts"] == {"pass": 1, "warn": 0, "fail": 0, "skip": 0}
    assert (sarif["version"], sarif["runs"][0]["results"], junit.tests) == ("2.1.0", [], 1)


@pytest.mark.parametrize("pages", [HOSTILE_PAGES])
def test_sarif_points_at_the_line_of_the_configuration() -> None:
    result = run(*ONLY_ISSUER, "--sarif")

    (found,) = json.loads(result.output)["runs"][0]["results"]
    text = Path("cluster.yaml").read_text().splitlines()
    place = found["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "cluster.yaml"}
    assert text[place["region"]["startLine"] - 1] == f'issuer: "{ISSUER}"'


@pytest.mark.parametrize("value", [(), ("-",)])
def test_a_report_without_a_file_goes_to_standard_output(value: tuple[str, ...]) -> None:
    result = run(*ONLY_ISSUER, "--junit", *value)

    assert [
        case.name for suite in JUnitXml.fromstring(result.output.encode()) for case in suite
    ] == ["discovery-issuer"]


@pytest.mark.parametrize(("strict", "code"), [((), 0), (("--strict",), 1)])
@pytest.mark.parametrize("pages", [{DISCOVERY: TEXT, JWKS: page(key_set())}])
def test_strictly_a_warning_is_a_failure(strict: tuple[str, ...], code: int) -> None:
    result = run("--only", "discovery", "--json", *strict)

    assert json.loads(result.output)["counts"]["warn"] == 1
    assert result.return_value == code


@pytest.mark.parametrize(
    ("arguments", "codes"),
    [
        (("--only", "keys-count"), ["keys-count"]),
        (
            ("--only", "keys", "--skip", "keys-usable"),
            ["keys-unique", "keys-count", "keys-private"],
        ),
        (
            ("--only", "discovery-forbidden", "--only", "keys-count"),
            [
                "discovery-readable",
                "discovery-issuer",
                "discovery-jwks-uri",
                "discovery-algorithms",
                "keys-count",
            ],
        ),
    ],
)
def test_layers_and_codes_choose_the_checks(arguments: tuple[str, ...], codes: list[str]) -> None:
    result = run(*arguments, "--json")

    assert [each["code"] for each in json.loads(result.output)["findings"]] == codes


@pytest.mark.parametrize("pages", [{DISCOVERY: page({}, status=403)}])
@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        ((), 1, ["fail discovery-forbidden", "skip discovery-issuer"]),
        (("--skip", "discovery-forbidden"), 0, ["skip discovery-issuer"]),
    ],
)
def test_a_code_that_is_left_out_is_not_told(
    arguments: tuple[str, ...], code: int, told: list[str]
) -> None:
    result = run(*ONLY_ISSUER, *arguments, "--json")

    findings = json.loads(result.output)["findings"]
    assert (result.return_value, [f"{each['verdict']} {each['code']}" for each in findings]) == (
        code,
        told,
    )


def test_offline_only_files_are_looked_at(in_folder: Path) -> None:
    (in_folder / "token").write_text(TOKEN)

    result = run("--offline", "--token", "token", "--json")

    findings = json.loads(result.output)["findings"]
    told = [each for each in findings if each["verdict"] != "skip"]
    assert [f"{each['verdict']} {each['code']}" for each in told] == OFFLINE


@pytest.mark.parametrize("name", ["-", "token"])
def test_a_token_comes_from_a_file_or_standard_input(in_folder: Path, name: str) -> None:
    (in_folder / "token").write_text(TOKEN)

    done = subprocess.run(
        [*PROGRAM, "--offline", "--only", "token-subject", "--token", name],
        input=TOKEN,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        check=False,
    )

    assert (done.returncode, done.stdout, done.stderr) == (
        0,
        "+ pass token-subject (default/app): The token's 'sub' is the workload's service account: "
        "'system:serviceaccount:default:app'\n"
        "pass: 1, warn: 0, fail: 0, skip: 0\n",
        "",
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("--only", "discovry"),
            "--only: 'discovry' is neither a layer nor a code. Did you mean 'discovery'? Layers: "
            "names, tls, discovery, keys, control-plane, aws, token, trust, sts, negative; codes: "
            "docs/doctor-codes.md.",
        ),
        (
            ("--skip", "tls-expired"),
            "--skip: 'tls-expired' is neither a layer nor a code. Did you mean 'tls-expiry'? "
            "Layers: names, tls, discovery, keys, control-plane, aws, token, trust, sts, negative; "
            "codes: docs/doctor-codes.md.",
        ),
        (
            ("--only", "tls-expiry", "--skip", "tls"),
            "--only and --skip together leave nothing to check.",
        ),
        (("--timeout", "nan"), "--timeout is not a number of seconds."),
        (("--json", "--sarif"), "One report at a time can go to stdout: give the others a FILE."),
        (
            ("--sarif", "-", "--junit", "-"),
            "One report at a time can go to stdout: give the others a FILE.",
        ),
        (
            ("--sarif", "report", "--junit", "./report"),
            "Two reports cannot go to one file: the second would replace the first.",
        ),
        (
            ("--token", TOKEN),
            "--token takes the name of a file. That was a token itself, which every user of this "
            "machine can see among the processes: put it into a file, or pipe it to '-'.",
        ),
        (
            ("--token", "token", "--pod", "default/app"),
            "Give --token FILE or --pod NAMESPACE/NAME, one of them.",
        ),
        (("--pod", "app"), "--pod 'app' is not NAMESPACE/NAME."),
        (("--pod", "../nodes"), "--pod '../nodes' is not NAMESPACE/NAME."),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_looked_at(
    arguments: tuple[str, ...], message: str
) -> None:
    with pytest.raises(UserError) as refusal:
        run(*arguments)

    assert str(refusal.value) == message


def test_a_report_that_cannot_be_written_is_an_error() -> None:
    with pytest.raises(UserError) as refusal:
        run(*ONLY_ISSUER, "--sarif", "cluster.yaml/doctor.sarif")

    assert str(refusal.value) == (
        "cluster.yaml/doctor.sarif: cannot be written: File exists. Nothing was changed."
    )


@pytest.mark.parametrize("pages", [HOSTILE_PAGES])
def test_on_a_terminal_a_table_and_an_explanation_stay() -> None:
    screen, code = on_terminal(*ONLY_ISSUER, "--ca-file", "ca.pem")

    assert (code, screen) == (1, TABLE.splitlines())


def test_an_interrupt_ends_it_at_once_though_aws_does_not_answer(in_folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        config = files.load(in_folder / "cluster.yaml")
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        aws = config.aws.model_copy(update={"endpoint_url": endpoint})
        files.save(config.model_copy(update={"aws": aws}), in_folder / "cluster.yaml")
        process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                PATIENT_WITH_AWS,
                "doctor",
                "--only=aws-access",
                "--timeout=600",
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
        )
        connection, _ = silent.accept()
        process.send_signal(signal.SIGINT)

        # AWS has ten minutes for an answer.
        said, _ = process.communicate(timeout=120)
        connection.close()

    assert (process.returncode, said) == (130, "\nInterrupted.\n")


def on_terminal(*arguments: str) -> tuple[list[str], int]:
    """What stays on a terminal of 100 columns, line by line, and the exit code."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 100))
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "TERM": "xterm"}
    del environment["COLUMNS"]
    process = subprocess.Popen(
        [*PROGRAM, *arguments], stdout=theirs, stderr=theirs, env=environment
    )
    os.close(theirs)
    written = b""
    with contextlib.suppress(OSError):  # the end of the other side
        while piece := os.read(ours, 65_536):
            written += piece
    os.close(ours)
    return _screen(written.decode()), process.wait()


def _screen(written: str) -> list[str]:
    """The lines that were not erased: all that is drawn while it runs is."""
    stays = written.rpartition("\x1b[2K")[2]
    lines = re.sub(r"\x1b\[[0-9;]*m", "", stays).split("\r\n")
    return [line.rstrip() for line in lines][:-1]
