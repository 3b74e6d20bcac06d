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
        before: the settings that run now; None where they are not known.
        after: the settings to run.
    """
    config = goal.config
    if before is None and not goal.is_new:
        yield _unknown(goal, after)
    yield from _about_audiences(goal, before, after)
    is_early = goal.minor is not None and goal.minor < DISCOVERY_BY_DEFAULT
    if is_early and after.signing_key_file is None:
        yield (
            f"Kubernetes 1.{goal.minor} issues tokens for pods with --{SIGNING_KEY_FILE} alone: "
            f"set it to the key whose public part is in --{KEY_FILE} "
            "(--service-account-private-key-file of the controller manager)."
        )
    if before is not None and before.issuers[:1] not in ((), (config.issuer,)):
        yield (
            "The issuer that signs changes. With several API servers, those that are changed first "
            "issue tokens that the others refuse: use 'python -m wizard apiserver --migrate'."
        )
    if config.discovery.hosting == "s3" and goal.exposure != "none":
        yield (
            "A bucket serves the documents, so that the API server needs to take no anonymous "
            "request for them: exposure 'none' is enough."
        )
    if "/" in config.issuer_key and goal.reaches_server:
        yield (
            f"{config.issuer} has a path, and the API server serves the documents at its root "
            "alone: a proxy or a bucket has to serve them below the path."
        )
    yield from _about_anonymous(goal, before, after)
    yield from goal.distribution.caution(goal, before, after)


def _unknown(goal: Goal, after: Settings) -> str:
    text = "What runs now is not known: read it with --from."
    if goal.kept_issuers:
        return f"{text} The issuers of --keep-issuer are kept."
    if len(after.issuers) > 1:
        return (
            f"{text} {after.issuers[1]} is kept, which is the default of "
            f"{goal.distribution.title}; another one would have to follow it, or tokens fail."
        )
    return (
        f"{text} Every --{ISSUER} that is set must follow the new one, every --{KEY_FILE} must "
        f"stay, and --{AUDIENCES} must stay as it is, or tokens in use fail."
    )


def _about_audiences(goal: Goal, before: Settings | None, after: Settings) -> Iterator[str]:
    taken = [each for each in goal.config.audience if each in after.api_audiences]
    if taken:
        others = [each for each in after.api_audiences if each not in taken]
        yield (
            f"--{AUDIENCES} has {taken[0]}: whoever sees a token on its way to AWS can log in to "
            f"the cluster with it. Take it out in two steps: first --{AUDIENCES}="
            f"{','.join(dict.fromkeys((*others, *after.issuers, *taken)))}; then, when every token "
            f"has been renewed (24 hours, with injected tokens up to a year), without {taken[0]}."
        )
    if not after.api_audiences:
        own = [each for each in goal.config.audience if each in after.issuers]
        defaults = goal.distribution.audiences if before is None else ()
        if own and not defaults:
            yield (
                f"The audience {own[0]} is the issuer, which the API server takes as its own "
                "audience: tokens for AWS log in to the cluster. Give AWS an audience of its own."
            )


def _about_anonymous(goal: Goal, before: Settings | None, after: Settings) -> Iterator[str]:
    if goal.exposure == "authentication-config":
        if after.authentication_config != goal.authentication_file:
            yield (
                f"{after.authentication_config} is in use and gets 'anonymous', which counts after "
                "a restart only."
            )
        for gate in feature_gates(goal.minor):
            yield f"{gate.partition('=')[0]} is an alpha feature in 1.{goal.minor}."
    if goal.exposure == "binding":
        if after.authentication_config:
            yield (
                f"--{AUTHENTICATION_CONFIG} is in use: if the file has 'anonymous', its paths "
                f"decide, and {' and '.join(DISCOVERY_PATHS)} must be among them."
            )
        was_off = before.anonymous_auth == "false" if before else not goal.distribution.anonymous
        if was_off:
            yield (
                "Anonymous requests were refused altogether, and will be taken on every path that "
                "RBAC grants them: besides the two documents /version, /livez, /readyz and "
                "/healthz, and whatever else is bound to system:unauthenticated. CIS 1.2.1 asks "
                "for an allowlist: exposure 'authentication-config' where the version has it."
            )
