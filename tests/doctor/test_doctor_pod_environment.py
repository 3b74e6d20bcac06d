"""A ConfigMap of a cluster is data: the doctor reports what is in it, and runs nothing with it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import stand_in_cluster
from stand_in_cluster import CONFIG_MAP_PATH, CONFIGURED, ROLE

from doctor.examination import Options
from doctor.finding import Finding
from doctor.runner import examined

ONLY = Options(only=frozenset({"control-plane-config-map", "sts-aws-cli"}))
NO_OTHERS = "only the configured settings"
CLI = ("pass sts-aws-cli", "'arn:aws:sts::123456789012:assumed-role/stand-in_default_app/x'", "")
ATTACKS = {
    "PYTHONWARNINGS": "all:0:antigravity.x:0:0",
    "BROWSER": "/bin/sh -c id>/tmp/proof;#%s",
    "AWS_ENDPOINT_URL_STS": "https://sts.example.net",
}


async def looked(folder: Path, config_map: object) -> list[tuple[str, str, str]]:
    with stand_in_cluster.cluster(folder, {CONFIG_MAP_PATH: config_map}) as config:
        return told(await examined(config, ONLY))


def told(findings: list[Finding]) -> list[tuple[str, str, str]]:
    return [(f"{each.verdict} {each.code}", each.seen, each.expected) for each in findings]


def data(**more: Any) -> dict[str, Any]:
    return {"data": {**CONFIGURED, **more}}


def fail(seen: str, expected: str = NO_OTHERS) -> tuple[str, str, str]:
    return ("fail control-plane-config-map", seen, expected)


CASES: dict[str, tuple[object, list[tuple[str, str, str]]]] = {
    "as configured": (data(), [("pass control-plane-config-map", "default/app-role", "")]),
    "attacks": (data(**ATTACKS), [fail("AWS_ENDPOINT_URL_STS, BROWSER, PYTHONWARNINGS")]),
    "a value that no process takes": (data(X="a\0b"), [fail("X")]),
    "a hostile name": (
        data(**{"A\x1b[2J\u202e##[x]": ""}),
        [fail(r"A\x1b[2J\u202e#\x23[x]")],
    ),
    "many names": (
        data(**{f"X{number:02}": "" for number in range(50)}),
        [fail(f"{', '.join(f'X{number:02}' for number in range(20))} and 30 more")],
    ),
    "harmless settings": (
        data(AWS_RETRY_MODE="standard", AWS_MAX_ATTEMPTS="9"),
        [("warn control-plane-config-map", "AWS_MAX_ATTEMPTS, AWS_RETRY_MODE", NO_OTHERS)],
    ),
    "another value": (
        data(AWS_REGION="us-east-1"),
        [fail("AWS_REGION='us-east-1'", "AWS_REGION='eu-west-1'")],
    ),
    "another type": (
        data(AWS_REGION=5),
        [fail("AWS_REGION='5'", "AWS_REGION='eu-west-1'")],
    ),
    "a setting less": (
        {"data": {key: CONFIGURED[key] for key in CONFIGURED if key != "AWS_ROLE_ARN"}},
        [fail("no AWS_ROLE_ARN", f"AWS_ROLE_ARN='{ROLE}'")],
    ),
    "binary data": ({**data(), "binaryData": {"LD_PRELOAD": "AAAA"}}, [fail("LD_PRELOAD")]),
    "a list": (
        {"data": ["AWS_REGION"]},
        [fail("default/app-role: not a Kubernetes API response", "a ConfigMap")],
    ),
}


@pytest.mark.parametrize(("config_map", "found"), CASES.values(), ids=CASES)
async def test_the_aws_cli_gets_the_configured_environment_whatever_the_config_map_has(
    config_map: object,
    found: list[tuple[str, str, str]],
    in_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    record = stand_in_cluster.recording_cli(in_folder, monkeypatch)
    monkeypatch.setenv("PYTHONPATH", "/of/the/person")

    assert await looked(in_folder, config_map) == [*found, CLI]

    environment = json.loads(record.read_text())
    # Made by the C library, in the recording program itself.
    environment.pop("LC_CTYPE", None)
    token_file, home = environment.pop("AWS_WEB_IDENTITY_TOKEN_FILE"), environment.pop("HOME")
    assert environment == {
        **{key: CONFIGURED[key] for key in CONFIGURED if key != "AWS_WEB_IDENTITY_TOKEN_FILE"},
        "AWS_EC2_METADATA_DISABLED": "true",
        "PATH": os.environ["PATH"],
    }
    assert (Path(token_file).name, Path(home).name) == ("token", "home")
    assert Path(token_file).parent == Path(home).parent


async def test_dangerous_settings_are_named_without_knowing_the_account(in_folder: Path) -> None:
    answers = {CONFIG_MAP_PATH: data(**ATTACKS)}
    with stand_in_cluster.cluster(in_folder, answers):
        config = stand_in_cluster.configuration(in_folder, account_id=None)
        found = told(await examined(config, Options(only=ONLY.only, skip=frozenset({"aws"}))))

    assert found == [
        fail("AWS_ENDPOINT_URL_STS, BROWSER, PYTHONWARNINGS"),
        ("skip control-plane-config-map", "the layer 'aws' is skipped", ""),
        ("skip sts-aws-cli", "the layer 'aws' is skipped", ""),
    ]


async def test_the_aws_cli_goes_where_the_person_sends_this_process(
    in_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = stand_in_cluster.recording_cli(in_folder, monkeypatch)
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9")

    await looked(in_folder, data(AWS_ENDPOINT_URL_STS="https://sts.example.net"))

    environment = json.loads(record.read_text())
    assert {name: environment[name] for name in environment if "ENDPOINT" in name.split("_")} == {
        "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:9",
    }
