"""Places in a configuration: how people write them, and which field of the model stands there."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from federation.model.config import ClusterConfig

Place = tuple[str | int, ...]
"""Where in a configuration: `("workloads", 0, "role", "name")`."""


def dotted(place: Place) -> str:
    """A place as people write it: `workloads[0].role.name`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    return text.removeprefix(".")


def model_at(place: Place) -> type[BaseModel] | None:
    """The model whose fields stand at a place, or None where there is none.

    Args:
        place: positions in lists may be left out. Where a part has several kinds (`backend`), the
            kind may follow it, as in pydantic's locations; otherwise it is the one with the most
            fields.
    """
    choices: list[type[BaseModel]] = [ClusterConfig]
    for part in place:
        if isinstance(part, int):
            continue
        of_kind = [each for each in choices if _kind(each) == part]
        if of_kind and len(choices) > 1:
            choices = of_kind
            continue
        field = max(choices, key=_size).model_fields.get(part)
        choices = _models(field.annotation) if field else []
        if not choices:
            return None
    return max(choices, key=_size)


@dataclass(frozen=True)
class ModelField:
    """A field of the model that has a value of its own.

    Attributes:
        place: Where it is; positions in lists are left out.
        title: How forms call it.
        kind: The type of its values, like `str`, `bool`, `tuple` or `Literal`.
        choices: The values that it may have, if they are listed.
    """

    place: Place
    title: str
    kind: Any
    choices: tuple[str, ...]


@functools.cache
def model_fields() -> tuple[ModelField, ...]:
    """Every field of a configuration, in the model's order.

    A part is walked through, and a list of parts as well, unless the list has a title: then it is
    asked for as one.
    """
    return tuple(_fields((ClusterConfig,), ()))


def _fields(models: Sequence[type[BaseModel]], place: Place) -> Iterator[ModelField]:
    """The fields of a part; where it has several kinds, those of each."""
    for name in dict.fromkeys(name for model in models for name in model.model_fields):
        found = [model.model_fields[name] for model in models if name in model.model_fields]
        parts = _models(found[0].annotation)
        if parts and found[0].title is None:
            yield from _fields(parts, (*place, name))
        else:
            choices = tuple(each for info in found for each in _choices(info.annotation))
            title = found[0].title or name.replace("_", " ").capitalize()
            yield ModelField((*place, name), title, _bare(found[0].annotation), choices)


def _choices(annotation: Any) -> tuple[str, ...]:
    bare = _bare(annotation, whole=True)
    return get_args(bare) if get_origin(bare) is Literal else ()


def _bare(annotation: Any, *, whole: bool = False) -> Any:
    """A type without None and without its rules; unless `whole`, without its arguments too."""
    if get_origin(annotation) is Annotated:
        return _bare(get_args(annotation)[0], whole=whole)
    if get_origin(annotation) in (Union, UnionType):
        (one,) = (each for each in get_args(annotation) if each is not type(None))
        return _bare(one, whole=whole)
    return annotation if whole else get_origin(annotation) or annotation


def keys_at(place: Place) -> tuple[str, ...]:
    """The keys that are known at a place."""
    model = model_at(place)
    return tuple(model.model_fields) if model else ()


def description(place: Place) -> str:
    """What the model says about a field; empty where it says nothing."""
    model = model_at(place[:-1])
    field = model.model_fields.get(str(place[-1])) if model else None
    return (field.description if field else None) or ""


def _models(annotation: Any) -> list[type[BaseModel]]:
    """The models in a type: one, a list's, or those of a union."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in getattr(annotation, "__args__", ()) for model in _models(part)]


def _kind(model: type[BaseModel]) -> Any:
    field = model.model_fields.get("type")
    return field.default if field else None


def _size(model: type[BaseModel]) -> int:
    return len(model.model_fields)


def texts(value: object, place: Place = ()) -> Iterator[tuple[Place, str]]:
    """Each text in a document of plain data, with its place."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from texts(each, (*place, str(key)))
    elif isinstance(value, list | tuple):
        for at, each in enumerate(value):
            yield from texts(each, (*place, at))
