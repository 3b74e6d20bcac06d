"""The commented YAML of a configuration: every field of the model, below its description.

A list of parts (workloads, acceptances) has the comments at its first entry.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from federation.model.config import ClusterConfig
from federation.templates import render
from formats.escaping import yaml_text

_WIDTH = 100


def dump(config: ClusterConfig, schema: str | None = None) -> str:
    """The commented YAML of a configuration.

    Args:
        config: What to write.
        schema: The path of the JSON Schema as seen from the file, for editors.
    """
    keys = ["\n".join(_key(config, name, "", explained=True)) for name in _names(config)]
    return render("cluster.yaml.j2", body="\n\n".join(keys), schema=schema)


def _key(part: BaseModel, name: str, indent: str, *, explained: bool) -> Iterator[str]:
    """The lines of a field."""
    about = type(part).model_fields[name].description
    if about and explained:
        yield _comment(about, indent)
    value = getattr(part, name)
    if isinstance(value, BaseModel):
        yield f"{indent}{name}:"
        yield from _part(value, f"{indent}  ", explained=explained)
    elif value and isinstance(value, tuple) and not _is_single(part, value):
        yield f"{indent}{name}:"
        for at, each in enumerate(value):
            yield from _entry(each, f"{indent}  ", explained=explained and at == 0)
    else:
        yield f"{indent}{name}: {yaml_text(value[0] if _is_single(part, value) else value)}"


def _part(part: BaseModel, indent: str, *, explained: bool) -> Iterator[str]:
    for name in _names(part):
        yield from _key(part, name, indent, explained=explained)


def _entry(value: Any, indent: str, *, explained: bool) -> Iterator[str]:
    """The lines of an entry of a list; of a part, its first field stands behind the dash."""
    if not isinstance(value, BaseModel):
        yield f"{indent}- {yaml_text(value)}"
        return
    first, *others = _names(value)
    *comment, line = _key(value, first, f"{indent}  ", explained=explained)
    for each in comment:
        yield textwrap.indent(textwrap.dedent(each), indent)
    yield f"{indent}- {line.lstrip()}"
    for name in others:
        yield from _key(value, name, f"{indent}  ", explained=explained)


def _is_single(part: BaseModel, value: Any) -> bool:
    """Whether it is the one audience, which is written without a list."""
    is_text = isinstance(value, tuple) and len(value) == 1 and isinstance(value[0], str)
    return is_text and isinstance(part, ClusterConfig)


def _names(part: BaseModel) -> tuple[str, ...]:
    return tuple(type(part).model_fields)


def _comment(text: str, indent: str) -> str:
    return textwrap.fill(
        text,
        width=_WIDTH,
        initial_indent=f"{indent}# ",
        subsequent_indent=f"{indent}# ",
        break_long_words=False,
        break_on_hyphens=False,
    )
