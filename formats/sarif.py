"""SARIF 2.1.0 (OASIS), which code scanning services show beside the files that it is about.

The doctor and the linter say here what they found; the document comes out the same for both.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from formats import escaping

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)


@dataclass(frozen=True)
class SarifRule:
    """What results are instances of.

    Attributes:
        code: Its stable name.
        title: What it is about, as a sentence.
        meaning: Why it matters.
        help: What to do, in lines.
        tags: What services filter by.
    """

    code: str
    title: str
    meaning: str
    help: str
    tags: tuple[str, ...]


@dataclass(frozen=True)
class SarifResult:
    """One thing that was found.

    Attributes:
        code: Of its rule.
        level: How much it matters.
        message: What was found, in lines.
        file: The file that it is about, seen from the root of the repository.
        line: Counted from 1; None where it is about the file as a whole.
        identity: What stays the same of it in the next run, whatever is seen then.
        accepted: Why it is accepted, where it is.
    """

    code: str
    level: Literal["error", "warning", "note"]
    message: str
    file: str
    line: int | None
    identity: str
    accepted: str | None = None


@dataclass(frozen=True)
class SarifNotice:
    """Something to say about a rule that is not a result, such as a check that could not run."""

    code: str
    message: str


def sarif(
    tool: str,
    about: str,
    rules: Sequence[SarifRule],
    results: Sequence[SarifResult],
    notices: Sequence[SarifNotice] = (),
) -> dict[str, Any]:
    """The log of one run.

    Args:
        tool: Which program it is.
        about: What was looked at; keeps several apart if one service gets them all.
        rules: All that the program knows.
        results: What it found.
        notices: What else it has to say.
    """
    index = {rule.code: at for at, rule in enumerate(rules)}
    invocation = {
        "executionSuccessful": True,
        "toolExecutionNotifications": [_notification(each, index) for each in notices],
    }
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": tool, "rules": [_rule(rule) for rule in rules]}},
                "automationDetails": {"id": f"{tool}/{about}/"},
                "invocations": [invocation],
                "columnKind": "unicodeCodePoints",
                "results": [_result(each, index) for each in results],
            }
        ],
    }


def _rule(rule: SarifRule) -> dict[str, Any]:
    return {
        "id": rule.code,
        "shortDescription": {"text": escaping.sarif(rule.title)},
        "fullDescription": {"text": escaping.sarif(rule.meaning)},
        "help": {"text": escaping.sarif(rule.help)},
        "properties": {"tags": list(rule.tags)},
    }


def _result(result: SarifResult, index: dict[str, int]) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": {"uri": _uri(result.file)}}
    if result.line is not None:
        place["region"] = {"startLine": result.line}
    document = {
        "ruleId": result.code,
        "ruleIndex": index[result.code],
        "level": result.level,
        "message": {"text": escaping.sarif(result.message)},
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {"codeAndSubject/v1": _fingerprint(result)},
    }
    if result.accepted is not None:
        suppression = {
            "kind": "external",
            "status": "accepted",
            "justification": escaping.page(result.accepted),
        }
        document["suppressions"] = [suppression]
    return document


def _uri(file: str) -> str:
    """A reference from the root, or a whole URI if the file is elsewhere."""
    return Path(file).as_uri() if Path(file).is_absolute() else quote(os.fsencode(file))


def _notification(notice: SarifNotice, index: dict[str, int]) -> dict[str, Any]:
    return {
        "associatedRule": {"id": notice.code, "index": index[notice.code]},
        "level": "note",
        "message": {"text": escaping.sarif(notice.message)},
    }


def _fingerprint(result: SarifResult) -> str:
    return hashlib.sha256(
        f"{result.code} {result.identity}".encode("utf-8", "backslashreplace")
    ).hexdigest()
