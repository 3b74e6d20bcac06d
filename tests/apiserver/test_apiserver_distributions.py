"""Each distribution is one module: its name, its facts, and what is said of it elsewhere."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_apiserver_rendering import FORMS

from apiserver.distribution import READ_BACK, Distribution, Schema
from apiserver.distributions import DISTRIBUTIONS
from federation.model import config

PROJECT = Path(__file__).parent.parent.parent
ROOMS = (
    "apiserver", "bench", "deployment", "doctor", "federation", "formats", "review", "sandbox",
    "stacks", "templates", "tools", "wizard",
)  # fmt: skip
OTHER_MEANING = {("federation/secrets.py", "plain")}
"""The name of a group in a pattern."""


def strings(path: Path) -> Iterator[str]:
    """Every text in a module or a template."""
    text = path.read_text()
    if path.suffix == ".j2":
        yield from re.findall(r"""["']([^"']*)["']""", text)
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_the_model_allows_the_names_of_the_modules() -> None:
    assert tuple(DISTRIBUTIONS) == config.DISTRIBUTIONS


def test_a_name_stands_in_its_module_and_in_the_models_list_alone() -> None:
    files = (
        path
        for room in ROOMS
        for kind in ("py", "j2")
        for path in (PROJECT / room).rglob(f"*.{kind}")
    )
    found = {
        (str(path.relative_to(PROJECT)), text)
        for path in files
        for text in strings(path)
        if text in DISTRIBUTIONS
    }
    expected = {
        *((f"apiserver/distributions/{name.replace('-', '_')}.py", name) for name in DISTRIBUTIONS),
        *(("federation/model/config.py", name) for name in DISTRIBUTIONS),
    }
    assert found - OTHER_MEANING == expected


@pytest.mark.parametrize(
    ("own", "schema"),
    [(own, schema) for own in DISTRIBUTIONS.values() for schema in own.schemas],
    ids=lambda each: each.name,
)
def test_what_is_said_to_be_tested_has_a_test_with_a_case_for_it(
    own: Distribution, schema: Schema
) -> None:
    file, function = schema.tested.test.split("::")
    text = (PROJECT / file).read_text()
    defined = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    (found,) = [node for node in defined if node.name == function]
    if schema.tested == READ_BACK:
        assert (own.name, schema.name) in FORMS
    elif own.schemas[0] == schema:
        assert f"return Goal(ClusterConfig.model_validate(document), {own.name.upper()}" in text
    else:
        assert f'"{own.name}", "{schema.name}"' in ast.unparse(found).replace("'", '"')


def test_every_form_of_a_distribution_says_where_it_comes_from() -> None:
    forms = [schema for own in DISTRIBUTIONS.values() for schema in own.schemas]
    assert [form.name for form in forms if not re.search(r"\d", form.source)] == []


def test_the_readme_says_of_each_what_its_module_says() -> None:
    proofs = {
        (own.name, schema.tested.what): [
            f"`{each.name}`" for each in own.schemas if each.tested == schema.tested
        ]
        for own in DISTRIBUTIONS.values()
        for schema in own.schemas
    }
    lines = [
        f"| `{name}` | {', '.join(forms)} | {what} |" for (name, what), forms in proofs.items()
    ]
    assert "\n".join(lines) in (PROJECT / "README.md").read_text()
