"""Configurations on disk: `clusters/NAME.yaml` to `ClusterConfig` and back.

Loading answers each mistake with file, line and field; saving renders `templates/cluster.yaml.j2`
and replaces the file at once, so that a reader never meets half of it.
"""

from __future__ import annotations

import json
import os
import tempfile
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.reader import ReaderError

from federation.config import ClusterConfig
from federation.errors import UserError
from federation.fields import did_you_mean
from federation.templates import render

Place = tuple[str | int, ...]
"""Where in a configuration: `("workloads", 0, "role", "name")`."""

PROJECT = Path(__file__).resolve().parent.parent
SCHEMA = PROJECT / "clusters" / "cluster.schema.json"

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


class ConfigError(UserError):
    """A configuration that is not right.

    Attributes:
        problems: One line for each mistake.
        places: Where each of them is; empty where the text could not be read at all.
    """

    def __init__(self, problems: list[str], places: Sequence[Place] = ()) -> None:
        self.problems = tuple(problems)
        self.places = tuple(places)
        super().__init__("\n".join(problems))


def load(path: Path) -> ClusterConfig:
    """Read a configuration.

    Raises:
        ConfigError: the file cannot be read, is not YAML, or breaks a rule.
    """
    return parse(read(path), str(path))


def read(path: Path) -> str:
    """The text of a configuration.

    Raises:
        ConfigError: the file cannot be read.
    """
    try:
        return path.read_bytes().decode()
    except FileNotFoundError:
        raise ConfigError(
            [f"{path}: there is no such file. 'python -m wizard init' makes one."]
        ) from None
    except UnicodeDecodeError as error:
        raise ConfigError([f"{path}: is not UTF-8 text (byte {error.start})."]) from None
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read: {error.strerror}."]) from None


def parse(text: str, name: str) -> ClusterConfig:
    """The configuration in a text; `name` is what errors call it.

    Raises:
        ConfigError: the text is not YAML or breaks a rule.
    """
    document = _document(text, name)
    try:
        return ClusterConfig.model_validate(_plain(document))
    except RecursionError:
        raise ConfigError([f"{name}: an alias in it contains itself."]) from None
    except ValidationError as error:
        problems = _problems(error, document)
    raise ConfigError(
        [f"{name}:{problem.line}: {problem}" for problem in problems],
        [problem.place for problem in problems],
    )


def validate(answers: Mapping[str, Any]) -> ClusterConfig:
    """The configuration that answers make; errors name the field alone.

    Raises:
        ConfigError: an answer breaks a rule.
    """
    try:
        return ClusterConfig.model_validate(answers)
    except ValidationError as error:
        problems = _problems(error, CommentedMap())
    raise ConfigError([str(problem) for problem in problems], [each.place for each in problems])


def check_field(place: Place, value: Any) -> None:
    """Check one value against the rules of its field alone.

    Args:
        place: where the field is, like `("workloads", 0, "namespace")`.
        value: what would be written there.

    Raises:
        ConfigError: the value breaks a rule of the field; the message does not name the field.
        KeyError: there is no such field.
    """
    model = _model(place[:-1])
    if model is None:
        raise KeyError(_dotted(place))
    field = model.model_fields[str(place[-1])]
    annotated: Any = Annotated[field.annotation, *field.metadata]
    rule: TypeAdapter[Any] = TypeAdapter(annotated, config=model.model_config)
    try:
        rule.validate_python(value)
    except ValidationError as error:
        details = error.errors(include_url=False)
        raise ConfigError([_message(detail, place) for detail in details[:1]]) from None


def description(place: Place) -> str:
    """What the model says about a field; empty where it says nothing."""
    return _described(place) or ""


def dump(config: ClusterConfig, schema: str | None = None) -> str:
    """The commented YAML of a configuration.

    Args:
        config: what to write.
        schema: the path of the JSON Schema as seen from the file, for editors.
    """
    return render("cluster.yaml.j2", config=config, about=_about, schema=schema)


def save(config: ClusterConfig, path: Path) -> None:
    """Write a configuration, replacing the file at once.

    Raises:
        UserError: the file cannot be written.
    """
    folder = path.resolve().parent
    inside = folder.is_relative_to(PROJECT)
    schema = os.path.relpath(SCHEMA, folder) if inside else None
    write(path, dump(config, schema))


def write(path: Path, text: str) -> None:
    """Replace a file at once: a reader sees the old text or the new, never a part.

    Raises:
        UserError: the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(handle)
            Path(temporary).chmod(mode)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise UserError(
            f"{path}: cannot be written: {error.strerror}. Nothing was changed."
        ) from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _document(text: str, name: str) -> CommentedMap:
    try:
        document = YAML(typ="rt", pure=True).load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        problem = " ".join((error.problem or "cannot be read").split())
        raise ConfigError([f"{name}:{line}: is not YAML: {problem}."]) from None
    except (ReaderError, YAMLError, ValueError) as error:
        raise ConfigError([f"{name}: is not YAML: {' '.join(str(error).split())}."]) from None
    if document is None:
        raise ConfigError(
            [f"{name}: is empty: it needs at least cluster, issuer, aws, kubernetes and workloads."]
        )
    if not isinstance(document, CommentedMap):
        raise ConfigError([f"{name}:1: is not a mapping of keys to values."])
    return document


def _plain(node: Any) -> Any:
    """A node of ruamel's as the plain value that it stands for."""
    if isinstance(node, CommentedMap):
        return {key: _plain(value) for key, value in node.items()}
    if isinstance(node, CommentedSeq):
        return [_plain(value) for value in node]
    for kind in (bool, int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node


@dataclass(frozen=True)
class _Problem:
    line: int
    place: Place
    message: str

    def __str__(self) -> str:
        return f"{_dotted(self.place)}: {self.message}"


def _problems(error: ValidationError, document: CommentedMap) -> list[_Problem]:
    """Each mistake, from the first line to the last."""
    found = []
    for detail in error.errors(include_url=False):
        place = _place(detail)
        found.append(_Problem(_line(document, place), place, _message(detail, place)))
    return sorted(found, key=lambda problem: (problem.line, str(problem)))


def _place(detail: ErrorDetails) -> Place:
    place = tuple(detail["loc"]) + tuple(detail.get("ctx", {}).get("place", ()))
    # A discriminated union puts the tag that it chose into the location.
    return place[:1] + place[2:] if place[:1] == ("backend",) else place


def _message(detail: ErrorDetails, place: Place) -> str:
    kind, given = detail["type"], detail.get("input")
    context = detail.get("ctx", {})
    if kind == "missing":
        return "is missing: " + (_described(place) or "add it.")
    if kind == "extra_forbidden":
        known = _keys(place[:-1])
        near = did_you_mean(str(place[-1]), known)
        return f"is not a key that is known here.{near} Known: {', '.join(known)}."
    if kind == "value_error":
        return str(context["error"])
    if kind == "misfit":
        return str(context["message"])
    if kind in _EXPECTED:
        return f"is {_seen(given)}: write {_EXPECTED[kind]}."
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


def _seen(value: Any) -> str:
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return f"{str(value).lower()} (true or false)"
    if isinstance(value, int | float):
        return f"{value} (a number)"
    if isinstance(value, str):
        return f"{textwrap.shorten(value, 60, placeholder='...')!r}"
    return "a mapping" if isinstance(value, dict) else "a list"


def _dotted(place: Place) -> str:
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".")


def _line(document: CommentedMap, place: Place) -> int:
    """The line of the deepest part of a place that is in the document, counted from 1."""
    node: Any = document
    line = 0
    for part in place:
        try:
            position = node.lc.data[part]
            line, node = position[0], node[part]
        except (AttributeError, KeyError, IndexError, TypeError):
            break
    return line + 1


def _model(place: Place) -> type[BaseModel] | None:
    """The model whose fields stand at a place."""
    model: Any = ClusterConfig
    for part in place:
        if isinstance(part, int):
            continue
        field = model.model_fields.get(part) if model else None
        model = _inner_model(field.annotation) if field else None
    return model if model is None or issubclass(model, BaseModel) else None


def _inner_model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    models = (_inner_model(part) for part in getattr(annotation, "__args__", ()))
    # Of several (the kinds of backend) the last has the most keys.
    return next((model for model in reversed(list(models)) if model), None)


def _keys(place: Place) -> list[str]:
    model = _model(place)
    return list(model.model_fields) if model else []


def _described(place: Place) -> str | None:
    model = _model(place[:-1])
    field = model.model_fields.get(str(place[-1])) if model else None
    return field.description if field else None


def _about(place: str, indent: int = 0) -> str:
    """The description of a field as comment lines for the template."""
    text = _described(tuple(place.split("."))) or ""
    return textwrap.fill(
        text,
        width=100,
        initial_indent=" " * indent + "# ",
        subsequent_indent=" " * indent + "# ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def schema() -> str:
    """The JSON Schema of a configuration, as it is published in `clusters/`."""
    document = ClusterConfig.model_json_schema()
    document["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    document["title"] = "oidc-iam cluster configuration"
    return json.dumps(document, indent=2) + "\n"
