"""Terraform expressions, written here.

cdktf gives the same ones for `role.arn` and `Fn.jsonencode(policy)`, but each costs a question to
node, and a workload needs seven: two thirds of the time of a large synth.
"""

from __future__ import annotations

import json
from typing import Any


def literal(text: str) -> str:
    """A text from the configuration that Terraform must not read as a template."""
    return text.replace("${", "$${").replace("%{", "%%{")


def reference(address: str) -> str:
    """A template that is the value at an address, like `aws_iam_role.NAME.arn`."""
    return f"${{{address}}}"


def jsonencode(value: Any) -> str:
    """A template that Terraform makes the JSON of, and shows attribute by attribute in a plan.

    Args:
        value: as of `expression`.
    """
    return reference(f"jsonencode({expression(value)})")


class Address(str):
    """The address of a value, if a text would be its own value."""


def expression(value: Any) -> str:
    """A value as it stands within a template.

    Args:
        value: of dictionaries, lists, texts that are taken as they are, and `Address`es.
    """
    if isinstance(value, dict):
        members = (f"{expression(key)} = {expression(each)}" for key, each in value.items())
        return f"{{{', '.join(members)}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(expression, value))}]"
    if isinstance(value, Address):
        return value
    return json.dumps(literal(value), ensure_ascii=False)
