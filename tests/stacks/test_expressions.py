"""Expressions are those that cdktf would write."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cdktf import App, Fn, TerraformOutput, TerraformStack, Testing

from stacks.expressions import Address, jsonencode, literal, reference


@pytest.mark.parametrize(
    "value",
    [
        {},
        [],
        "text",
        {"a:b": ["c", {"d": []}, ["e"]], "f g": {"h": "i"}},
        "Grüße, 世界",
    ],
)
def test_jsonencode_is_what_cdktf_writes(value: Any, tmp_path: Path) -> None:
    stack = TerraformStack(App(outdir=str(tmp_path)), "stack")
    TerraformOutput(stack, "output", value=Fn.jsonencode(value))
    output = json.loads(Testing.synth(stack))["output"]["output"]
    assert jsonencode(value) == output["value"]


def test_what_hcl_escapes_is_escaped() -> None:
    # Unlike cdktf, which leaves quotes and backslashes as they are.
    assert jsonencode('" \\ \n \t') == r"""${jsonencode("\" \\ \n \t")}"""


def test_an_address_is_a_value_and_not_a_text() -> None:
    arn = Address("aws_iam_role.a.arn")
    assert reference(arn) == "${aws_iam_role.a.arn}"
    assert jsonencode({"is": arn, "says": str(arn)}) == (
        '${jsonencode({"is" = aws_iam_role.a.arn, "says" = "aws_iam_role.a.arn"})}'
    )


def test_a_template_in_a_text_stays_a_text() -> None:
    assert literal("${a} %{ if b } $ % {") == "$${a} %%{ if b } $ % {"
    assert jsonencode("${a}") == '${jsonencode("$${a}")}'
