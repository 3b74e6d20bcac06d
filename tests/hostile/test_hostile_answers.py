"""Whatever a cluster, AWS or an issuer answers, `doctor` and `drift` report it and go on."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any

import boto3
import live_answers
import pytest
from hostile_documents import files, mutated, texts
from hostile_runs import Judged, examples
from hypothesis import given
from hypothesis import strategies as st
from live_answers import Live

SIDES = ("issuer", "cluster", "aws", "cli")
DOCTOR = ("doctor", "-c", "live.yaml", "--ca-file", "root.pem")
COMMANDS: dict[str, tuple[tuple[str, ...], str]] = {
    "doctor": ((*DOCTOR, "--negative"), "+ pass sts-identity"),
    "doctor --json": ((*DOCTOR, "--json"), '"code": "sts-identity"'),
    "doctor --junit": ((*DOCTOR, "--junit", "out"), "+ pass sts-identity"),
    "doctor --sarif": ((*DOCTOR, "--sarif", "-"), '"ruleId": "aws-thumbprint"'),
    "drift": (("drift", "-c", "live.yaml"), "not seen: 0, left out: 0"),
    "drift --json": (("drift", "-c", "live.yaml", "--json"), '"unseen": 0'),
    "jwks --from-cluster": (("jwks", "-c", "live.yaml", "--from-cluster"), '"kid":"first"'),
}
"""A command, and what shows that it understood the answers of a federation that works."""

RAISED = re.compile(r"the traceback is in|no log")
"""How `doctor` and `drift` report a bug in one of their checks."""


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    boto3.client("iam", region_name="eu-west-1")  # read what describes it, before each process
    boto3.client("sts", region_name="eu-west-1")
    with live_answers.standing(tmp_path_factory.mktemp("live")) as standing:
        yield standing


@pytest.fixture
def environment(judged: Judged) -> dict[str, str]:
    """Leads to what stands on loopback; `aws` prints the file `cli`."""
    work = judged.surroundings.work
    return {
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "PATH": f"{work / 'programs'}{os.pathsep}{os.environ['PATH']}",
    }


def answered(
    judged: Judged,
    live: Live,
    environment: dict[str, str],
    case: str,
    documents: dict[str, dict[str, Any]],
    *,
    terminal: bool = False,
) -> str:
    """What a command prints of these answers; no check of it may have raised."""
    live_answers.given(live.answers, documents)
    program = f"#!/bin/sh\ncat {judged.surroundings.work}/cli\n"
    files = {**live.files, "cli": live.answers.cli, "programs/aws": program.encode()}
    ran = judged.run(COMMANDS[case][0], files, terminal=terminal, environment=environment)
    assert RAISED.findall(ran.output) == [], ran.output
    return ran.output


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(each, marks=[] if each in ("doctor", "drift") else pytest.mark.breadth)
        for each in COMMANDS
    ],
)
def test_the_answers_of_a_good_federation_are_understood(
    case: str, judged: Judged, live: Live, environment: dict[str, str]
) -> None:
    output = answered(judged, live, environment, case, live_answers.good(live.config))
    assert COMMANDS[case][1] in output


@examples(share=0.3)
@given(st.sampled_from(sorted(COMMANDS)), st.data())
def test_no_answer_breaks_a_command(
    judged: Judged, live: Live, environment: dict[str, str], case: str, data: st.DataObject
) -> None:
    documents = live_answers.good(live.config)
    for _ in range(data.draw(st.integers(1, 3), label="how many")):
        side = data.draw(st.sampled_from(SIDES), label="side")
        name = data.draw(st.sampled_from(sorted(documents[side])), label="answer")
        if side == "aws":
            answer = data.draw(of_aws(name, documents[side][name]), label="content")
        else:
            answer = data.draw(files(documents[side][name]), label="content")
        documents[side][name] = answer
    terminal = data.draw(st.booleans(), label="terminal")
    answered(judged, live, environment, case, documents, terminal=terminal)


@st.composite
def of_aws(draw: st.DrawFn, action: str, document: Any) -> bytes:
    """An answer of AWS: an error, some other XML, or what is asked for with other values."""
    how = draw(st.integers(0, 9))
    if how == 0:
        return live_answers.error(draw(texts), draw(texts))
    if how == 1:
        return draw(files("<a/>", live_answers.xml(action, document)))
    return live_answers.xml(action, draw(mutated(document)))
