"""The SARIF log of a run, whole."""

from __future__ import annotations

import hashlib

from formats.sarif import SCHEMA, SarifNotice, SarifResult, SarifRule, sarif

RULE = SarifRule("open-door", "A door is open.", "Anybody comes in.", "Fix: close it.", ("doors",))
RESULT = SarifResult(
    "open-door", "error", "It is open: {}[x]\\", "my house.yaml", 3, identity="front"
)


def test_a_log_has_rules_results_and_notices() -> None:
    assert sarif("doorman", "house", [RULE], [RESULT], [SarifNotice("open-door", "Not seen.")]) == {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "doorman",
                        "rules": [
                            {
                                "id": "open-door",
                                "shortDescription": {"text": "A door is open."},
                                "fullDescription": {"text": "Anybody comes in."},
                                "help": {"text": "Fix: close it."},
                                "properties": {"tags": ["doors"]},
                            }
                        ],
                    }
                },
                "automationDetails": {"id": "doorman/house/"},
                "invocations": [
                    {
                        "executionSuccessful": True,
                        "toolExecutionNotifications": [
                            {
                                "associatedRule": {"id": "open-door", "index": 0},
                                "level": "note",
                                "message": {"text": "Not seen."},
                            }
                        ],
                    }
                ],
                "columnKind": "unicodeCodePoints",
                "results": [
                    {
                        "ruleId": "open-door",
                        "ruleIndex": 0,
                        "level": "error",
                        "message": {"text": "It is open: {{}}\\[x\\]\\\\"},
                        "locations": [
                            {
                                "physicalLocation": {
                                    "artifactLocation": {"uri": "my%20house.yaml"},
                                    "region": {"startLine": 3},
                                }
                            }
                        ],
                        "partialFingerprints": {
                            "codeAndSubject/v1": hashlib.sha256(b"open-door front").hexdigest()
                        },
                    }
                ],
            }
        ],
    }


def test_a_result_about_a_whole_file_has_no_region() -> None:
    whole = SarifResult("open-door", "note", "Open.", "house.yaml", None, identity="front")
    (run,) = sarif("doorman", "house", [RULE], [whole])["runs"]
    assert run["results"][0]["locations"] == [
        {"physicalLocation": {"artifactLocation": {"uri": "house.yaml"}}}
    ]


def test_an_accepted_result_says_why() -> None:
    accepted = SarifResult(
        "open-door", "note", "Open.", "a", None, "front", accepted="it is summer"
    )
    (run,) = sarif("doorman", "house", [RULE], [accepted])["runs"]
    assert run["results"][0]["suppressions"] == [
        {"kind": "external", "status": "accepted", "justification": "it is summer"}
    ]
