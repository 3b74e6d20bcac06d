"""Says what is wrong in a configuration: pydantic's errors as sentences, each with its line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from federation.model.fields import did_you_mean
from federation.model.places import Place, description, dotted, keys_at
from federation.yaml.documents import Document
from formats.escaping import quoted

_EXPECTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "model_type": "a mapping of keys to values",
    "model_attributes_type": "a mapping of keys to values",
    "dict_type": "a mapping of keys to values",
    "tuple_type": "a list",
    "list_type": "a list",
}


@dataclass(frozen=True)
class Mistake:
    """One thing that is wrong."""

    line: int
    """Counted from 1; 1 where there is no text."""
    place: Place
    message: str
    """What is wrong and what would be right, to stand behind the field's name."""

    def __str__(self) -> str:
        return f"{dotted(self.place)}: {self.message}"


def mistakes(error: ValidationError, document: Document) -> list[Mistake]:
    """Each mistake in a document, from the first line to the last."""
    found = []
    for detail in error.errors(include_url=False):
        # Of a list with a wrong entry pydantic says as well that it is too short without it.
        if detail["type"] == "too_short" and detail["input"]:
            continue
        location = tuple(detail["loc"]) + tuple(detail.get("ctx", {}).get("place", ()))
        place = _written(location, document.data)
        found.append(Mistake(document.line(place), place, told(detail, location)))
    return sorted(found, key=lambda mistake: (mistake.line, str(mistake)))


def told(detail: ErrorDetails, location: Place) -> str:
    """The message of one of pydantic's errors; `location` is a place as pydantic gives it."""
    kind, given = detail["type"], detail.get("input")
    context = detail.get("ctx", {})
    if kind == "missing":
        return "is missing: " + (description(location) or "add it.")
    if kind == "extra_forbidden":
        known = keys_at(location[:-1])
        near = did_you_mean(str(location[-1]), known)
        return f"is not a key that is known here.{near} Known: {', '.join(known)}."
    if kind == "value_error":
        return str(context["error"])
    if kind == "misfit":
        return str(context["message"])
    if kind in _EXPECTED:
        return f"is {_seen(given)}: write {_EXPECTED[kind]}{_quotes(kind, given)}."
    if kind == "literal_error":
        near = did_you_mean(str(given), str(context["expected"]).replace("'", "").split(" or "))
        return f"is {_seen(given)}: write {context['expected']}.{near}"
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return "needs a type: write 'local' or 's3'."
    if kind == "greater_than_equal":
        return f"is {given}: at least {context['ge']} is needed."
    if kind == "less_than_equal":
        return f"is {given}: at most {context['le']} is allowed."
    if kind == "too_short":
        return f"is empty: at least {context['min_length']} is needed."
    if kind == "too_long":
        return (
            f"has {context['actual_length']} entries: at most {context['max_length']} are allowed."
        )
    return f"{detail['msg']}."


def _written(location: Place, data: Any) -> Place:
    """A location of pydantic's as the place that is written in the document.

    Pydantic puts the kind of backend into it, and the position in a list of one that is written
    without the list.
    """
    place = location[:1] + location[2:] if location[:1] == ("backend",) else location
    while place and isinstance(place[-1], int) and not isinstance(_at(data, place[:-1]), list):
        place = place[:-1]
    return place


def _at(data: Any, place: Place) -> Any:
    for part in place:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return None
    return list(data) if isinstance(data, tuple) else data


def _quotes(kind: str, given: Any) -> str:
    """What to do with the quotes, where they are what is wrong."""
    if kind == "string_type" and isinstance(given, bool | int | float):
        return " in quotes"
    if kind == "int_type" and isinstance(given, str) and re.fullmatch(r"\d+", given):
        return " without quotes"
    return " without quotes" if kind == "bool_type" and given in ("true", "false") else ""


def _seen(value: Any) -> str:
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return f"{str(value).lower()} (true or false)"
    if isinstance(value, int | float):
        return f"{value} (a number)"
    if isinstance(value, str):
        return quoted(value)
    return "a mapping" if isinstance(value, dict) else "a list"
