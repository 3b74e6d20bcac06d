"""STS as strict as AWS's, for AssumeRoleWithWebIdentity; moto alone lets any token in.

A token is taken only if the account has an OIDC provider for its issuer, the issuer presents a
certificate with one of the provider's thumbprints, one of the issuer's published keys verifies it,
its audience is the provider's, it is not expired, and the role's trust policy lets it in. The codes
and texts of refusals are AWS's own ("AssumeRoleWithWebIdentity", AWS STS API reference).
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
from federation.evaluation import evaluate, parse_policy
from federation.names import issuer_key
from federation.token import MAX_LENGTH, MIN_LENGTH, Token
from sandbox.issuer import IssuerError, ThumbprintError, published_keys

ALGORITHMS = ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512"]
"""What AWS verifies ("Create an OpenID Connect identity provider in IAM", IAM user guide)."""

LEEWAY = 300
"""Seconds for which AWS takes a token after its `exp`."""

_ROLE_ARN = re.compile(r"arn:(aws[a-z-]*):iam::(\d{12}):role/.+")
_INVALID = "InvalidIdentityToken"


class RefusedError(Exception):
    """What STS answers instead of credentials; `reason` is for the log alone."""

    def __init__(self, code: str, message: str, *, status: int = 400, reason: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.status, self.reason = code, message, status, reason


class StrictSts:
    """Checks calls before moto answers them.

    Args:
        issuers: hosts of issuers, each with the address to connect to instead.
    """

    def __init__(self, issuers: Mapping[str, tuple[str, int]]) -> None:
        self._issuers = issuers

    def check(self, call: Mapping[str, str]) -> None:
        """Check a call of AssumeRoleWithWebIdentity by its parameters.

        Raises:
            RefusedError: AWS would refuse it.
        """
        _check_parameters(call)
        token = _token(call["WebIdentityToken"])
        match = _ROLE_ARN.fullmatch(call.get("RoleArn", ""))
        if match is None:
            raise RefusedError("ValidationError", f"{call.get('RoleArn', '')} is invalid")
        partition, account = match.groups()
        backend: IAMBackend = iam_backends[account][partition]
        provider = _provider(backend, token)
        self._verify(token, provider)
        _check_audience(token, provider)
        _check_times(token)
        role = _role(backend, call["RoleArn"])
        _check_trust(role, provider, token, call)

    def _verify(self, token: Token, provider: OpenIDConnectProvider) -> None:
        host, _, path = issuer_key(token.issuer or "").partition("/")
        address = self._issuers.get(host, (host, 443))
        try:
            keys = published_keys(
                host, address, f"/{path}" if path else "", provider.thumbprint_list
            )
        except ThumbprintError:
            raise RefusedError(
                _INVALID,
                "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint",
            ) from None
        except IssuerError as error:
            if not error.reached:
                raise RefusedError(
                    "IDPCommunicationError",
                    "The identity provider could not be reached.",
                    reason=str(error),
                ) from error
            raise RefusedError(
                _INVALID,
                "Couldn't retrieve verification key from your identity provider, please "
                "reference AssumeRoleWithWebIdentity documentation for requirements",
                reason=str(error),
            ) from error
        try:
            jws.deserialize_compact(
                token.encoded, KeySet.import_key_set(keys), algorithms=ALGORITHMS
            )
        except (JoseError, ValueError) as error:
            raise RefusedError(
                _INVALID,
                "Provided Token is not a valid JWT: its signature does not match",
                reason=type(error).__name__,
            ) from None


def _check_parameters(call: Mapping[str, str]) -> None:
    length = len(call.get("WebIdentityToken", ""))
    if not MIN_LENGTH <= length <= MAX_LENGTH:
        raise RefusedError(
            "ValidationError",
            "1 validation error detected: Value at 'webIdentityToken' failed to satisfy "
            f"constraint: Member must have length between {MIN_LENGTH} and {MAX_LENGTH}",
        )
    if not re.fullmatch(r"[\w+=,.@-]{2,64}", call.get("RoleSessionName", ""), re.ASCII):
        raise RefusedError(
            "ValidationError",
            "1 validation error detected: Value at 'roleSessionName' failed to satisfy "
            "constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]{2,64}",
        )
    if not 900 <= _duration(call) <= 43200:
        raise RefusedError(
            "ValidationError",
            "1 validation error detected: Value at 'durationSeconds' failed to satisfy "
            "constraint: Member must have value between 900 and 43200",
        )


def _duration(call: Mapping[str, str]) -> int:
    text = call.get("DurationSeconds", "3600")
    return int(text) if text.isdecimal() else -1


def _token(text: str) -> Token:
    try:
        return Token.parse(text)
    except OidcIamError as error:
        raise RefusedError(
            _INVALID,
            "The ID Token provided is not a valid JWT. "
            "(You may see this error if you sent an Access Token)",
            reason=str(error),
        ) from None


def _provider(backend: IAMBackend, token: Token) -> OpenIDConnectProvider:
    issuer = token.issuer or ""
    for provider in backend.open_id_providers.values():
        if provider.url == issuer_key(issuer):
            return provider
    raise RefusedError(_INVALID, f"No OpenIDConnect provider found in your account for {issuer}")


def _check_audience(token: Token, provider: OpenIDConnectProvider) -> None:
    if not set(token.audiences) & set(provider.client_id_list):
        raise RefusedError(_INVALID, "Incorrect token audience")


def _check_times(token: Token) -> None:
    now = int(time.time())
    if token.expires is None or token.issued is None:
        raise RefusedError(_INVALID, "Missing a required claim: exp, iat")
    if now > token.expires + LEEWAY:
        raise RefusedError(
            "ExpiredTokenException",
            f"Token expired: current date/time {now} must be before the expiration date/time "
            f"{token.expires}",
        )
    if token.not_before is not None and now + LEEWAY < token.not_before:
        raise RefusedError(_INVALID, "Token is not valid yet")


def _role(backend: IAMBackend, arn: str) -> Role:
    for role in backend.roles.values():
        if role.arn == arn:
            return role
    # AWS does not tell a role that is not there from one that does not let in.
    raise _not_authorized("there is no such role")


def _check_trust(
    role: Role, provider: OpenIDConnectProvider, token: Token, call: Mapping[str, str]
) -> None:
    if _duration(call) > int(role.max_session_duration or 3600):
        raise RefusedError(
            "ValidationError",
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        )
    context: dict[str, Any] = {
        "sts:RoleSessionName": call["RoleSessionName"],
        "aws:CurrentTime": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }
    try:
        policy = parse_policy(role.assume_role_policy_document)
        decision = evaluate(policy, token.claims, federated=provider.arn, context=context)
    except OidcIamError as error:
        raise _not_authorized(str(error)) from None
    if not decision.allowed:
        raise _not_authorized(" ".join(decision.reasons))


def _not_authorized(reason: str) -> RefusedError:
    message = "Not authorized to perform sts:AssumeRoleWithWebIdentity"
    return RefusedError("AccessDenied", message, status=403, reason=reason)
