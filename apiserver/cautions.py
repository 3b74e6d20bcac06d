"""What to think about before a plan is carried out, though nothing stops with it."""

from __future__ import annotations

from collections.abc import Iterator

from apiserver.authentication import DISCOVERY_PATHS, feature_gates
from apiserver.distribution import DISCOVERY_BY_DEFAULT, Goal
from apiserver.flags import (
    AUDIENCES,
    AUTHENTICATION_CONFIG,
    ISSUER,
    KEY_FILE,
    SIGNING_KEY_FILE,
)
from apiserver.settings import Settings


def warnings(goal: Goal, before: Settings | None, after: Settings) -> Iterator[str]:
    """What to think about.

    Args:
        goal: what is asked for.
        before: the settings that run now; None if they are not known.
        after: the settings to run.
    """
    config = goal.config
    if before is None and not goal.is_new:
        yield _about_unknown_flags(goal, after)
    yield from _about_audiences(goal, before, after)
    is_early = goal.minor is not None and goal.minor < DISCOVERY_BY_DEFAULT
    if is_early and after.signing_key_file is None:
        yield (
            f"Kubernetes 1.{goal.minor} issues tokens for pods only with --{SIGNING_KEY_FILE}: set "
            f"it to the key whose public part is in --{KEY_FILE} "
            "(--service-account-private-key-file of the controller manager)."
        )
    if before is not None and before.issuers[:1] not in ((), (config.issuer,)):
        yield (
            "The issuer that signs changes. With several API servers, the first ones to change "
            "issue tokens that the others reject: use 'python -m wizard apiserver --migrate'."
        )
    if config.discovery.hosting == "s3" and goal.exposure != "none":
        yield (
            "A bucket serves the documents, so the API server does not have to accept anonymous "
            "requests: exposure 'none' is enough."
        )
    if "/" in config.issuer_key and goal.reaches_server:
        yield (
            f"{config.issuer} has a path, and the API server serves the documents only at its "
            "root: a proxy or a bucket must serve them below the path."
        )
    yield from _about_anonymous(goal, before, after)
    yield from goal.distribution.caution(goal, before, after)


def _about_unknown_flags(goal: Goal, after: Settings) -> str:
    text = "Current flags unknown: pass them with --from."
    if goal.kept_issuers:
        return f"{text} The issuers given with --keep-issuer stay."
    if len(after.issuers) > 1:
        return (
            f"{text} {after.issuers[1]} stays, because it is the default of "
            f"{goal.distribution.title}; any other issuer in use must follow it, or its tokens "
            "fail."
        )
    return (
        f"{text} Every --{ISSUER} in use must follow the new one, every --{KEY_FILE} must stay, "
        f"and --{AUDIENCES} must stay unchanged, or tokens in use fail."
    )


def _about_audiences(goal: Goal, before: Settings | None, after: Settings) -> Iterator[str]:
    taken = [each for each in goal.config.audience if each in after.api_audiences]
    if taken:
        others = [each for each in after.api_audiences if each not in taken]
        yield (
            f"--{AUDIENCES} has {taken[0]}: anyone who obtains a token for AWS can log in to the "
            "cluster with it. Remove it in two steps: first set "
            f"--{AUDIENCES}={','.join(dict.fromkeys((*others, *after.issuers, *taken)))}; then, "
            "after every token has been renewed (24 hours; up to a year for injected tokens), "
            f"remove {taken[0]}."
        )
    if not after.api_audiences:
        own = [each for each in goal.config.audience if each in after.issuers]
        defaults = goal.distribution.audiences if before is None else ()
        if own and not defaults:
            yield (
                f"The audience {own[0]} is the issuer, which the API server accepts as an "
                "audience: tokens for AWS can log in to the cluster. Use a separate audience for "
                "AWS."
            )


def _about_anonymous(goal: Goal, before: Settings | None, after: Settings) -> Iterator[str]:
    if goal.exposure == "authentication-config":
        if after.authentication_config != goal.authentication_file:
            yield (
                f"{after.authentication_config} is in use and gets 'anonymous'. It takes effect "
                "after a restart."
            )
        for gate in feature_gates(goal.minor):
            yield f"{gate.partition('=')[0]} is an alpha feature in 1.{goal.minor}."
    if goal.exposure == "binding":
        if after.authentication_config:
            yield (
                f"--{AUTHENTICATION_CONFIG} is in use: if its file has 'anonymous', it must list "
                f"{' and '.join(DISCOVERY_PATHS)}."
            )
        was_off = before.anonymous_auth == "false" if before else not goal.distribution.anonymous
        if was_off:
            yield (
                "Anonymous requests are refused now. They will be accepted on every path that "
                "RBAC grants: the two documents, /version, /livez, /readyz, /healthz, and "
                "anything else bound to system:unauthenticated. CIS 1.2.1 asks for an allowlist: "
                "use exposure 'authentication-config' if your version has it."
            )
