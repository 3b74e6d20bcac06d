"""A reader who searches for the name of a class finds one class."""

from __future__ import annotations

import ast
from collections import Counter

from source_calls import ROOMS

from federation.yaml.files import PROJECT


def test_each_class_of_the_product_has_a_name_of_its_own() -> None:
    files = (file for room in ROOMS for file in (PROJECT / room).rglob("*.py"))
    names = Counter(
        node.name
        for file in files
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.ClassDef)
    )
    assert sorted(name for name, count in names.items() if count > 1) == []
