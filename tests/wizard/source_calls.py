"""The calls in the source of this program, by file, function and what is called."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from federation.yaml.files import PROJECT

ROOMS = (
    "apiserver",
    "deployment",
    "doctor",
    "federation",
    "formats",
    "review",
    "sandbox",
    "stacks",
    "wizard",
)


def calls(wanted: re.Pattern[str], rooms: Iterable[str] = ROOMS) -> set[tuple[str, str, str]]:
    """File, function and callee of each call, or of each function that is handed on.

    Args:
        wanted: Matches the whole dotted name of a callee.
        rooms: The folders to read, besides main.py.
    """
    files = [path for room in rooms for path in (PROJECT / room).rglob("*.py")]
    found = set()
    for file in (PROJECT / "main.py", *files):
        tree = ast.parse(file.read_text())
        name = file.relative_to(PROJECT).as_posix()
        found |= {(name, *each) for each in _below(tree, "", _imported(tree), wanted)}
    return found


def _below(
    node: ast.AST, place: str, names: dict[str, str], wanted: re.Pattern[str]
) -> Iterator[tuple[str, str]]:
    """The function and the callee of each wanted call below a node of a syntax tree."""
    for child in ast.iter_child_nodes(node):
        inner = place
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            inner = f"{place}.{child.name}".strip(".")
        if isinstance(child, ast.Call):
            for each in (child.func, *child.args):
                if wanted.fullmatch(called := _dotted(each, names)):
                    yield place, called
        yield from _below(child, inner, names, wanted)


def _imported(tree: ast.AST) -> dict[str, str]:
    """What each imported name stands for."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {each.asname or each.name: f"{node.module}.{each.name}" for each in node.names}
        elif isinstance(node, ast.Import):
            names |= {each.asname: each.name for each in node.names if each.asname}
    return names


def _dotted(node: ast.AST, names: dict[str, str]) -> str:
    match node:
        case ast.Name(name):
            return names.get(name, name)
        case ast.Attribute(value, attribute):
            return f"{_dotted(value, names)}.{attribute}"
        case ast.Call(func):
            return f"{_dotted(func, names)}()"
        case ast.BinOp():
            return "path"
        case _:
            return "value"
