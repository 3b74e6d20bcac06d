"""Terraform's own syntax for blocks, in the form in which `terraform fmt` leaves it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from review.terraform.expressions import (
    Expression,
    as_templates,
    assigned,
    indented,
    of_json,
    of_literal,
)

_MAPS = frozenset(
    {
        "annotations",
        "binary_data",
        "data",
        "default",
        "labels",
        "limits",
        "manifest",
        "match_labels",
        "node_selector",
        "requests",
        "tags",
        "value",
    }
)
"""The arguments that are maps. JSON does not tell them from blocks, and the providers' schemas,
which do, are not at hand here."""

_REFERENCES = frozenset({"depends_on", "ignore_changes", "replace_triggered_by"})
"""The arguments whose texts are not texts but names of something."""
_FIRST = ("count", "description", "type", "bucket", "key", "name", "namespace", "url", "role")
_LAST = ("lifecycle", "depends_on")
_WHO = "metadata"
"""The block that says of an object of Kubernetes which one it is, and so stands first."""


@dataclass(frozen=True)
class Block:
    """A block: its type with its labels, its arguments, and the blocks inside it."""

    head: tuple[str, ...]
    arguments: Mapping[str, Expression] = field(default_factory=dict)
    blocks: tuple[Block, ...] = ()
    comment: str = ""


def body(values: Mapping[str, Any], head: Sequence[str], comment: str = "") -> Block:
    """The block that an object of Terraform's JSON describes.

    What cdktf notes beside it (`//`) is left out.
    """
    arguments: dict[str, Expression] = {}
    blocks: list[Block] = []
    for name in sorted(values, key=_place):
        value = values[name]
        if name == "//":
            continue
        if name in _REFERENCES and isinstance(value, list):
            arguments[name] = of_json([f"${{{each}}}" for each in value])
        elif name not in _MAPS and (inner := _bodies(value)):
            blocks += (body(each, (name,)) for each in inner)
        else:
            arguments[name] = of_json(value)
    return Block(tuple(head), arguments, tuple(blocks), comment)


def text(blocks: Iterable[Block]) -> str:
    """A file with these blocks."""
    return "\n\n".join("\n".join(_lines(block)) for block in blocks) + "\n"


def settings(values: Mapping[str, Any]) -> str:
    """A file with the settings of a backend, for `-backend-config`."""
    # Its JSON form has no templates, and the names of workspaces are the only block in it.
    blocks = {name: values[name] for name in values if name == "workspaces"}
    arguments = {name: of_literal(values[name]) for name in sorted(values) if name not in blocks}
    inner = (body(as_templates(each), (name,)) for name, each in blocks.items())
    return "\n".join(_inside(Block((), arguments, tuple(inner)))) + "\n"


def _bodies(value: Any) -> list[Mapping[str, Any]]:
    """The bodies of blocks, where that is what a value holds: one, or a list of them."""
    found = value if isinstance(value, list) else [value]
    return found if all(isinstance(each, Mapping) for each in found) else []


def _place(name: str) -> tuple[int, str]:
    if name in _LAST:
        return len(_FIRST) + 1 + _LAST.index(name), name
    return (_FIRST.index(name) if name in _FIRST else len(_FIRST)), name


def _lines(block: Block) -> list[str]:
    kind, *labels = block.head
    head = " ".join([kind, *(of_literal(label).lines[0] for label in labels)])
    comment = [f"# {line}" for line in block.comment.splitlines()]
    inside = indented(_inside(block))
    return [*comment, f"{head} {{", *inside, "}"] if inside else [*comment, f"{head} {{}}"]


def _inside(block: Block) -> list[str]:
    """Arguments of one line first, then what takes several, each with a line of air above it."""
    last = {name: block.arguments[name] for name in _LAST if name in block.arguments}
    others = [each for each in block.arguments.items() if each[0] not in last]
    who = [each for each in block.blocks if each.head == (_WHO,)]
    parts = [
        *map(_lines, who),
        assigned(each for each in others if each[1].is_single),
        *(assigned([each]) for each in others if not each[1].is_single),
        *(_lines(each) for each in block.blocks if each not in who),
        assigned(last.items()),
    ]
    lines: list[str] = []
    for part in filter(None, parts):
        lines += ["", *part] if lines else part
    return lines
