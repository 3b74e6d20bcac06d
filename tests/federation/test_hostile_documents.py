"""Documents that were written to keep their reader busy: each is refused, or read, within seconds.

They have about as many bytes as a file may have. Time is that of the processor, since tests run
beside others.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise
from typing import Any

import pytest

from apiserver.reading import read as read_api_server
from federation.errors import UserError
from federation.strict_json import json_value
from federation.yaml import documents
from review.facts import evidence
from review.plan.facts import plan_facts

N = 1_000_000
SECONDS = 5.0
NAMES = "abcdefghijklmnop"


def laughs(first: str, each: str) -> str:
    lines = [f"a: &a {first}"]
    lines += [f"{b}: &{b} " + each.format(", ".join([f"*{a}"] * 9)) for a, b in pairwise(NAMES)]
    return "\n".join(lines)


def hostile(n: int) -> dict[str, str]:
    """Documents of about so many bytes, by name."""
    return {
        "brackets": "[" * n,
        "braces": "{" * n,
        "objects": '{"a":' * (n // 5),
        "both": "[{" * (n // 2),
        "closed brackets": "[" * (n // 2) + "]" * (n // 2),
        "entries": "- " * (n // 2),
        "questions": "? " * (n // 2),
        "indentation": "".join(" " * depth + "a:\n" for depth in range(1400)),
        "numbers": "[" + "0," * (n // 2) + "0]",
        "flow entries": "[" + "a," * (n // 2) + "a]",
        "flow pairs": "[" + "a: b," * (n // 5) + "a]",
        "flow questions": "{" + "? : ," * (n // 5) + "}",
        "lines of entries": "- a\n" * (n // 4),
        "lines of keys": "".join(f"k{at}: v\n" for at in range(n // 12)),
        "plain": "a: " + "b" * n,
        "plain words": "a: " + "b " * (n // 2),
        "plain lines": "a:\n" + " b\n" * (n // 3),
        "quoted lines": 'a: "' + "b\n\n " * (n // 5) + '"',
        "escapes": 'a: "' + "\\n" * (n // 2) + '"',
        "quotes": "'" * n,
        "block": "a: |\n" + " b\n" * (n // 3),
        "folded": "a: >\n" + " b\n\n" * (n // 4),
        "comments": "#a\n" * (n // 3),
        "a comment": "#" + "a" * n,
        "spaces": " " * n + "a: b",
        "blank lines": "\n" * n + "a: b",
        "tabs": "\t" * n,
        "colons": ":" * n,
        "a long key": "a" * n + ": b",
        "documents": "---\n" * (n // 4),
        "closed documents": "--- a\n...\n" * (n // 10),
        "directives": "".join(f"%TAG !a{at}! tag:x\n" for at in range(n // 20)) + "--- a",
        "anchors": "".join(f"- &a{at} x\n" for at in range(n // 11)),
        "an anchor upon another": "&a &b " * (n // 6),
        "tags": "- !!str a\n" * (n // 10),
        "a long tag": "- !" + "a" * n,
        "digits": "a: " + "9" * n,
        "digits and lines": "a: " + "1_" * (n // 2) + "x",
        "a fraction": "a: " + "1" * (n // 2) + "." + "1" * (n // 2) + "x",
        "aliases of aliases": laughs("[x, x, x]", "[{}]"),
        "merges of merges": laughs("{x: y}", "{{<<: [{}]}}"),
        "merges of nothing": laughs("{}", "{{<<: [{}]}}"),
        "many merges": "a: &a {x: y}\nb: {" + "<<: *a, " * (n // 8) + "}",
        "wide merges": "a: &a {" + ",".join(f"k{at}: 1" for at in range(3000)) + "}\n"
        "b:\n" + "- {<<: *a}\n" * 20_000,
        "deep aliases": "a: &a "
        + "[" * 90
        + "1," * 1000
        + "]" * 90
        + "\nb: ["
        + "*a," * 1000
        + "]",
        "long aliases": "a: &a " + "x" * (n // 2) + "\nb: [" + "*a, " * 50_000 + "]",
        "an alias in itself": "a: &a [*a, *a]",
        "pods": "kind: Pod\napiVersion: v1\n---\n" * (n // 32),
        "aliases of programs": "a: &a [" + "x" * (n // 2) + "]\nkind: Pod\napiVersion: v1\n"
        "spec:\n  containers: [" + "{command: *a}," * 30_000 + "]",
        "lines that go on": "[Service]\n" + "a\\\n" * (n // 3),
        "starts": "[Service]\n" + "ExecStart=a\n" * (n // 12),
        "flags": "--a b\n" * (n // 6),
        "processes": "kube-apiserver --a\n" * (n // 19),
        "journals": ("kube-apiserver" + ' x msg="Running kube-apiserver a' * 4000)[:120_000]
        + "\n"
        + "kube-apiserver\n" * (n // 15),
        "backslashes": "\\ " * (n // 2),
        "documents within": "a: &a |\n " + "[" * 1000 + "\nkind: KubeadmControlPlane\n"
        "apiVersion: controlplane.cluster.x-k8s.io/v1beta2\nspec: {kubeadmConfigSpec: {files: ["
        + "{path: x, content: *a}," * 20_000
        + "]}}",
    }


HOSTILE = hostile(N)
TOO_MANY = "has more than 100000 values, with those that aliases repeat."


def control_plane(text: str) -> object:
    return read_api_server(text.encode(), "f")


READERS: dict[str, Callable[[str], Any]] = {
    "configuration": documents.read,
    "objects": documents.objects,
    "JSON": lambda text: json_value("It", text),
    "what runs": control_plane,
    "service accounts": lambda text: evidence.service_accounts(text, "f"),
    "manifest": lambda text: evidence.api_server(text, "f"),
    "plan": lambda text: plan_facts(text, "f"),
    "trust policy": lambda text: evidence.trust_policy_file(text, "f"),
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("document", HOSTILE)
@pytest.mark.parametrize("size", [50_000, pytest.param(N, marks=pytest.mark.breadth)])
def test_a_hostile_document_ends_in_time_and_without_a_defect(
    size: int, document: str, reader: str
) -> None:
    text = hostile(size)[document]
    begun = time.process_time()
    with suppress(UserError):
        READERS[reader](text)
    assert time.process_time() - begun < SECONDS


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[" * 100, "is not YAML: a value is missing at the end, or a '[' or '{' is never closed."),
        ("[" * 102 + "]" * 102, "is nested more than 100 levels deep, or an alias in it contains "
         "itself."),
        (HOSTILE["merges of nothing"], TOO_MANY),
        (HOSTILE["flow entries"], TOO_MANY),
        (
            HOSTILE["long aliases"],
            "has more than 20000000 characters, with those that aliases repeat.",
        ),
        (HOSTILE["directives"], "has more than 20 lines that begin with '%': remove them."),
    ],
)  # fmt: skip
def test_each_limit_of_yaml_is_named(text: str, problem: str) -> None:
    with pytest.raises(documents.DocumentError) as caught:
        documents.read(text)
    assert str(caught.value) == problem


def test_what_is_at_a_limit_is_read() -> None:
    deep = "[" * 101 + "]" * 101
    assert documents.read(deep).data == documents.objects(deep)[0] == json_value("It", deep)
    assert len(documents.read("[" + "a," * 99_999 + "]").data) == 99_999


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[" * N, "It is JSON that is nested more than 100 levels deep."),
        ("[" * 102 + "]" * 102, "It is JSON that is nested more than 100 levels deep."),
        ("[1,1,1,1]", "It has more than 4 values."),
        ('{"a": 1, "b": {"c": 1, "c": 2}}', "It has the key 'c' twice in one object."),
        ("[NaN]", "It has the value NaN, which is not JSON."),
        ("[-Infinity]", "It has the value -Infinity, which is not JSON."),
        ("1e999", "It has a number that is too large."),
        ("9" * 1001, "It has a number of more than 1000 characters."),
        ('["\\ud800"]', "It has half of a surrogate pair, which is not a character."),
    ],
)
def test_each_limit_of_json_is_named(
    text: str, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if text == "[1,1,1,1]":
        monkeypatch.setattr("federation.strict_json.MOST_VALUES", 4)
    with pytest.raises(UserError) as caught:
        json_value("It", text)
    assert str(caught.value) == problem


def test_what_other_programs_write_may_have_keys_and_dates_that_are_text() -> None:
    text = "a: 2026-01-01\n1: b\ntrue: =\n---\n- <<\n---\n"
    assert documents.objects(text) == [
        {"a": "2026-01-01", "1": "b", "true": "="},
        ["<<"],
        None,
    ]


def test_json_that_is_no_json_may_be_yaml() -> None:
    assert documents.objects("{a: [1, b]}") == [{"a": [1, "b"]}]
    with pytest.raises(documents.DocumentError, match=r"^has the key 'a' twice in one object\.$"):
        documents.objects('{"a": 1, "a": 2}')
