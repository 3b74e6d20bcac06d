"""A change of the issuer, or of the signing key, in phases between which tokens stay valid.

Kubernetes accepts every `--service-account-issuer` and verifies with every
`--service-account-key-file`, so that both can change without one failed token, if every API server
takes the new one before any of them signs with it, and the old one goes when nothing carries it any
more. The state is in a file next to the configuration; each phase is entered once the checks of
the one before are passed, and what is set aside is written down with its reason.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)

from apiserver.distribution import Goal
from apiserver.flags import ISSUER
from apiserver.plan import FlagPlan, judge, plan
from apiserver.settings import Settings
from apiserver.stages import PHASES, STAGES, Kind, Phase, Stage
from federation.errors import UserError
from federation.model.config import ClusterConfig

FLOOR = timedelta(hours=24)
"""The shortest wait: the kubelet renews a token at 80 % of its life, or after 24 hours (Kubernetes
documentation, "Configure Service Accounts for Pods", TokenRequest projection)."""

KEYS_CACHED = timedelta(hours=1)
"""How long readers may keep the keys: the API server answers `max-age=3600`
(`GetCacheAgeMaxSeconds` in pkg/serviceaccount/jwt.go)."""

INJECTED = timedelta(days=365)
"""How long an injected token is valid, where `--service-account-extend-token-expiration` is not
false (`ExpirationExtensionSeconds` in pkg/serviceaccount/claims.go)."""

_LONGEST = timedelta(days=3653)
_TURNED_BACK = "turned back"
_SEEN_OTHERWISE = ("control-plane-flags",)
"""Codes that may be skipped, since `--from` shows the same."""


class _FilePart(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PhaseEntry(_FilePart):
    """One phase that was entered.

    Attributes:
        phase: which one.
        entered: when, in UTC.
        set_aside: why the checks before it were set aside; None if they were passed.
    """

    phase: Phase
    entered: AwareDatetime
    set_aside: str | None = None


class Migration(_FilePart):
    """How far a migration is; what `clusters/NAME.migration.yaml` holds.

    Attributes:
        kind: what changes.
        cluster: of which cluster.
        issuer: the issuer of the federation.
        distribution: what runs the control plane.
        form: the form in which the settings are written.
        exposure: how the documents are shown.
        version: the version of the API servers, if it is known.
        before: the flags that ran when it began, `NAME=VALUE`.
        token_lifetime_seconds: the longest life of a token that somebody asked for.
        new_key_file: the new public key on the control plane nodes.
        new_signing_key_file: the new private key there.
        steps: the phases in the order in which they were entered; the last is the current one.
    """

    kind: Kind
    cluster: str
    issuer: str
    distribution: str
    form: str
    exposure: str
    version: str | None = None
    before: tuple[Annotated[str, StringConstraints(pattern="^[a-z][a-z-]*=")], ...]
    token_lifetime_seconds: Annotated[
        int, Field(ge=FLOOR.total_seconds(), le=_LONGEST.total_seconds())
    ]
    new_key_file: str | None = None
    new_signing_key_file: str | None = None
    steps: Annotated[tuple[PhaseEntry, ...], Field(min_length=1)]

    @field_validator("before")
    @classmethod
    def _has_an_issuer(cls, before: tuple[str, ...]) -> tuple[str, ...]:
        if not any(each.startswith(f"{ISSUER}=") for each in before):
            raise ValueError(f"has no {ISSUER}")
        return before

    @field_validator("steps")
    @classmethod
    def _goes_through_the_phases(
        cls, steps: tuple[PhaseEntry, ...], info: ValidationInfo
    ) -> tuple[PhaseEntry, ...]:
        """That none was skipped: each follows the one before, or was turned back to from it."""
        kind: Kind = info.data.get("kind", "issuer")
        phases = PHASES[kind]
        if steps[0].phase != phases[0]:
            raise ValueError(
                f"a migration of the kind {kind!r} begins with the phase {phases[0]!r}, not "
                f"{steps[0].phase!r}"
            )
        for former, step in itertools.pairwise(steps):
            back = step.set_aside == _TURNED_BACK
            way = _before(kind, former.phase) if back else _after(kind, former.phase)
            if step.phase != way:
                raise ValueError(f"the phase {step.phase!r} does not follow {former.phase!r}")
        return steps

    @model_validator(mode="after")
    def _names_what_is_new(self) -> Self:
        new = (self.new_key_file, self.new_signing_key_file)
        if (self.kind == "signing-key") != all(new) or any(new) != all(new):
            raise ValueError(
                f"a migration of the kind {self.kind!r} has new key files: "
                f"{', '.join(filter(None, new)) or 'none'}"
            )
        return self

    @property
    def phase(self) -> Phase:
        """The current phase."""
        return self.steps[-1].phase

    @property
    def is_turned_back(self) -> bool:
        """Whether the current phase was entered from a later one."""
        return self.steps[-1].set_aside == _TURNED_BACK

    @property
    def settings_before(self) -> Settings:
        """The settings that ran when it began."""
        pairs = (flag.partition("=") for flag in self.before)
        return Settings.of((name, value) for name, _, value in pairs)


def begin(
    goal: Goal,
    before: Settings,
    now: datetime,
    *,
    lifetime: timedelta = FLOOR,
    new_keys: tuple[str, str] | None = None,
) -> Migration:
    """A migration in its first phase.

    Args:
        goal: the federation and its control plane.
        before: what runs now.
        now: the time, in UTC.
        lifetime: the longest life of a token that somebody asked for by themselves.
        new_keys: the new public and the new private key on the nodes, to rotate the signing key;
            None changes the issuer.

    Raises:
        UserError: there is nothing to migrate, or not enough is known.
    """
    config = goal.config
    kind: Kind = "signing-key" if new_keys else "issuer"
    if kind == "issuer" and before.issuers[:1] == (config.issuer,):
        raise UserError(
            f"{config.issuer} is already the first issuer: there is nothing to migrate. Without "
            "--migrate the command shows other differences."
        )
    if not before.issuers:
        raise UserError(
            "The given flags have no --service-account-issuer, so no token has an issuer: set the "
            "flags directly, without --migrate."
        )
    if new_keys and not before.key_files:
        raise UserError(
            "The given flags have no --service-account-key-file: pass a source with all flags, "
            "such as the static pod or the process, so that the key in use stays."
        )
    for path in new_keys or ():
        if not path.startswith(("/", "$")):
            raise UserError(f"{path!r} is not an absolute path of a file on the nodes.")
    if new_keys and new_keys[1] == before.signing_key_file:
        raise UserError(f"{new_keys[1]} already signs: name the file of the new key.")
    return Migration(
        kind=kind,
        cluster=config.cluster,
        issuer=config.issuer,
        distribution=goal.distribution.name,
        form=goal.schema.name,
        exposure=goal.exposure,
        version=config.kubernetes.version,
        before=tuple(f"{name}={value}" for name, value in (*before.flags(), *before.oidc)),
        token_lifetime_seconds=int(_longest_life(config, before, lifetime).total_seconds()),
        new_key_file=new_keys[0] if new_keys else None,
        new_signing_key_file=new_keys[1] if new_keys else None,
        steps=(PhaseEntry(phase=PHASES[kind][0], entered=now),),
    )


def stage(state: Migration, phase: Phase | None = None) -> Stage:
    """What a phase is about; the current one by default. There is none for `done`."""
    return STAGES[state.kind, phase or state.phase]


def phase_plan(state: Migration, goal: Goal, phase: Phase | None = None) -> FlagPlan:
    """What is set in a phase, compared with the phase that was left for it."""
    current = phase or state.phase
    phases = PHASES[state.kind]
    at = phases.index(current)
    if phase is None and state.is_turned_back:
        before = _settings(state, goal, state.steps[-2].phase)
    else:
        before = _settings(state, goal, phases[at - 1]) if at else state.settings_before
    made = judge(goal, before, _settings(state, goal, current))
    # Its place among the phases is what this warning asks for.
    warnings = tuple(text for text in made.warnings if "apiserver --migrate" not in text)
    # Who may read the documents changes with what signs, and in no other phase.
    limits = made.limits_anonymous and (state.kind, current) == ("issuer", "sign")
    return replace(made, warnings=warnings, limits_anonymous=limits)


def earliest_end(state: Migration) -> datetime:
    """The earliest time at which the current phase may be left."""
    entered = state.steps[-1].entered
    if state.phase == "wait":
        return entered + timedelta(seconds=state.token_lifetime_seconds)
    return entered + KEYS_CACHED if state.phase == "publish" else entered


def certain_end(state: Migration) -> datetime | None:
    """When even injected tokens that nobody renewed have run out, in the phase `wait`."""
    return state.steps[-1].entered + INJECTED if state.phase == "wait" else None


def obstacles(
    state: Migration,
    goal: Goal,
    now: datetime,
    running: Settings | None,
    verdicts: Mapping[str, str] | None,
) -> tuple[str, ...]:
    """Why the current phase cannot be left yet.

    Args:
        state: how far it is.
        goal: the federation and its control plane.
        now: the time, in UTC.
        running: what runs now; None if it was not given.
        verdicts: the worst verdict of each doctor code; None if they were not given.
    """
    found = []
    if now < earliest_end(state):
        found.append(f"This phase lasts until {_time_text(earliest_end(state))}.")
    wanted = phase_plan(state, goal).after
    if running is None:
        found.append("Pass the current flags with --from.")
    else:
        found += [
            f"--{name} is {', '.join(running.values(name)) or 'not set'}, and in this phase it "
            f"must be {', '.join(wanted.values(name)) or 'not set'}."
            for name in ("service-account-issuer", *_ROTATED)
            if running.values(name) != wanted.values(name)
            and (name not in _ROTATED or state.kind == "signing-key")
        ]
    found += _unproven(codes(state), verdicts)
    return tuple(found)


def advance(state: Migration, now: datetime, set_aside: str | None = None) -> Migration:
    """The migration in its next phase."""
    following = _after(state.kind, state.phase)
    if following is None:
        raise UserError("The migration is done. There is no next phase.")
    return _enter(state, following, now, set_aside)


def turn_back(state: Migration, now: datetime) -> Migration:
    """The migration in the phase before: of those that set something else, where it is done.

    Raises:
        UserError: it is in its first phase.
    """
    before = _before(state.kind, state.phase)
    if before is None:
        flags = "\n".join(f"  --{flag}" for flag in state.before)
        raise UserError(
            "This is the first phase. To cancel the migration, set the former flags, and delete "
            f"its state file:\n{flags}"
        )
    return _enter(state, before, now, _TURNED_BACK)


def lengthen(state: Migration, config: ClusterConfig) -> Migration:
    """The migration with the life of the longest token that the federation asks for meanwhile."""
    asked = timedelta(seconds=state.token_lifetime_seconds)
    life = _longest_life(config, state.settings_before, asked)
    seconds = max(state.token_lifetime_seconds, int(life.total_seconds()))
    return state.model_copy(update={"token_lifetime_seconds": seconds})


def codes(state: Migration) -> tuple[str, ...]:
    """The doctor codes to pass before the current phase is left: its own, and the next one's."""
    phases = PHASES[state.kind]
    following = phases[phases.index(state.phase) + 1]
    entry = () if following == "done" else stage(state, following).entry
    return tuple(dict.fromkeys((*stage(state).exit, *entry)))


def as_data(state: Migration) -> dict[str, Any]:
    """The state as plain data, for its file."""
    return state.model_dump(mode="json", exclude_none=True)


_ROTATED = ("service-account-key-file", "service-account-signing-key-file")


def _after(kind: Kind, phase: Phase) -> Phase | None:
    """The phase that follows; none follows the last one."""
    phases = PHASES[kind]
    return None if phase == phases[-1] else phases[phases.index(phase) + 1]


def _before(kind: Kind, phase: Phase) -> Phase | None:
    """The phase that the way back leads to: of those that set something else, from the end."""
    phases = PHASES[kind]
    at = phases.index("drop" if phase == "done" else phase)
    return phases[at - 1] if at else None


def _enter(state: Migration, phase: Phase, now: datetime, set_aside: str | None) -> Migration:
    step = PhaseEntry(phase=phase, entered=now, set_aside=set_aside)
    return state.model_copy(update={"steps": (*state.steps, step)})


def _settings(state: Migration, goal: Goal, phase: Phase) -> Settings:
    before = state.settings_before
    if state.kind == "signing-key":
        return _key_settings(state, before, phase)
    if phase == "accept":
        issuers = tuple(dict.fromkeys((*before.issuers, state.issuer)))
        return replace(before, issuers=issuers)
    signing = plan(goal, before).after
    if phase in ("sign", "wait"):
        return signing
    return replace(
        signing,
        issuers=(state.issuer,),
        api_audiences=signing.api_audiences or signing.issuers,
    )


def _key_settings(state: Migration, before: Settings, phase: Phase) -> Settings:
    new, signing = str(state.new_key_file), state.new_signing_key_file
    both = tuple(dict.fromkeys((*before.key_files, new)))
    if phase == "publish":
        return replace(before, key_files=both)
    if phase in ("sign", "wait"):
        return replace(before, key_files=both, signing_key_file=signing)
    return replace(before, key_files=(new,), signing_key_file=signing)


def _longest_life(config: ClusterConfig, before: Settings, asked: timedelta) -> timedelta:
    """The longest life of a token that somebody asked for, 24 hours at least."""
    longest = max(each.token_expiration_seconds for each in config.workloads)
    life = max(asked, timedelta(seconds=longest))
    limit = dict(before.others).get("service-account-max-token-expiration")
    return max(FLOOR, min(life, duration(limit)) if limit and limit != "0" else life)


def duration(text: str) -> timedelta:
    """A duration as Go writes it, like `720h` or `1h30m`.

    Raises:
        UserError: it is none, or longer than ten years.
    """
    parts = re.findall(r"([0-9]+)(h|m|s)", text)
    units = {"h": 3600, "m": 60, "s": 1}
    seconds = sum(int(number[:12]) * units[unit] for number, unit in parts)
    if "".join(number + unit for number, unit in parts) != text or not text:
        raise UserError(
            f"{text!r} is not a duration: write hours, minutes or seconds, such as '48h'."
        )
    if seconds > _LONGEST.total_seconds():
        raise UserError(f"{text!r} is more than ten years.")
    return timedelta(seconds=seconds)


def _unproven(needed: tuple[str, ...], verdicts: Mapping[str, str] | None) -> list[str]:
    if verdicts is None:
        return [
            "Pass the doctor's findings ('python -m wizard doctor --json > FILE', then --findings "
            f"FILE). These checks must pass: {', '.join(needed)}."
        ]
    return [
        f"The doctor's {code}: {verdicts.get(code, 'not in the findings')}."
        for code in needed
        if not _is_passed(code, verdicts.get(code))
    ]


def _is_passed(code: str, verdict: str | None) -> bool:
    return verdict in ("pass", "warn") or (verdict == "skip" and code in _SEEN_OTHERWISE)


def _time_text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
