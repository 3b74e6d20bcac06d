"""`apiserver --migrate`: goes through the phases of a migration, and keeps its state in a file.

The state is next to the configuration, as NAME.migration.yaml; what a phase is and when it may
be left is `apiserver.migration`'s.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from apiserver import migration
from apiserver.distribution import Goal
from apiserver.migration import Migration
from apiserver.plan import FlagPlan
from apiserver.settings import Settings
from apiserver.stages import PHASES
from federation.errors import UserError
from federation.keys import key_files
from federation.named_files import is_stream
from federation.strict_json import json_object
from federation.templates import render
from federation.yaml import files
from wizard import printer
from wizard.cli.options import read_text, relative
from wizard.migration_file import read_migration, state_file

_WORST = ("pass", "warn", "skip", "fail")


@dataclass(frozen=True)
class Move:
    """What is asked of a migration.

    Attributes:
        forward: enter the next phase.
        back: return to the phase before.
        findings: the doctor's findings, as `doctor --json` prints them.
        set_aside: why the checks are ignored; None if they count.
        lifetime: the longest life of a token that somebody asked for, as Go writes it.
        new_keys: the new public and private key on the nodes, to rotate the signing key.
    """

    forward: bool = False
    back: bool = False
    findings: str | None = None
    set_aside: str | None = None
    lifetime: str | None = None
    new_keys: tuple[str, str] | None = None


def options_begun_with(configuration: Path) -> Mapping[str, str | None]:
    """What the migration in progress began with, by the names of the options."""
    place = state_file(configuration)
    if not place.exists():
        return {}
    state = read_migration(place)
    return {
        "distribution": state.distribution,
        "schema": state.form,
        "exposure": state.exposure,
        "version": state.version,
    }


def make_move(path: Path, goal: Goal, running: Settings | None, move: Move) -> Migration:
    """Begin a migration, look at it, or take it to its next phase or back; the state is kept.

    Raises:
        UserError: the phase cannot be left yet, or there is nothing to begin.
    """
    place = state_file(path)
    now = datetime.now(UTC).replace(microsecond=0)
    if not place.exists():
        state = _begin(goal, running, move, now)
    else:
        state = migration.lengthen(_load(place, goal), goal.config)
        if move.new_keys or move.lifetime:
            raise UserError(
                f"{relative(place)}: a migration is already in progress. Finish it, or restore the "
                "flags, delete the file and start again."
            )
    if move.forward and place.exists():
        state = _go_forward(state, goal, running, move, now)
    elif move.back:
        state = migration.turn_back(state, now)
    made = None if state.phase == "done" else migration.phase_plan(state, goal)
    if made is None or not made.refusals:
        _save(place, state)
    return state


def text(state: Migration, path: Path) -> str:
    """How far a migration is, for a person."""
    phases = PHASES[state.kind]
    is_done = state.phase == "done"
    certain = None if is_done else migration.certain_end(state)
    return render(
        "apiserver/migration.txt.j2",
        state=state,
        phases=phases,
        titles={phase: migration.stage(state, phase).title for phase in phases[:-1]},
        stage=None if is_done else migration.stage(state),
        codes=() if is_done else migration.codes(state),
        entered=_time_text(state.steps[-1].entered),
        earliest="" if is_done else _time_text(migration.earliest_end(state)),
        certain=_time_text(certain) if certain else None,
        place=relative(state_file(path)),
    )


def document(state: Migration, goal: Goal) -> dict[str, Any]:
    """How far a migration is, for a program."""
    if state.phase == "done":
        return migration.as_data(state)
    stage = migration.stage(state)
    return {
        **migration.as_data(state),
        "phase": state.phase,
        "title": stage.title,
        "entry_checks": list(stage.entry),
        "exit_checks": list(migration.codes(state)),
        "earliest": migration.earliest_end(state).isoformat(),
        "back": stage.back,
        "flags": [
            f"--{name}={value}" for name, value in migration.phase_plan(state, goal).after.flags()
        ],
    }


def phase_plan(state: Migration, goal: Goal) -> FlagPlan | None:
    """What is set in the current phase; None if nothing is."""
    if state.phase == "done" or (state.phase == "wait" and not state.is_turned_back):
        return None
    return migration.phase_plan(state, goal)


def _begin(goal: Goal, running: Settings | None, move: Move, now: datetime) -> Migration:
    if move.forward or move.back:
        raise UserError("No migration is in progress: start one with '--migrate --from FILE'.")
    if running is None:
        raise UserError(
            "A migration needs the current flags: pass them with --from, so that the issuers and "
            "keys in use are kept."
        )
    if move.new_keys and Path(move.new_keys[0]).is_file():
        # The file is on the nodes. A local copy of it is checked.
        key_files.read(move.new_keys[:1], Path())
    lifetime = migration.duration(move.lifetime) if move.lifetime else migration.FLOOR
    return migration.begin(goal, running, now, lifetime=lifetime, new_keys=move.new_keys)


def _go_forward(
    state: Migration, goal: Goal, running: Settings | None, move: Move, now: datetime
) -> Migration:
    if state.phase == "done":
        raise UserError("The migration is done. There is no next phase.")
    verdicts = _verdicts(move.findings, state) if move.findings else None
    found = migration.obstacles(state, goal, now, running, verdicts)
    if found and not move.set_aside:
        reasons = "\n".join(f"  - {each}" for each in found)
        raise UserError(
            f"The phase {state.phase!r} cannot end yet:\n{reasons}\nTo continue anyway, give a "
            "reason with --set-aside 'REASON'. It is recorded in the state file."
        )
    if found:
        printer.warn("Ignored:", *(f"  - {each}" for each in found))
    return migration.advance(state, now, move.set_aside if found else None)


def _verdicts(name: str, state: Migration) -> Mapping[str, str]:
    """The worst verdict of each code in the output of `doctor --json`, run in this phase."""
    document = json_object(f"--findings {name}", read_text("--findings", name))
    found = document.get("findings")
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise UserError(
            f"--findings {name}: is not the output of 'python -m wizard doctor --json'."
        )
    if document.get("issuer") != state.issuer:
        raise UserError(
            f"--findings {name}: is about the issuer {document.get('issuer')!r}, not "
            f"{state.issuer!r}: run the doctor with this configuration."
        )
    if _time_written(name) < state.steps[-1].entered:
        raise UserError(
            f"--findings {name}: is older than the phase {state.phase!r}: run the doctor again."
        )
    worst: dict[str, str] = {}
    for each in found:
        code, verdict = str(each.get("code")), str(each.get("verdict"))
        if verdict not in _WORST:
            raise UserError(f"--findings {name}: {verdict!r} is not a verdict of the doctor.")
        worst[code] = max(worst.get(code, "pass"), verdict, key=_WORST.index)
    return worst


def _time_written(name: str) -> datetime:
    """When a file was written; what a pipe brings was written now."""
    if is_stream(name):
        return datetime.now(UTC)
    return datetime.fromtimestamp(Path(name).stat().st_mtime, UTC)


def _load(place: Path, goal: Goal) -> Migration:
    state = read_migration(place)
    config = goal.config
    if (state.cluster, state.issuer) != (config.cluster, config.issuer):
        raise UserError(
            f"{relative(place)}: is about the cluster {state.cluster!r} and the issuer "
            f"{state.issuer}, but the configuration is about {config.cluster!r} and "
            f"{config.issuer}."
        )
    return state


def _save(place: Path, state: Migration) -> None:
    stream = io.StringIO()
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.dump(migration.as_data(state), stream)
    head = "# The state of a migration, written by 'python -m wizard apiserver --migrate'.\n"
    files.write(place, head + stream.getvalue())


def _time_text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
