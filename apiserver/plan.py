"""What is to change on an API server for a federation, why, and what must not be done.

From a configuration and, if they are known, the settings that run now. A refusal is something
that would stop the API server or lock clients out; with one, nothing is rendered.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass, replace

from apiserver.authentication import feature_gates
from apiserver.cautions import warnings
from apiserver.distribution import DISCOVERY_BY_DEFAULT, Goal
from apiserver.flags import (
    ANONYMOUS_AUTH,
    AUDIENCES,
    AUTHENTICATION_CONFIG,
    FEATURE_GATES,
    ISSUER,
    JWKS_URI,
    KEY_FILE,
    NAMES,
    SIGNING_KEY_FILE,
)
from apiserver.refusals import refusals
from apiserver.settings import DISCOVERY_GATE, Settings

_GATES_ON_SINCE = {
    DISCOVERY_GATE: DISCOVERY_BY_DEFAULT,
    "AnonymousAuthConfigurableEndpoints": 32,
    "StructuredAuthenticationConfiguration": 30,
}
"""The feature gates of this matter, each with the minor version from which on it is on by default
(pkg/features and k8s.io/apiserver/pkg/features, 1.34; KEP-1393)."""


@dataclass(frozen=True)
class Change:
    """One flag that changes: what it is now, what it will be, and why."""

    flag: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class FlagPlan:
    """The settings that a goal needs.

    Attributes:
        goal: what was asked for.
        before: what runs now; None if it is not known.
        after: what is to run.
        changes: each flag that changes or is to be written.
        refusals: why nothing is rendered; empty where all is well.
        warnings: what to think about first.
        limits_anonymous: whether an AuthenticationConfiguration is to be written.
    """

    goal: Goal
    before: Settings | None
    after: Settings
    changes: tuple[Change, ...]
    refusals: tuple[str, ...]
    warnings: tuple[str, ...]
    limits_anonymous: bool

    @property
    def diff(self) -> str:
        """The flags before and after, as a unified diff; empty if nothing changes."""
        now, wanted = (
            [f"--{name}={value}" for name, value in settings.flags()]
            for settings in (self.before or Settings(), self.after)
        )
        context = len(now) + len(wanted)
        return "\n".join(difflib.unified_diff(now, wanted, "now", "wanted", n=context, lineterm=""))


def plan(goal: Goal, before: Settings | None) -> FlagPlan:
    """What to change for a goal.

    Args:
        goal: what is asked for.
        before: the settings that run now; None if they are not known.
    """
    known = before or Settings()
    wanted = _Wanted(goal, known)
    after = replace(
        known,
        issuers=wanted.issuers(),
        jwks_uri=goal.config.jwks_uri,
        feature_gates=wanted.feature_gates(),
        authentication_config=wanted.authentication_config(),
        anonymous_auth=wanted.anonymous_auth(),
        signing_key_file=wanted.signing_key_file(),
    )
    return judge(goal, before, after)


def judge(goal: Goal, before: Settings | None, after: Settings) -> FlagPlan:
    """A plan with given settings: its changes, and what is to be said against it."""
    return FlagPlan(
        goal,
        before,
        after,
        tuple(changes(goal, before or Settings(), after)),
        tuple(dict.fromkeys(refusals(goal, before, after))),
        tuple(dict.fromkeys(warnings(goal, before, after))),
        goal.exposure == "authentication-config",
    )


@dataclass(frozen=True)
class _Wanted:
    """Each setting that a goal wants, given what runs now."""

    goal: Goal
    now: Settings

    def issuers(self) -> tuple[str, ...]:
        """The federation's issuer first; all others stay, in their order (facts of KEP-1393)."""
        goal = self.goal
        own = goal.config.issuer
        kept: tuple[str, ...] = () if goal.is_new else (*self.now.issuers, *goal.kept_issuers)
        if not kept and not goal.is_new:
            kept = tuple(filter(None, [goal.distribution.default_issuer(goal.minor)]))
        return tuple(dict.fromkeys((own, *kept)))

    def feature_gates(self) -> tuple[str, ...]:
        minor = self.goal.minor
        if minor is None:
            return self.now.feature_gates
        needed: tuple[str, ...] = ()
        if minor < DISCOVERY_BY_DEFAULT:
            needed = (f"{DISCOVERY_GATE}=true",)
        if self.goal.exposure == "authentication-config":
            needed += feature_gates(minor)
        # What is on by default now is forgotten by a later version, which then does not start.
        spent = {gate for gate, default in _GATES_ON_SINCE.items() if minor >= default}
        kept = [gate for gate in self.now.feature_gates if gate.partition("=")[0] not in spent]
        return tuple(dict.fromkeys((*kept, *needed)))

    def authentication_config(self) -> str | None:
        goal = self.goal
        own = goal.authentication_file
        if goal.exposure == "authentication-config":
            return self.now.authentication_config or own
        # Going back from the allowlist to the binding takes our file away again. One that the
        # distribution writes may have come from anybody.
        is_ours = self.now.authentication_config == own
        goes = is_ours and not goal.distribution.writes_authentication
        return None if goes else self.now.authentication_config

    def anonymous_auth(self) -> str | None:
        goal = self.goal
        if goal.exposure == "none":
            return self.now.anonymous_auth
        if goal.exposure == "authentication-config" or not goal.schema.takes_anonymous_auth:
            return None
        if self.authentication_config() and self.now.anonymous_auth is None:
            # The file may have 'anonymous'. With the flag too, the API server does not start.
            return None
        if self.authentication_config() is None and self.now.anonymous_auth == "true":
            return "true"
        return None if goal.distribution.anonymous else "true"

    def signing_key_file(self) -> str | None:
        minor = self.goal.minor
        is_early = minor is not None and minor < DISCOVERY_BY_DEFAULT
        default = self.goal.distribution.early_signing_key if is_early else None
        return self.now.signing_key_file or default


def changes(goal: Goal, before: Settings, after: Settings) -> Iterator[Change]:
    """Each flag whose values differ, with the reason for it."""
    for name in NAMES:
        pair = before.values(name), after.values(name)
        if pair[0] != pair[1]:
            yield Change(name, *pair, _reason(name, goal, before, after))


def _reason(name: str, goal: Goal, before: Settings, after: Settings) -> str:
    if name == ISSUER:
        return _issuer_reason(goal, before, after)
    if name == ANONYMOUS_AUTH and after.anonymous_auth is None:
        return (
            "The API server does not start with this flag and an AuthenticationConfiguration that "
            "has 'anonymous' (KEP-4633)."
            if after.authentication_config
            else "AWS reads the documents without credentials. Without the flag the API server "
            "accepts anonymous requests."
        )
    return {
        JWKS_URI: "Without it the discovery document names the API server's own address, which is "
        "often private or on port 6443. AWS reads the keys on 443.",
        KEY_FILE: "Every key that signed a valid token stays, or the token fails."
        if set(before.key_files) <= set(after.key_files)
        else "No valid token is signed with the removed key.",
        SIGNING_KEY_FILE: "Tokens are signed with this key from now on.",
        FEATURE_GATES: _gate_reason(goal.minor),
        AUTHENTICATION_CONFIG: "The file restricts anonymous requests to its paths."
        if after.authentication_config
        else "This removes the allowlist of anonymous paths.",
        ANONYMOUS_AUTH: f"{goal.distribution.title} refuses anonymous requests by default, so AWS "
        "would get 401.",
        AUDIENCES: "Without it only the remaining issuers are accepted as audiences, and tokens "
        "requested for a former issuer fail."
        if after.api_audiences
        else "The issuers, including the former one, are the accepted audiences again.",
    }[name]


def _issuer_reason(goal: Goal, before: Settings, after: Settings) -> str:
    gone = [issuer for issuer in before.issuers if issuer not in after.issuers]
    if gone:
        return f"No valid token carries {gone[0]} any more."
    if len(after.issuers) == 1:
        return "Tokens carry it as 'iss'. AWS compares it byte for byte."
    if after.issuers[0] != goal.config.issuer:
        return "The last one is now accepted; the first one still signs."
    return "The first one signs. The others stay accepted, so tokens in use stay valid."


def _gate_reason(minor: int | None) -> str:
    if minor is not None and minor < DISCOVERY_BY_DEFAULT:
        return f"{DISCOVERY_GATE} is off by default before 1.{DISCOVERY_BY_DEFAULT}."
    if feature_gates(minor):
        return f"{feature_gates(minor)[0]} because it is alpha in 1.{minor}, and off by default."
    return (
        "The feature is on by default. The API server does not start with a gate that its version "
        "has removed."
    )
