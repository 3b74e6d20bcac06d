"""A service account token as text that is decoded, not verified, and never shown whole.

The text comes from a file, a pod or the TokenRequest API; its claims go to the evaluator of trust
policies and to the doctor, the text itself only to anyone who verifies or presents it. Form: RFC
7515 (compact serialization) and RFC 7519 (claims).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from federation.errors import UserError
from federation.strict_json import json_object

MIN_LENGTH = 4
MAX_LENGTH = 20_000
"""Characters of a token that STS takes (STS API, AssumeRoleWithWebIdentity)."""


@dataclass(frozen=True, eq=False, repr=False)
class Token:
    """A decoded token; its text is in `encoded` and in no printed form.

    Attributes:
        header: The JOSE header, read-only.
        claims: The claims, read-only.
        issuer: `iss`.
        subject: `sub`, for a service account `system:serviceaccount:NAMESPACE:NAME`.
        audiences: `aud`, one or several.
        expires: `exp`, in seconds since the epoch.
        issued: `iat`, in seconds since the epoch.
        not_before: `nbf`, in seconds since the epoch.
        key_id: `kid`, the key that signed it.
        algorithm: `alg`, such as `RS256`.
        encoded: The text, a secret as long as the token lives.

    What a token lacks is `None` (`audiences`: empty).
    """

    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    issuer: str | None
    subject: str | None
    audiences: tuple[str, ...]
    expires: int | None
    issued: int | None
    not_before: int | None
    key_id: str | None
    algorithm: str | None
    encoded: str = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> Token:
        """Decode a token; white space around it is ignored, its signature is not looked at.

        Raises:
            UserError: The text is not a token in the compact form, is too long for STS, or a claim
                has a value of the wrong type. The message quotes nothing of the token.
        """
        encoded = text.strip()
        header, claims = _decode(encoded)
        return cls(
            header=MappingProxyType(header),
            claims=MappingProxyType(claims),
            issuer=_text("claim", claims, "iss"),
            subject=_text("claim", claims, "sub"),
            audiences=_audiences(claims),
            expires=_seconds(claims, "exp"),
            issued=_seconds(claims, "iat"),
            not_before=_seconds(claims, "nbf"),
            key_id=_text("header", header, "kid"),
            algorithm=_text("header", header, "alg"),
            encoded=encoded,
        )

    def redacted(self) -> str:
        """A form to show: how the header begins, and how long the whole is."""
        return _redact(self.encoded)

    def __repr__(self) -> str:
        return f"Token({self.redacted()})"

    def __str__(self) -> str:
        return self.redacted()


def _redact(encoded: str) -> str:
    return f"{encoded.partition('.')[0][:_SHOWN]}... ({len(encoded)} characters)"


_SHOWN = 4
_PARTS = 3
_ENCRYPTED_PARTS = 5
"""Of RFC 7516."""
_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")


def _decode(encoded: str) -> tuple[dict[str, Any], dict[str, Any]]:
    if not MIN_LENGTH <= len(encoded) <= MAX_LENGTH:
        raise UserError(
            f"The token has {len(encoded)} characters: STS takes {MIN_LENGTH} to {MAX_LENGTH}."
        )
    parts = encoded.split(".")
    if len(parts) == _ENCRYPTED_PARTS:
        raise UserError(
            "The token has five parts between dots, so that it is an encrypted one: STS takes "
            "signed ones (HEADER.PAYLOAD.SIGNATURE)."
        )
    if len(parts) != _PARTS:
        raise UserError(
            f"The token has {len(parts)} parts between dots where a signed one has three "
            "(HEADER.PAYLOAD.SIGNATURE): give the token alone, as the API server issued it."
        )
    if not parts[-1]:
        raise UserError("The token has an empty signature: STS takes signed ones.")
    names = ("header", "payload", "signature")
    header, claims, _ = (_bytes(name, part) for name, part in zip(names, parts, strict=True))
    return _object("header", header), _object("payload", claims)


def _bytes(name: str, part: str) -> bytes:
    try:
        if not _BASE64URL.fullmatch(part):
            raise binascii.Error
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except binascii.Error:
        raise UserError(f"The token's {name} is not base64url without padding.") from None


def _object(name: str, part: bytes) -> dict[str, Any]:
    try:
        text = part.decode()
    except UnicodeDecodeError:
        raise UserError(f"The token's {name} is not UTF-8.") from None
    return json_object(f"The token's {name}", text)


def _text(kind: str, members: Mapping[str, Any], name: str) -> str | None:
    value = members.get(name)
    if value is not None and not isinstance(value, str):
        raise UserError(f"The token's {kind} '{name}' is not text.")
    return value


def _audiences(claims: Mapping[str, Any]) -> tuple[str, ...]:
    value = claims.get("aud", ())
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list | tuple) or not all(isinstance(one, str) for one in values):
        raise UserError("The token's claim 'aud' is neither text nor a list of texts.")
    return tuple(values)


def _seconds(claims: Mapping[str, Any], name: str) -> int | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UserError(f"The token's claim '{name}' is not a number of seconds.")
    try:
        return int(value)
    except OverflowError:
        raise UserError(f"The token's claim '{name}' is not a time.") from None
