"""Terraform's JSON form becomes what a person would write, and `terraform fmt` leaves as it is."""

from __future__ import annotations

from typing import Any

import pytest

from review.terraform.expressions import of_json, of_literal, of_source


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("text", '"text"'),
        ("", '""'),
        (3600, "3600"),
        (0.5, "0.5"),
        (True, "true"),
        (None, "null"),
        ("${aws_iam_role.web.arn}", "aws_iam_role.web.arn"),
        ("${ var.a }", "var.a"),
        ('${var.role_arns["shop/web"]}', 'var.role_arns["shop/web"]'),
        ("arn:${var.partition}:iam", '"arn:${var.partition}:iam"'),
        ('${var.a["}"]}${var.b}', '"${var.a["}"]}${var.b}"'),
        ("$${HOME} and %%{if}", '"$${HOME} and %%{if}"'),
        ("$$${var.a}", '"$$${var.a}"'),
        ('say "hi" \\ to\n\t\r', '"say \\"hi\\" \\\\ to\\n\\t\\r"'),
        ('"quoted" ${f("a")}', '"\\"quoted\\" ${f("a")}"'),
        ("\u202eevil\U000e0001", '"\\u202eevil\\U000e0001"'),
        ("größe", '"größe"'),
        ([], "[]"),
        ({}, "{}"),
        (["a", 1, "${var.a}"], '["a", 1, var.a]'),
        ('${f({"a" = 1}, [for x in var.y : x]) == 0}', 'f({"a" = 1}, [for x in var.y : x]) == 0'),
        ("${[for x in var.y : x]}", "[for x in var.y : x]"),
        ("${{for x in var.y : x => 1}}", "{for x in var.y : x => 1}"),
        ("${[var.a][0]}", "[var.a][0]"),
        ("${jsonencode(var.a)}", "jsonencode(var.a)"),
        ("${jsonencode({})}", "jsonencode({})"),
    ],
)
def test_what_fits_a_line_stands_on_one(value: Any, written: str) -> None:
    assert of_json(value).lines == (written,)


def test_an_object_has_a_line_for_each_member_and_its_signs_below_each_other() -> None:
    value = {
        "a": 1,
        "größe": 2,
        "e\u0301": 3,
        "for": 4,
        "a b": 5,
        "${var.key}": 6,
        "inner": {"long-name": "x", "b": ["y", {"z": None}]},
        "last": 7,
    }
    assert "\n".join(of_json(value).lines) == (
        "{\n"
        "  a         = 1\n"
        '  "größe"   = 2\n'
        '  "e\u0301"       = 3\n'
        '  "for"     = 4\n'
        '  "a b"     = 5\n'
        "  (var.key) = 6\n"
        "  inner = {\n"
        '    long-name = "x"\n'
        "    b = [\n"
        '      "y",\n'
        "      {\n"
        "        z = null\n"
        "      },\n"
        "    ]\n"
        "  }\n"
        "  last = 7\n"
        "}"
    )


def test_a_policy_is_laid_out_over_several_lines() -> None:
    source = (
        '${jsonencode({"Version" = "2012-10-17", "Statement" = [{"Principal" = {"Federated" = '
        'aws_iam_openid_connect_provider.cluster.arn}, "Condition" = {"StringEquals" = '
        '{"a.example:sub" = "${var.a}:$${b}"}}}]})}'
    )
    assert "\n".join(of_json(source).lines) == (
        "jsonencode({\n"
        '  Version = "2012-10-17"\n'
        "  Statement = [\n"
        "    {\n"
        "      Principal = {\n"
        "        Federated = aws_iam_openid_connect_provider.cluster.arn\n"
        "      }\n"
        "      Condition = {\n"
        "        StringEquals = {\n"
        '          "a.example:sub" = "${var.a}:$${b}"\n'
        "        }\n"
        "      }\n"
        "    },\n"
        "  ]\n"
        "})"
    )


def test_a_list_that_is_too_long_for_a_line_has_one_for_each_item() -> None:
    items = ["x" * 30, "y" * 30, "z" * 30]
    assert of_json(items).lines == ("[", *(f'  "{item}",' for item in items), "]")


def test_what_is_no_template_comes_out_as_it_is() -> None:
    value = {"a${b}": ["%{c}"]}
    assert of_literal(value).lines == ("{", '  "a$${b}" = ["%%{c}"]', "}")


@pytest.mark.parametrize("source", ['f("a"', '"a', '"${a"'])
def test_what_does_not_end_is_refused(source: str) -> None:
    with pytest.raises(ValueError, match="is missing in"):
        of_source(source)
