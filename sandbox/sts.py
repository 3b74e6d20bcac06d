"""STS as strict as AWS's, for AssumeRoleWithWebIdentity; moto alone lets any token in.

A token is taken only if the account has an OIDC provider for its issuer, the issuer presents a
certificate with one of the provider's thumbprints, one of the issuer's published keys verifies it,
its audience is the provider's, it is not expired, and the role's trust policy lets it in. Codes are
those of "AssumeRoleWithWebIdentity" in the STS API Reference, and texts are AWS's own as they are
met; if none is known, it is the reference's sentence for the code.
"""

from __future__ import annotations

import datetime
import re
import time
from collections.abc import Mapping
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from moto.iam.models import IAMBackend, OpenIDConnectProvider, Role, iam_backends

from federation.errors import OidcIamError
from federation.iam.evaluation import evaluate, parse_policy
from federation.keys.token import MAX_LENGTH, MIN_LENGTH, Token
from sandbox.issuer import IssuerError, Network, ThumbprintError, UnreachableError
from sandbox.refusal import RefusedError, invalid

ALGORITHMS = ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512"]
"""What AWS verifies ("AssumeRoleWithWebIdentity", STS API Reference)."""

LEEWAY = 300
"""Seconds for which AWS takes a token after its `exp` (same page)."""

SHORTEST, LONGEST = 900, 43200
"""Seconds of a session."""

_DEFAULT_SESSION = 3600
_SESSION_NAME = r"[\w+=,.@-]*"
_ROLE_ARN = re.compile(r"arn:(aws[a-z-]*):iam::([0-9]{12}):role/.+")


class StrictSts:
    """Checks calls before moto answers them."""

    def __init__(self, network: Network) -> None:
        self._network = network

    def check(self, call: Mapping[str, str]) -> None:
        """Check a call of AssumeRoleWithWebIdentity by its parameters.

        Raises:
            RefusedError: AWS would refuse it.
        """
        _check_parameters(call)
        match = _ROLE_ARN.fullmatch(call["RoleArn"])
        if match is None:
            raise RefusedError("ValidationError", "Request ARN is invalid")
        partition, account = match.groups()
        token = _token(call["WebIdentityToken"])
        provider = _provider(account, partition, token.issuer or "")
        self._verify(token, provider)
        if not set(token.audiences) & set(provider.client_id_list):
            raise _invalid_token("Incorrect token audience")
        _check_times(token)
        role = _role(iam_backends[account][partition], call["RoleArn"])
        _check_trust(role, provider, token, call["RoleSessionName"])
        if _duration(call) > int(role.max_session_duration or _DEFAULT_SESSION):
            raise RefusedError(
                "ValidationError",
                "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
            )

    def _verify(self, token: Token, provider: OpenIDConnectProvider) -> None:
        try:
            jws.deserialize_compact(
                token.encoded,
                KeySet.import_key_set(self._keys(token, provider)),  # type: ignore[arg-type]
                algorithms=ALGORITHMS,
            )
        except (JoseError, ValueError, KeyError, TypeError) as error:
            # The error may quote the token or the keys.
            raise _invalid_token(
                "The web identity token that was passed could not be validated by AWS. Get a new "
                "identity token from the identity provider and then retry the request.",
                f"{type(error).__name__}, {token.algorithm} with key {token.key_id}",
            ) from None

    def _keys(self, token: Token, provider: OpenIDConnectProvider) -> dict[str, Any]:
        """The issuer's keys, with the one that the token names among them."""
        thumbprints = [each.lower() for each in provider.thumbprint_list]
        try:
            keys = self._network.published_keys(token.issuer or "", thumbprints)
            if token.key_id not in {key.get("kid") for key in keys["keys"]}:
                raise IssuerError(f"there is no key {token.key_id} among the published ones")
        except ThumbprintError as error:
            raise _invalid_token(
                "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint",
                str(error),
            ) from None
        except UnreachableError as error:
            raise RefusedError(
                "IDPCommunicationError",
                "The request could not be fulfilled because the identity provider (IDP) that was "
                "asked to verify the incoming identity token could not be reached.",
                reason=str(error),
            ) from None
        except IssuerError as error:
            raise _invalid_token(
                "Couldn't retrieve verification key from your identity provider,  please "
                "reference AssumeRoleWithWebIdentity documentation for requirements",
                str(error),
            ) from None
        return keys


def _check_parameters(call: Mapping[str, str]) -> None:
    for name in ("RoleArn", "RoleSessionName", "WebIdentityToken"):
        if not call.get(name):
            raise invalid(name[0].lower() + name[1:], None, "not be null")
    length = len(call["WebIdentityToken"])
    if length < MIN_LENGTH:
        text = f"have length greater than or equal to {MIN_LENGTH}"
        raise invalid("webIdentityToken", None, text)
    if length > MAX_LENGTH:
        raise invalid("webIdentityToken", None, f"have length less than or equal to {MAX_LENGTH}")
    _check_session_name(call["RoleSessionName"])
    duration = call.get("DurationSeconds", "")
    if _duration(call) < SHORTEST:
        text = f"have value greater than or equal to {SHORTEST}"
        raise invalid("durationSeconds", duration, text)
    if _duration(call) > LONGEST:
        raise invalid("durationSeconds", duration, f"have value less than or equal to {LONGEST}")


def _check_session_name(name: str) -> None:
    if not re.fullmatch(_SESSION_NAME, name, re.ASCII):
        text = f"satisfy regular expression pattern: {_SESSION_NAME}"
        raise invalid("roleSessionName", name, text)
    if len(name) < 2:
        raise invalid("roleSessionName", name, "have length greater than or equal to 2")
    if len(name) > 64:
        raise invalid("roleSessionName", name, "have length less than or equal to 64")


def _duration(call: Mapping[str, str]) -> int:
    text = call.get("DurationSeconds", str(_DEFAULT_SESSION))
    return int(text) if re.fullmatch("[0-9]{1,9}", text) else -1


def _token(text: str) -> Token:
    try:
        return Token.parse(text)
    except OidcIamError as error:
        raise _invalid_token(
            "The ID Token provided is not a valid JWT. "
            "(You may see this error if you sent an Access Token)",
            str(error),
        ) from None


def _provider(account: str, partition: str, issuer: str) -> OpenIDConnectProvider:
    # Asking moto for an unknown account would make it.
    providers = (
        iam_backends[account][partition].open_id_providers.values()
        if account in iam_backends
        else ()
    )
    for provider in providers:
        if f"https://{provider.url}" == issuer:
            return provider
    raise _invalid_token(f"No OpenIDConnect provider found in your account for {issuer}")


def _check_times(token: Token) -> None:
    now = int(time.time())
    for claim, value in (("exp", token.expires), ("iat", token.issued)):
        if value is None:
            raise _invalid_token(f"Missing a required claim: {claim}")
    if token.expires is not None and now >= token.expires + LEEWAY:
        raise RefusedError(
            "ExpiredTokenException",
            f"Token expired: current date/time {now} must be before the expiration date/time "
            f"{token.expires}",
        )
    if token.not_before is not None and now + LEEWAY < token.not_before:
        raise _invalid_token(
            f"Token not yet valid: current date/time {now} must be after {token.not_before}"
        )


def _role(backend: IAMBackend, arn: str) -> Role:
    for role in backend.get_roles():
        if role.arn == arn:
            return role
    # AWS does not tell a role that is not there from one that does not let in.
    raise _not_authorized("there is no such role")


def _check_trust(
    role: Role, provider: OpenIDConnectProvider, token: Token, session_name: str
) -> None:
    context = {
        "sts:RoleSessionName": session_name,
        "aws:CurrentTime": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }
    try:
        policy = parse_policy(role.assume_role_policy_document)
        decision = evaluate(policy, token.claims, federated=provider.arn, context=context)
    except OidcIamError as error:
        raise _not_authorized(str(error)) from None
    if not decision.allowed:
        raise _not_authorized(" ".join(decision.reasons))


def _invalid_token(message: str, reason: str = "") -> RefusedError:
    return RefusedError("InvalidIdentityToken", message, reason=reason)


def _not_authorized(reason: str) -> RefusedError:
    message = "Not authorized to perform sts:AssumeRoleWithWebIdentity"
    return RefusedError("AccessDenied", message, status=403, reason=reason)
