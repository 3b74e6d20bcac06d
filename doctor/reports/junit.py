"""Findings as JUnit XML, which pipelines show as tests: a suite a layer, a case a finding.

JUnit has no warnings: they pass, with their text as output, or fail where they are to count. There
is not an official schema; the form is the one that Jenkins and GitLab read (suites with counts,
cases with `failure`, `skipped` and `system-out`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from xml.etree import ElementTree as ET

from doctor.finding import Finding
from doctor.reports.summary import counts_as_failure
from formats import escaping

NAME = "oidc-iam doctor"


def junit(findings: Sequence[Finding], *, strict: bool = False) -> str:
    """The report.

    Args:
        findings: In the order of a report: those of a layer stand together.
        strict: Whether warnings count as failures.
    """
    root = ET.Element("testsuites", name=NAME)
    for layer, group in groupby(findings, key=lambda each: each.layer):
        suite = ET.SubElement(root, "testsuite", name=escaping.xml(layer))
        suite.extend(_case(finding, strict) for finding in group)
        _count(suite, suite)
    _count(root, root.iter("testcase"))
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _case(finding: Finding, strict: bool) -> ET.Element:
    name = f"{finding.code} {finding.about}".rstrip()
    case = ET.Element("testcase", classname=f"doctor.{finding.layer}", name=escaping.xml(name))
    if counts_as_failure(finding, strict=strict):
        failure = ET.SubElement(
            case, "failure", type=finding.code, message=escaping.xml(finding.title)
        )
        failure.text = _text(finding)
    elif finding.verdict == "skip":
        ET.SubElement(case, "skipped", message=escaping.xml(finding.seen))
    else:
        ET.SubElement(case, "system-out").text = _text(finding)
    return case


def _text(finding: Finding) -> str:
    parts = {
        finding.verdict: finding.title,
        "seen": finding.seen,
        "expected": finding.expected,
        "cause": finding.cause,
        "fix": finding.fix,
        "more": finding.page if finding.expected else "",
    }
    return escaping.xml("\n".join(f"{name}: {text}" for name, text in parts.items() if text))


def _count(element: ET.Element, cases: Iterable[ET.Element]) -> None:
    listed = list(cases)
    element.set("tests", str(len(listed)))
    for attribute, child in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        element.set(attribute, str(sum(case.find(child) is not None for case in listed)))
