"""Configurations on disk: `clusters/NAME.yaml` to `ClusterConfig` and back.

Loading answers each mistake with file, line and field; saving writes `federation.yaml.commented`
and replaces the file at once, so that a reader never meets half of it.
"""

from __future__ import annotations

import errno
import json
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import TypeAdapter, ValidationError

from federation import named_files
from federation.errors import UserError
from federation.model.config import ClusterConfig
from federation.model.places import Place as Place
from federation.model.places import dotted, model_at
from federation.named_files import FileError
from federation.private import make_private
from federation.yaml import documents
from federation.yaml.commented import dump as dump
from federation.yaml.documents import Document, DocumentError
from federation.yaml.mistakes import mistakes, told

PROJECT = Path(__file__).resolve().parents[2]
SCHEMA = PROJECT / "clusters" / "cluster.schema.json"
MIGRATION = ".migration.yaml"
"""How a file ends that holds the state of a migration, beside the configuration."""
SIZE_LIMIT = 2_000_000
"""Bytes of a configuration; ten thousand workloads have about one million."""


READER_SECONDS = 5.0
"""A pipe that is written to needs a reader within this time."""
_MOST_SHOWN = 20
"""Mistakes that a message names; a file that is not a configuration has one in each line."""


class ConfigError(UserError):
    """A configuration that is not right.

    Attributes:
        problems: One line for each mistake.
        places: Where each of them is; empty where the text could not be read at all.
    """

    def __init__(self, problems: list[str], places: Sequence[Place] = ()) -> None:
        self.problems = tuple(problems)
        self.places = tuple(places)
        shown = self.problems[:_MOST_SHOWN]
        more = len(self.problems) - len(shown)
        super().__init__("\n".join([*shown, *[f"and {more} more."] * bool(more)]))


def configurations(folder: Path) -> list[Path]:
    """The files of a folder that hold configurations, by name."""
    return sorted(path for path in folder.glob("*.yaml") if not path.name.endswith(MIGRATION))


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
        return named_files.text(path, limit=SIZE_LIMIT)
    except FileError as error:
        more = " 'python -m wizard init' makes one." if error.is_missing else ""
        raise ConfigError([f"{error}{more}"]) from None


def parse(text: str, name: str) -> ClusterConfig:
    """The configuration in a text; `name` is what errors call it.

    Raises:
        ConfigError: the text is not YAML or breaks a rule.
    """
    try:
        document = documents.read(text)
    except DocumentError as error:
        raise ConfigError([f"{name}:{error.line}: {error}"]) from None
    if document.data is None:
        raise ConfigError(
            [f"{name}: is empty: it needs at least cluster, issuer, aws, kubernetes and workloads."]
        )
    if not isinstance(document.data, dict):
        raise ConfigError([f"{name}:1: is not a mapping of keys to values."])
    try:
        return ClusterConfig.model_validate(document.data)
    except ValidationError as error:
        found = mistakes(error, document)
    raise ConfigError(
        [f"{name}:{mistake.line}: {mistake}" for mistake in found],
        [mistake.place for mistake in found],
    )


def validate(answers: Mapping[str, Any]) -> ClusterConfig:
    """The configuration that answers make; errors name the field alone.

    Raises:
        ConfigError: an answer breaks a rule.
    """
    try:
        return ClusterConfig.model_validate(answers)
    except ValidationError as error:
        found = mistakes(error, Document(answers, {}))
    raise ConfigError([str(each) for each in found], [each.place for each in found])


def check_field(place: Place, value: Any) -> None:
    """Check one value against the rules of its field alone.

    Args:
        place: where the field is, like `("workloads", 0, "namespace")`.
        value: what would be written there.

    Raises:
        ConfigError: the value breaks a rule of the field; the message does not name the field.
        KeyError: there is no such field.
    """
    model = model_at(place[:-1])
    if model is None:
        raise KeyError(dotted(place))
    field = model.model_fields[str(place[-1])]
    kind: Any = field.annotation
    annotated: Any = Annotated[kind, *field.metadata] if field.metadata else kind
    rule: TypeAdapter[Any] = TypeAdapter(annotated, config=model.model_config)
    try:
        rule.validate_python(value)
    except ValidationError as error:
        details = error.errors(include_url=False)
        raise ConfigError([told(detail, place) for detail in details[:1]]) from None


def save(config: ClusterConfig, path: Path, *, private: bool = False) -> None:
    """Write a configuration, replacing the file at once.

    Args:
        config: What to write.
        path: The file.
        private: As for `write`.

    Raises:
        UserError: the file cannot be written.
    """
    folder = path.resolve().parent
    inside = folder.is_relative_to(PROJECT)
    schema = os.path.relpath(SCHEMA, folder) if inside else None
    write(path, dump(config, schema), private=private)


def write(path: Path, text: str, *, private: bool = False) -> None:
    """Replace a file at once: a reader sees the old text or the new, never a part.

    The file keeps its permissions; where it is a symbolic link, what it points to is replaced. A
    device, a pipe and `/dev/fd/N` (the `>(...)` of shells) are written to. A pipe needs a reader.

    Args:
        path: The file; folders above it are made.
        text: What is in it.
        private: Whether nobody else may read it: then its folder gets the mode 0700, and the file
            0600, whatever they had before.

    Raises:
        UserError: the file cannot be written.
    """
    try:
        if _is_special(path):
            _write_to_open(path, text)
            return
        target = Path(os.path.realpath(path))
        if private:
            make_private(target.parent)
        target.parent.mkdir(parents=True, exist_ok=True)
        mode = target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask()
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".saving-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(handle)
            Path(temporary).chmod(0o600 if private else mode)
            Path(temporary).replace(target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        reason = "nothing reads this pipe" if error.errno == errno.ENXIO else error.strerror
        raise UserError(f"{path}: cannot be written: {reason}. Nothing was changed.") from error


def _is_special(path: Path) -> bool:
    """Whether it is a device, a pipe, or what the caller handed over open."""
    if str(path) != "-" and named_files.is_stream(path):
        return True
    return path.exists() and not path.is_file() and not path.is_dir()


def _write_to_open(path: Path, text: str) -> None:
    descriptor = _opened(path)
    os.set_blocking(descriptor, True)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def _opened(path: Path) -> int:
    """Opened for writing. O_NONBLOCK, since a pipe would wait for its reader without end."""
    end = time.monotonic() + READER_SECONDS
    while True:
        try:
            return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NONBLOCK | os.O_NOCTTY)
        except OSError as error:
            if error.errno != errno.ENXIO or time.monotonic() > end:
                raise
            time.sleep(0.05)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def schema() -> str:
    """The JSON Schema of a configuration, as it is published in `clusters/`."""
    document = ClusterConfig.model_json_schema()
    document["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    document["title"] = "oidc-iam cluster configuration"
    return json.dumps(document, indent=2) + "\n"
