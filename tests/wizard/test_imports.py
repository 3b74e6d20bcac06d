"""Which module imports which: nothing goes round in a circle, and the presenters stay apart.

Counts every import, also those in functions and for types only. In a module that imports
`importlib` each string with a module's name counts too: it may be imported by that name.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

import pytest
from source_calls import ROOMS

from federation.yaml.files import PROJECT

Graph = Mapping[str, set[str]]


def module_trees() -> dict[str, ast.Module]:
    """Each module of the product with its syntax tree."""
    files = (file for room in ROOMS for file in (PROJECT / room).rglob("*.py"))
    return {
        ".".join(file.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__"): (
            ast.parse(file.read_text())
        )
        for file in files
    }


def named_in(tree: ast.AST) -> Iterator[str]:
    """What a module imports, or may import by its name; `a.b.` stands for all modules in `a.b`."""
    imports, texts = [], []
    for node in ast.walk(tree):
        match node:
            case ast.Import(names):
                imports += [each.name for each in names]
            case ast.ImportFrom(module=str(module), names=names, level=0):
                imports += [module, *(f"{module}.{each.name}" for each in names)]
            case ast.Constant(value=str(text)):
                texts.append(text)
    yield from imports
    if "importlib" in imports:
        yield from texts


def graph_of(trees: Mapping[str, ast.Module]) -> dict[str, set[str]]:
    """The modules that each module imports."""
    graph: dict[str, set[str]] = {}
    for name, tree in trees.items():
        found: set[str] = set()
        for each in named_in(tree):
            package = each.removesuffix(".")
            if each.endswith(".") and package in trees:
                found |= {other for other in trees if other.rpartition(".")[0] == package}
            elif each in trees:
                found.add(each)
        graph[name] = {each for each in found if not name.startswith(f"{each}.")} - {name}
    return graph


def cycle_in(graph: Graph) -> list[str]:
    """Modules that import each other in a circle; empty if none do."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        found: list[str] = error.args[1]
        return found
    return []


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert cycle_in(graph_of(module_trees())) == []


def test_the_app_and_the_command_line_do_not_name_each_other() -> None:
    graph = graph_of(module_trees())
    across = [
        (one, other)
        for one, imported in graph.items()
        for other in imported
        if {".".join(each.split(".")[:2]) for each in (one, other)} == {"wizard.tui", "wizard.cli"}
    ]
    assert across == []


@pytest.mark.parametrize(
    "text",
    [
        "import b",
        "from b import thing",
        "def f() -> None:\n    import b",
        "if TYPE_CHECKING:\n    from b import Thing",
        "import importlib\nimportlib.import_module('b')",
    ],
)
def test_an_import_of_any_kind_can_close_a_circle(text: str) -> None:
    trees = {"a": ast.parse(text), "b": ast.parse("import a")}
    assert sorted(set(cycle_in(graph_of(trees)))) == ["a", "b"]


def test_a_module_named_by_its_beginning_may_be_any_of_its_package() -> None:
    trees = {
        "a": ast.parse("import importlib\nimportlib.import_module(f'a.{name}')"),
        "a.b": ast.parse("import a.c"),
        "a.c": ast.parse(""),
        "a.c.d": ast.parse(""),
    }
    assert graph_of(trees) == {"a": {"a.b", "a.c"}, "a.b": {"a.c"}, "a.c": set(), "a.c.d": set()}
