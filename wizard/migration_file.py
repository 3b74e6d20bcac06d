"""The file that a migration of the API servers keeps its state in, next to the configuration."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from apiserver.migration import Migration
from deployment.logs import display_path
from federation.errors import UserError
from federation.yaml import documents, files


def state_file(configuration: Path) -> Path:
    """Where the state of a configuration's migration is."""
    return configuration.with_name(configuration.stem + files.MIGRATION)


def refuse_migration(configuration: Path) -> None:
    """Make sure that no migration is under way, whose phases a plan of one step would skip.

    Raises:
        UserError: one is.
    """
    place = state_file(configuration)
    if place.exists() and (phase := read_migration(place).phase) != "done":
        raise UserError(
            f"{display_path(place)}: a migration is in progress, in the phase {phase!r}: continue "
            "with '--migrate', or restore the flags and delete the file."
        )


def read_migration(place: Path) -> Migration:
    """The state of a migration.

    Raises:
        UserError: the file is not one that this program wrote.
    """
    try:
        return Migration.model_validate(documents.read(files.read(place)).data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        what = first["msg"].removeprefix("Value error, ")
        raise UserError(
            f"{display_path(place)}: {where}{': ' if where else ''}{what}. This program writes the "
            "file: restore it from the history of your repository."
        ) from None
    except documents.DocumentError as error:
        raise UserError(f"{display_path(place)}:{error.line}: {error}") from None
