"""`apiserver`: what to set on the control plane, in the form of its distribution.

Nothing is contacted and nothing is changed: what runs now is read with `--from`, and what is to be
set is printed, or written into a folder with `--output`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import click

from apiserver.distribution import Distribution, Goal, Schema
from apiserver.distributions import DISTRIBUTIONS, distribution_of
from apiserver.page import newest_form, page, refusal_text
from apiserver.plan import FlagPlan, plan
from apiserver.reading import Reading, agreed_settings, read
from apiserver.rendering import Existing, Rendering, render_plan
from apiserver.settings import Settings
from federation import named_files
from federation.errors import UserError
from federation.model.config import ClusterConfig
from federation.model.fields import did_you_mean
from federation.yaml import documents, files
from wizard import printer
from wizard.cli import migrating
from wizard.cli.options import (
    called,
    config_option,
    json_option,
    read_text,
    relative,
    require_file,
)
from wizard.migration_file import refuse_migration

SIZE_LIMIT = 5_000_000
"""Bytes read of a file: many times what a control plane's configuration can have."""


@click.command()
@config_option
@json_option
@click.option(
    "--distribution", type=click.Choice(tuple(DISTRIBUTIONS)), help="What runs the control plane."
)
@click.option("--version", metavar="1.MINOR", help="The version of the oldest API server.")
@click.option("--schema", metavar="NAME", help="The form of the distribution's configuration.")
@click.option(
    "--exposure",
    type=click.Choice(["binding", "authentication-config", "none"]),
    help="How AWS gets the documents, instead of the configured exposure.",
)
@click.option(
    "--from",
    "sources",
    multiple=True,
    metavar="FILE",
    help="What runs now: a manifest, a unit, a line of ps or a configuration; - for stdin.",
)
@click.option(
    "--authentication-config",
    "authentication",
    metavar="FILE",
    help="The AuthenticationConfiguration in use; its content is kept.",
)
@click.option(
    "--keep-issuer", multiple=True, metavar="URL", help="An issuer in use now; repeatable."
)
@click.option("--new-cluster", is_flag=True, help="The cluster does not exist yet: keep nothing.")
@click.option(
    "--output", metavar="DIR", help="Write the files and the instructions to this folder."
)
@click.option(
    "--migrate", is_flag=True, help="Change the issuer in phases; the first needs --from."
)
@click.option(
    "--rotate-key",
    "new_keys",
    nargs=2,
    metavar="PUBLIC PRIVATE",
    help="With --migrate, change the signing key instead: the new key files on the nodes.",
)
@click.option(
    "--token-lifetime", metavar="720h", help="The longest lifetime that was requested for a token."
)
@click.option("--next", "forward", is_flag=True, help="Go to the next phase of the migration.")
@click.option("--back", is_flag=True, help="Return to the previous phase of the migration.")
@click.option("--findings", metavar="FILE", help="The output of 'doctor --json', for --next.")
@click.option("--set-aside", metavar="REASON", help="Go to the next phase although checks fail.")
def apiserver(path: Path, as_json: bool, **options: Any) -> int:
    """Say what to set on the API servers, and refuse what would lock you out.

    Exit codes: 0, 1 if it is refused, 2 bad input.
    """
    request = Request(**options)
    request.check()
    if request.migrate:
        require_file(path)
        begun_with = migrating.options_begun_with(path)
        _say_if_changed(files.load(path), request.exposure, begun_with.get("exposure"))
        request = request.with_defaults(begun_with)
    readings = tuple(reading for source in request.sources for reading in _readings(source))
    goal = _goal(files.load(path), request, readings)
    running = agreed_settings(readings) if readings else None
    existing = _existing(request, running, readings)
    if request.migrate:
        return _migrate(path, goal, running, existing, request, as_json)
    refuse_migration(path)
    return _report(plan(goal, running), existing, request.output, as_json)


def _say_if_changed(config: ClusterConfig, asked: str | None, begun: str | None) -> None:
    """Name the exposure of a configuration that changed while a migration is in progress."""
    now = config.discovery.exposure
    if begun and not asked and begun != now:
        printer.warn(
            f"discovery.exposure is {now!r} in the configuration, and the migration began with "
            f"{begun!r}, which still applies: '--exposure {now}' changes it.",
        )


@dataclass(frozen=True)
class Request:
    """The options of the command, but for the configuration and the kind of output."""

    distribution: str | None
    version: str | None
    schema: str | None
    exposure: str | None
    sources: tuple[str, ...]
    authentication: str | None
    keep_issuer: tuple[str, ...]
    new_cluster: bool
    output: str | None
    migrate: bool
    new_keys: tuple[str, str] | None
    token_lifetime: str | None
    forward: bool
    back: bool
    findings: str | None
    set_aside: str | None

    def with_defaults(self, values: Mapping[str, str | None]) -> Request:
        """The same with values for options that were not given."""
        missing: dict[str, Any] = {
            name: value for name, value in values.items() if not getattr(self, name)
        }
        return replace(self, **missing)

    def check(self) -> None:
        """That the options go together.

        Raises:
            UserError: they do not.
        """
        if self.new_cluster and (self.sources or self.keep_issuer or self.migrate):
            raise UserError(
                "--new-cluster keeps nothing: leave out --from, --keep-issuer and --migrate."
            )
        if (*self.sources, self.authentication).count("-") > 1:
            raise UserError("- is stdin, which can be read only once: pass files for the others.")
        of_migration = {
            "--rotate-key": self.new_keys,
            "--token-lifetime": self.token_lifetime,
            "--next": self.forward,
            "--back": self.back,
            "--findings": self.findings,
            "--set-aside": self.set_aside,
        }
        given = [option for option, value in of_migration.items() if value]
        if given and not self.migrate:
            raise UserError(f"{given[0]} requires --migrate.")
        if self.forward and self.back:
            raise UserError("--next and --back cannot be used together.")


def _report(made: FlagPlan, existing: Existing, output: str | None, as_json: bool) -> int:
    if made.refusals:
        _refuse(made, as_json)
        return 1
    result = render_plan(made, existing)
    if output:
        _write(result, Path(output))
    if as_json:
        printer.show_json(_document(made, result))
    else:
        printer.show(page(made, result, lambda name: _place(name, output)))
    return 0


def _migrate(
    path: Path,
    goal: Goal,
    running: Settings | None,
    existing: Existing,
    request: Request,
    as_json: bool,
) -> int:
    move = migrating.Move(
        request.forward,
        request.back,
        request.findings,
        request.set_aside,
        request.token_lifetime,
        request.new_keys,
    )
    state = migrating.make_move(path, goal, running, move)
    made = migrating.phase_plan(state, goal)
    if made is not None and made.refusals:
        return _report(made, existing, None, as_json)
    if as_json:
        printer.show_json(migrating.document(state, goal))
        return 0
    printer.show(migrating.text(state, path) + ("\n" if made else ""))
    return _report(made, existing, request.output, as_json) if made else 0


def _existing(
    request: Request, running: Settings | None, readings: tuple[Reading, ...]
) -> Existing:
    given = _authentication(request.authentication) if request.authentication else None
    if running is None:
        return Existing(authentication=given)
    first = readings[0]
    return Existing(running.others, first.program, given or first.authentication)


def _goal(config: ClusterConfig, request: Request, readings: tuple[Reading, ...]) -> Goal:
    known = _with_options(config, request, readings)
    own = distribution_of(known)
    schema = _schema(own, request.schema, known, readings)
    return Goal(known, own, schema, request.keep_issuer, request.new_cluster)


def _readings(source: str) -> tuple[Reading, ...]:
    name = "stdin" if source == "-" else source
    about = called("--from", source)
    return read(named_files.content(source, called=about, limit=SIZE_LIMIT), name)


def _authentication(source: str) -> dict[str, Any]:
    try:
        data = documents.read(read_text("--authentication-config", source)).data
    except documents.DocumentError as error:
        raise UserError(f"{source}:{error.line}: {error}") from None
    if not isinstance(data, dict):
        raise UserError(f"{source}: is not a mapping.")
    return data


def _with_options(
    config: ClusterConfig, request: Request, readings: tuple[Reading, ...]
) -> ClusterConfig:
    """The configuration with what the options and what runs say of the control plane."""
    seen = readings[0] if readings else None
    document = config.model_dump()
    kubernetes, discovery = document["kubernetes"], document["discovery"]
    given = request.distribution or config.kubernetes.distribution
    kubernetes["distribution"] = given or (seen.distribution if seen else None)
    if request.version or not config.kubernetes.version:
        kubernetes["version"] = _minor(request.version) or (seen.version if seen else None)
    discovery["exposure"] = request.exposure or config.discovery.exposure
    _check_kind(seen, kubernetes["distribution"])
    return files.validate(document)


def _check_kind(seen: Reading | None, distribution: str | None) -> None:
    """That what was read is of the distribution that is asked for, or of its family."""
    if seen is None or seen.distribution is None:
        return
    own = DISTRIBUTIONS.get(distribution or "")
    if own is None or not own.is_akin_to(DISTRIBUTIONS[seen.distribution]):
        raise UserError(
            f"{seen.name}: is {seen.kind}, but the distribution is {distribution!r}: pass "
            f"'--distribution {seen.distribution}'."
        )


def _minor(version: str | None) -> str | None:
    """`1.34` of `v1.34.4+k3s1`; anything else stays, for its message."""
    if version is None:
        return None
    parts = version.removeprefix("v").split(".")
    return ".".join(parts[:2]) if len(parts) > 1 else version


def _schema(
    own: Distribution, name: str | None, config: ClusterConfig, readings: tuple[Reading, ...]
) -> Schema:
    by_name = {schema.name: schema for schema in own.schemas}
    seen = readings[0].schema if readings and readings[0].distribution in (None, own.name) else ""
    if name is not None and name not in by_name:
        raise UserError(
            f"--schema {name!r} is not a form of {own.title}.{did_you_mean(name, by_name)} Forms: "
            f"{', '.join(by_name)}."
        )
    if name in by_name and (reason := dict(by_name[name].conflicts).get(seen or "")):
        raise UserError(f"{readings[0].name}: {reason}")
    if name or seen in by_name:
        return by_name[name or seen or ""]
    return newest_form(own, config)


def _refuse(made: FlagPlan, as_json: bool) -> None:
    if as_json:
        printer.show_json({"refusals": made.refusals, "warnings": made.warnings})
        return
    printer.show_error(refusal_text(made))


def _write(result: Rendering, folder: Path) -> None:
    for name, file in result.files.items():
        files.write(folder / name, file.text)
    files.write(folder / "INSTRUCTIONS.txt", result.instructions)


def _place(name: str, output: str | None) -> str:
    return relative(Path(output) / name) if output else name


def _document(made: FlagPlan, result: Rendering) -> dict[str, Any]:
    return {
        "distribution": made.goal.distribution.name,
        "schema": made.goal.schema.name,
        "source": made.goal.schema.source,
        "run_here": made.goal.schema.tested.what,
        "flags": [f"--{name}={value}" for name, value in made.after.flags()],
        "changes": [asdict(change) for change in made.changes],
        "warnings": list(made.warnings),
        "refusals": [],
        "files": {name: asdict(file) for name, file in result.files.items()},
        "order": list(made.goal.distribution.order),
        "verify": list(made.goal.distribution.verify),
        "back": list(made.goal.distribution.back),
        "diff": made.diff if made.before is not None else "",
    }
