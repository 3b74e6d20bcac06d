"""`trust`: whether a trust policy, ours or anybody's, lets a token in, and if not, why not.

Nothing is contacted: the policy and the token come from files, the verdict from
`federation.iam.evaluation`. Exit codes: 0 let in, 1 not let in, 2 bad input.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import click

from federation.errors import UserError
from federation.iam.evaluation import Decision, evaluate, parse_policy, provider_issuer
from federation.iam.request_context import token_issuer
from federation.keys.token import Token
from federation.strict_json import json_object
from wizard import printer
from wizard.cli.options import json_option, read_text


@click.command()
@click.option("--policy", required=True, metavar="FILE", help="The trust policy; - reads stdin.")
@click.option(
    "--token", metavar="FILE", help="A file with the token, not the token; - reads stdin."
)
@click.option("--claims", metavar="FILE", help="The claims of a token as JSON; - reads stdin.")
@click.option(
    "--provider", metavar="ARN", help="The token's provider; by default any of its issuer."
)
@click.option(
    "--context",
    "pairs",
    metavar="KEY=VALUE",
    multiple=True,
    help="What AWS knows besides, such as sts:RoleSessionName=app or aws:SourceIp=203.0.113.9.",
)
@json_option
def trust(
    policy: str,
    token: str | None,
    claims: str | None,
    provider: str | None,
    pairs: tuple[str, ...],
    as_json: bool,
) -> None:
    """Decide whether a trust policy lets a token in.

    The token's signature and times are not looked at. Exit codes: 0 let in, 1 not, 2 bad input.
    """
    if [policy, token, claims].count("-") > 1:
        raise UserError("stdin can be read once: give one of the two inputs as a file.")
    parsed, given = parse_policy(read_text("--policy", policy)), _claims(token, claims)
    if provider is not None:
        _check_provider(provider, given)
    decision = evaluate(
        parsed,
        given,
        federated=provider,
        context=_now() | dict(map(_pair, pairs)),
    )
    _report(decision, as_json)
    sys.exit(0 if decision.allowed else 1)


def _claims(token: str | None, claims: str | None) -> Mapping[str, Any]:
    if (token is None) == (claims is None):
        raise UserError("Give --token FILE or --claims FILE, one of them.")
    if token is not None:
        return Token.parse(read_text("--token", token)).claims
    return json_object("The file of claims", read_text("--claims", str(claims)))


def _check_provider(arn: str, claims: Mapping[str, Any]) -> None:
    issuer = token_issuer(claims)
    of_provider = provider_issuer(arn)
    if of_provider is None:
        raise UserError(
            f"--provider {arn!r} is not the ARN of an OIDC provider, "
            "arn:aws:iam::ACCOUNT:oidc-provider/ISSUER."
        )
    if issuer is not None and of_provider != issuer:
        raise UserError(
            f"--provider is of the issuer {of_provider!r}, and the token of {issuer!r}: AWS looks "
            "for the provider of the token's own issuer."
        )


def _now() -> dict[str, str]:
    """What AWS would say of the time of a call made now."""
    now = datetime.now(UTC).replace(microsecond=0)
    return {"aws:CurrentTime": now.isoformat(), "aws:EpochTime": str(int(now.timestamp()))}


def _pair(text: str) -> tuple[str, str]:
    key, found, value = text.partition("=")
    if not found or not key:
        raise UserError(f"--context {text!r} is not KEY=VALUE.")
    return key, value


def _report(decision: Decision, as_json: bool) -> None:
    if as_json:
        printer.show_json(
            {
                "allowed": decision.allowed,
                "statement": decision.statement,
                "reasons": list(decision.reasons),
            }
        )
    elif decision.allowed:
        printer.say(f"Let in by Statement[{decision.statement}].")
    else:
        printer.say("Not let in:")
        for reason in decision.reasons:
            printer.say(f"  {reason}")
