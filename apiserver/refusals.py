"""Why a plan must not be carried out: it would stop an API server, or lock clients out.

`apiserver.plan` asks here; each text says what would happen and names the way out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from apiserver.distribution import JINJA, VARIABLES_OF_PODS, Goal
from apiserver.flags import (
    AUTHENTICATION_CONFIG,
    ISSUER,
    KEY_FILE,
    SIGNING_KEY_FILE,
)
from apiserver.settings import Settings, faults, flags_to_write
from federation.model.config import ANONYMOUS_PATHS_MINOR
from formats.escaping import quoted, yaml_text

_ISSUER_REQUIRED = 20
_SEVERAL_ISSUERS = 22


def refusals(goal: Goal, before: Settings | None, after: Settings) -> Iterator[str]:
    """What speaks against settings for a goal.

    Args:
        goal: what is asked for.
        before: the settings that run now; None if they are not known.
        after: the settings to run.
    """
    if before is not None:
        yield from _of_what_runs(goal, before)
    yield from _of_values(goal, before or Settings(), after)
    yield from _of_version(goal, after)
    yield from _of_form(goal, after)
    yield from _of_keys(goal, before or Settings(), after)
    if before is None:
        yield from _of_ignorance(goal, after)
    if goal.exposure == "authentication-config":
        yield from _of_allowlist(goal)
    yield from goal.distribution.refuse(goal, before, after)
    yield from faults(after)


def _of_what_runs(goal: Goal, before: Settings) -> Iterator[str]:
    if not before.issuers and (goal.minor or 0) >= _ISSUER_REQUIRED:
        yield (
            f"The given flags have no --{ISSUER}. An API server of 1.{goal.minor} does not start "
            "without it: these are not all of its flags."
        )
    if before.authentication_config and before.oidc:
        yield (
            f"The given flags have --{AUTHENTICATION_CONFIG} and --{before.oidc[0][0]}. No API "
            "server starts with both: these are not its flags."
        )
    elif before.oidc and goal.exposure == "authentication-config":
        yield (
            f"--{before.oidc[0][0]} and an AuthenticationConfiguration together stop the API "
            "server. Move the setting into the file's 'jwt:' and remove the --oidc-* flags "
            f"first:\n{jwt(dict(before.oidc))}"
        )
    if dict(before.oidc).get("oidc-issuer-url") == goal.config.issuer:
        yield (
            f"{goal.config.issuer} is already the --oidc-issuer-url for people: service account "
            "tokens need a separate issuer."
        )
    if any(flag == "service-account-signing-endpoint" for flag, _ in before.others):
        yield (
            "--service-account-signing-endpoint: another program signs the tokens and publishes "
            "the keys. Set the issuer there."
        )


def _of_values(goal: Goal, before: Settings, after: Settings) -> Iterator[str]:
    """Values that would be something else, or more than a value, where they are read."""
    others = after.others if goal.schema.has_all_flags else ()
    for name, value in dict.fromkeys((*before.flags(), *after.flags(), *after.oidc, *others)):
        if not value.isprintable():
            yield f"--{name} has {quoted(value)}, with a character that is not allowed in a flag."
    for name, value in flags_to_write(before, after):
        for text, reader in _replaced_texts(goal).items():
            if text in value:
                yield (
                    f"--{name} has {quoted(value)}: {reader} would replace {text!r}. Set another "
                    "value first."
                )


def _replaced_texts(goal: Goal) -> dict[str, str]:
    """Texts that something replaces in a value, on its way to the API server, each with what does.

    `Expand` in third_party/forked/golang/expansion (Kubernetes 1.34); Jinja, Template Designer
    Documentation.
    """
    own = goal.distribution
    found = dict.fromkeys(VARIABLES_OF_PODS, "the kubelet") if own.in_pod else {}
    return found | (dict.fromkeys(JINJA, own.jinja) if own.jinja else {})


def _of_version(goal: Goal, after: Settings) -> Iterator[str]:
    minor = goal.minor
    if minor is not None and minor < _SEVERAL_ISSUERS and len(after.issuers) > 1:
        yield (
            f"Kubernetes 1.{minor} accepts one issuer, and {after.issuers[1]} is in use: every "
            f"token with that issuer would fail at once. Upgrade to 1.{_SEVERAL_ISSUERS} first, "
            "which accepts several issuers."
        )
    if not goal.schema.takes(minor):
        yield (
            f"Kubernetes 1.{minor} does not fit {goal.distribution.title} "
            f"{goal.schema.name} ({goal.schema.source})."
        )


def _of_form(goal: Goal, after: Settings) -> Iterator[str]:
    takes_one = goal.minor is not None and goal.minor < _SEVERAL_ISSUERS
    # If the version accepts one issuer, no form helps.
    names = (KEY_FILE,) if takes_one else (ISSUER, KEY_FILE)
    repeated = [name for name in names if len(after.values(name)) > 1]
    if repeated and not goal.schema.repeats:
        way_out = (
            f"Remedy: {goal.distribution.way_out}."
            if repeated[0] == ISSUER
            else "Remedy: put both public keys into one PEM file: add the new key to the file in "
            "use, and name that file as the new one."
        )
        yield (
            f"{goal.distribution.title} ({goal.schema.source}) keeps only one --{repeated[0]}, and "
            f"{len(after.values(repeated[0]))} are needed. Tokens in use would fail. {way_out}"
        )


def _of_keys(goal: Goal, before: Settings, after: Settings) -> Iterator[str]:
    pairs = [(before.values(name), after.values(name)) for name in (KEY_FILE, SIGNING_KEY_FILE)]
    if any(known and known != wanted for known, wanted in pairs):
        yield from filter(None, [goal.distribution.keys])


def _of_ignorance(goal: Goal, after: Settings) -> Iterator[str]:
    knows_none = goal.distribution.issuer is None and len(after.issuers) == 1
    if knows_none and not goal.is_new and goal.distribution.sets_issuer:
        yield (
            f"Current issuer unknown, and {goal.distribution.title} sets a different one for each "
            "cluster: without it, every token in use fails. Pass the current flags with --from, "
            "the issuer with --keep-issuer, or use --new-cluster if the cluster does not exist "
            "yet."
        )


def _of_allowlist(goal: Goal) -> Iterator[str]:
    minor = goal.minor
    if minor is None:
        yield (
            "exposure 'authentication-config' depends on the Kubernetes version: set it with "
            "--version or kubernetes.version."
        )
    elif minor < ANONYMOUS_PATHS_MINOR:
        yield (
            f"Kubernetes 1.{minor} cannot restrict anonymous requests to paths. That needs "
            f"1.{ANONYMOUS_PATHS_MINOR} or newer (KEP-4633): use exposure 'binding', or upgrade."
        )


def can_limit_paths(goal: Goal) -> bool:
    """Whether exposure `authentication-config` could be set for the same control plane."""
    discovery = goal.config.discovery.model_copy(update={"exposure": "authentication-config"})
    asked = replace(goal, config=goal.config.model_copy(update={"discovery": discovery}))
    quirks = goal.distribution.refuse(asked, Settings(), Settings())
    return not [*_of_allowlist(asked), *quirks]


def jwt(oidc: Mapping[str, str]) -> str:
    """The part `jwt:` that says the same as `--oidc-*` flags (`ToAuthenticationConfig`)."""
    issuer = oidc.get("oidc-issuer-url", "")
    claim = oidc.get("oidc-username-claim", "sub")
    prefix = oidc.get("oidc-username-prefix") or ("" if claim == "email" else f"{issuer}#")
    username = _claim(claim, "" if prefix == "-" else prefix)
    lines = [
        "jwt:",
        "  - issuer:",
        f"      url: {yaml_text(issuer)}",
        f"      audiences: {yaml_text([oidc.get('oidc-client-id', '')])}",
        "    claimMappings:",
        f"      username: {username}",
    ]
    if "oidc-ca-file" in oidc:
        source = yaml_text(oidc["oidc-ca-file"])
        lines.insert(4, f"      certificateAuthority: |  # the content of {source}, indented")
    if "oidc-groups-claim" in oidc:
        groups = _claim(oidc["oidc-groups-claim"], oidc.get("oidc-groups-prefix", ""))
        lines.append(f"      groups: {groups}")
    if "oidc-required-claim" in oidc:
        name, _, value = oidc["oidc-required-claim"].partition("=")
        rule = f"{{claim: {yaml_text(name)}, requiredValue: {yaml_text(value)}}}"
        lines.append(f"    claimValidationRules: [{rule}]")
    return "\n".join(f"    {line}" for line in lines)


def _claim(claim: str, prefix: str) -> str:
    return f"{{claim: {yaml_text(claim)}, prefix: {yaml_text(prefix)}}}"
