"""The condition keys that AWS knows about a call of sts:AssumeRoleWithWebIdentity.

Computed from the claims of a token and from what a caller knows of the call besides; tested by
`federation.iam.policy_condition`. Which claims become keys: AWS IAM User Guide, "IAM and AWS STS
condition context keys", "Available keys for AWS OIDC federation".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from federation.errors import UserError
from federation.model.names import issuer_key

ContextValues = Mapping[str, str | Sequence[str]]

_BARE_ISSUERS = frozenset({"accounts.google.com"})
"""Issuers that write `iss` without a scheme, as AWS takes them."""


@dataclass(frozen=True)
class RequestContext:
    """The condition keys of one call.

    Attributes:
        values: Key in lower case (key names are not case-sensitive) to its values.
        unavailable: Keys in lower case that a policy may ask for and AWS does not provide, although
            the token has a claim of that name.
        aud_is_azp: Whether the key `aud` has the value of the claim `azp`.
    """

    values: Mapping[str, tuple[str, ...]]
    unavailable: frozenset[str]
    aud_is_azp: bool

    def lookup(self, key: str) -> tuple[str, ...]:
        """Return the values of a key, none where the call has no such key."""
        return self.values.get(key.lower(), ())

    def is_known(self, key: str) -> bool:
        """Whether it can be told without AWS if the call has this key, and with which values."""
        name = key.lower()
        return name in self.values or not name.startswith(_SEEN_BY_AWS_ALONE)


def token_issuer(claims: Mapping[str, Any]) -> str | None:
    """Return a token's issuer as ARNs and condition keys write it: without `https://`.

    Returns:
        Host and path, byte for byte, or `None` for an issuer that AWS never federates with (its
        scheme is not https).

    Raises:
        UserError: The token names no issuer.
    """
    issuer = claims.get("iss")
    if not isinstance(issuer, str) or not issuer:
        raise UserError("The token's claim 'iss' is missing or no text: there is no issuer.")
    if issuer in _BARE_ISSUERS:
        return issuer
    return issuer_key(issuer) if issuer.startswith("https://") else None


def request_context(issuer: str, claims: Mapping[str, Any], extra: ContextValues) -> RequestContext:
    """Put the keys of a call together.

    Args:
        issuer: The issuer without `https://`.
        claims: The token's claims.
        extra: Further condition keys of the call, such as `sts:RoleSessionName`.

    Raises:
        UserError: A claim that AWS makes a key of is neither text nor a list of texts, or the token
            asks for session tags, whose rules are not modelled here.
    """
    for name in claims:
        if name.startswith(_SESSION_CLAIMS):
            raise UserError(
                f"The token's claim {name!r} asks for session tags or a source identity, "
                "which are not evaluated: Kubernetes issues no such token."
            )
    provided = {**_KEYS_OF_ISSUER.get(issuer, {}), **_KEYS_OF_EVERY_ISSUER}
    values = dict(_OF_EVERY_CALL)
    for key, claim in provided.items():
        values[f"{issuer}:{key}".lower()] = _claim(claims, claim)
    authorized_party = _claim(claims, "azp")
    if authorized_party:
        values[f"{issuer}:aud".lower()] = authorized_party
    for key in extra:
        values[key.lower()] = _texts(f"The context key {key!r}", extra, key)
    others = {f"{issuer}:{claim}".lower() for claim in claims} - values.keys()
    return RequestContext(values, frozenset(others), bool(authorized_party))


_SESSION_CLAIMS = ("https://aws.amazon.com/tags", "https://aws.amazon.com/source_identity")
"""AWS IAM User Guide, "Pass session tags in AWS STS"."""

_KEYS_OF_EVERY_ISSUER: Mapping[str, str] = {
    "amr": "amr",
    "aud": "aud",
    "email": "email",
    "oaud": "aud",
    "sub": "sub",
}
"""Key to claim, from the "Default" tab. `aud` is the claim `azp` where the token has one."""

_GITHUB = (
    "actor",
    "actor_id",
    "enterprise_id",
    "environment",
    "job_workflow_ref",
    "ref",
    "repository",
    "repository_id",
    "repository_owner_id",
    "workflow",
)
_KEYS_OF_ISSUER: Mapping[str, Mapping[str, str]] = {
    "token.actions.githubusercontent.com": {claim: claim for claim in _GITHUB},
}
"""Further keys to claims, from the tabs of single providers."""

_OF_EVERY_CALL: Mapping[str, tuple[str, ...]] = {
    "aws:securetransport": ("true",),
    "aws:viaawsservice": ("false",),
}
"""What is alike in every call of the action: it comes over TLS, and with no principal's credentials
with which a service could call on its behalf."""

_SEEN_BY_AWS_ALONE = (
    "aws:currenttime",
    "aws:epochtime",
    "aws:federatedprovider",
    "aws:principalaccount",
    "aws:principaltype",
    "aws:referer",
    "aws:requestedregion",
    "aws:resource",
    "aws:sourceip",
    "aws:sourcevpc",
    "aws:useragent",
    "aws:userid",
    "aws:vpc",
    "iam:resourcetag/",
    "sts:durationseconds",
    "sts:rolesessionname",
)
"""How the keys begin that a call has although no token tells them ("AWS global condition context
keys"). Those of a signed request and of session tags are absent from this call."""


_SEVERAL = ("amr", "aud")
"""Claims that may be a list (OpenID Connect Core, 2; RFC 7519, 4.1.3)."""


def _claim(claims: Mapping[str, Any], name: str) -> tuple[str, ...]:
    if name not in _SEVERAL and not isinstance(claims.get(name, ""), str | None):
        raise UserError(f"The token's claim {name!r} is not text.")
    return _texts(f"The token's claim {name!r}", claims, name)


def _texts(what: str, source: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Return the values of a claim or key; an empty text counts as no value.

    Source: AWS IAM User Guide, "IAM JSON policy elements: Condition", "The request context".
    """
    value = source.get(name)
    values = [value] if isinstance(value, str) else () if value is None else value
    if not isinstance(values, list | tuple) or not all(isinstance(one, str) for one in values):
        raise UserError(f"{what} is neither text nor a list of texts.")
    return tuple(one for one in values if one)
