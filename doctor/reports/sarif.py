"""Findings as SARIF 2.1.0 (OASIS), which code scanning services show beside the configuration.

Failures and warnings are results; what was skipped is a notification of the run, and what passed
is left out, as it is by other analyzers. A rule names its page in its help text: `helpUri` has to
be absolute (3.49.12), and this project's pages are where it is kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from doctor.finding import Finding, Rule
from doctor.rules import ALL
from federation.config import ClusterConfig
from federation.documents import Document
from federation.places import Place

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_LEVELS = {"fail": "error", "warn": "warning"}
_PLACES: dict[str, Place] = {"control-plane": ("kubernetes",), "aws": ("aws",)}
_ISSUER: Place = ("issuer",)


@dataclass(frozen=True)
class Examined:
    """What was examined, so that results have a place.

    Attributes:
        config: The configuration.
        document: The same with its lines.
        path: Where its file is, seen from the root of the repository or the current folder.
    """

    config: ClusterConfig
    document: Document
    path: str

    def line(self, finding: Finding) -> int:
        """The line of what a finding is about."""
        for index, workload in enumerate(self.config.workloads):
            if finding.about == f"{workload.namespace}/{workload.service_account}":
                return self.document.line(("workloads", index))
        return self.document.line(_PLACES.get(finding.layer, _ISSUER))


def sarif(findings: Sequence[Finding], examined: Examined) -> dict[str, Any]:
    """The log of one run."""
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "oidc-iam-doctor", "rules": [_rule(r) for r in ALL]}},
                # Keeps the results of several clusters apart where one service gets them all.
                "automationDetails": {"id": f"oidc-iam-doctor/{examined.config.cluster}/"},
                "invocations": [
                    {
                        "executionSuccessful": True,
                        "toolExecutionNotifications": [
                            _notification(each) for each in findings if each.verdict == "skip"
                        ],
                    }
                ],
                "columnKind": "unicodeCodePoints",
                "results": [
                    _result(each, examined) for each in findings if each.verdict in _LEVELS
                ],
            }
        ],
    }


def _rule(rule: Rule) -> dict[str, Any]:
    more = f"Cause: {rule.cause}\nFix: {rule.fix}\nMore: {rule.page}"
    return {
        "id": rule.code,
        "shortDescription": {"text": _literal(f"{rule.title}.")},
        "fullDescription": {"text": _literal(rule.meaning)},
        "help": {"text": _literal(more)},
        "properties": {"tags": [rule.layer]},
    }


def _result(finding: Finding, examined: Examined) -> dict[str, Any]:
    return {
        "ruleId": finding.code,
        "ruleIndex": _INDEX[finding.code],
        "level": _LEVELS[finding.verdict],
        "message": {"text": _literal(_message(finding))},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(examined.path)},
                    "region": {"startLine": examined.line(finding)},
                }
            }
        ],
        "partialFingerprints": {"codeAndSubject/v1": _fingerprint(finding)},
    }


def _notification(finding: Finding) -> dict[str, Any]:
    return {
        "associatedRule": {"id": finding.code, "index": _INDEX[finding.code]},
        "level": "note",
        "message": {"text": _literal(f"{_heading(finding)} Skipped: {finding.seen}")},
    }


def _message(finding: Finding) -> str:
    return (
        f"{_heading(finding)}\nSeen: {finding.seen}\nExpected: {finding.expected}\n"
        f"Cause: {finding.cause}\nFix: {finding.fix}"
    )


def _heading(finding: Finding) -> str:
    about = f" ({finding.about})" if finding.about else ""
    return f"{finding.title}{about}."


def _fingerprint(finding: Finding) -> str:
    """The same for the same thing in a later run, whatever is seen then."""
    return hashlib.sha256(f"{finding.code} {finding.about}".encode()).hexdigest()


def _literal(text: str) -> str:
    """A text in which nothing is a placeholder or a link (SARIF 2.1.0, 3.11.5 and 3.11.6)."""
    return text.translate(_ESCAPES)


_ESCAPES = str.maketrans({"{": "{{", "}": "}}", "\\": "\\\\", "[": "\\[", "]": "\\]"})
_INDEX = {rule.code: index for index, rule in enumerate(ALL)}
