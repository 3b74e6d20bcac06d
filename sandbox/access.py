"""Who may call the sandbox's AWS: the holder of an access key that the sandbox made or gave out.

Every user of the machine, and every page in its browsers, can reach a port on loopback. So a call
needs the sandbox's own access key, or one that IAM or STS has made in it. The ID of the key is
compared, and the signature is not checked: the ID is random, and as secret as the key.

Two kinds of call come without a key, as in AWS: AssumeRoleWithWebIdentity, which `sandbox.sts`
checks, and reading an object by the host name of its bucket, which moto's S3 judges by the bucket's
policy.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from sandbox.refusal import RefusedError

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

VARIABLE = "OIDC_IAM_SANDBOX_ACCESS_KEY_ID"
"""Gives the server the ID of the sandbox's own key."""

UNSIGNED = "AssumeRoleWithWebIdentity"
"""The one action that AWS takes from strangers."""

_SCOPE = re.compile(r"Credential=([^/,\s]+)/")
_BUCKET_HOST = re.compile(r"[a-z0-9.-]+\.s3[.-][a-z0-9-]+\.amazonaws\.com(\.cn)?(:\d+)?", re.ASCII)
_NO_OBJECTS = ("/moto-api", "/latest/", "/favicon.ico")
"""Paths that moto answers itself, whatever the host."""


@dataclass(frozen=True)
class AccessKey:
    """An access key: its ID, and the secret that signs."""

    id: str
    secret: str

    @classmethod
    def new(cls) -> Self:
        """A random one."""
        return cls(f"SANDBOX{secrets.token_hex(16).upper()}", secrets.token_urlsafe(30))

    @property
    def header(self) -> str:
        """The header `Authorization` of a call that is the sandbox's own and not AWS's."""
        return f"AWS4-HMAC-SHA256 Credential={self.id}/"


def check(environ: WSGIEnvironment, call: Mapping[str, str], own: str) -> None:
    """Refuse a request that comes without a key of this sandbox.

    Args:
        environ: the request.
        call: its parameters.
        own: the ID of the sandbox's own key.

    Raises:
        RefusedError: it has no key and needs one, or one that is not known here.
    """
    key = _key_id(environ, call)
    if key is None:
        if not _is_for_strangers(environ, call):
            raise _missing(call)
    elif not hmac.compare_digest(key.encode(), own.encode()) and not _given_out(key):
        raise _unknown(call)


def _key_id(environ: WSGIEnvironment, call: Mapping[str, str]) -> str | None:
    found = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
    # A presigned address of S3 has one of these two, by the version of its signature.
    presigned = call.get("X-Amz-Credential") or call.get("AWSAccessKeyId")
    return found[1] if found else presigned and presigned.partition("/")[0]


def _is_for_strangers(environ: WSGIEnvironment, call: Mapping[str, str]) -> bool:
    path = environ.get("PATH_INFO", "")
    if "Action" in call:
        return call["Action"] == UNSIGNED and path == "/"
    reads = environ.get("REQUEST_METHOD") in ("GET", "HEAD")
    named = _BUCKET_HOST.fullmatch(environ.get("HTTP_HOST", ""))
    return bool(reads and named) and path != "/" and not path.startswith(_NO_OBJECTS)


def _given_out(key: str) -> bool:
    """Whether IAM or STS has made a key here."""
    from moto.iam.models import iam_backends
    from moto.sts.models import sts_backends

    # Copies: other threads make accounts.
    users = [each for account in [*iam_backends.values()] for each in [*account.values()]]
    sessions = [each for account in [*sts_backends.values()] for each in [*account.values()]]
    return any(key in each.access_keys for each in users) or any(
        each.get_assumed_role_from_access_key(key) for each in sessions
    )


def _missing(call: Mapping[str, str]) -> RefusedError:
    if "Action" not in call:
        return RefusedError("AccessDenied", "Access Denied", status=403)
    text = "Request is missing Authentication Token"
    return RefusedError("MissingAuthenticationToken", text, status=403)


def _unknown(call: Mapping[str, str]) -> RefusedError:
    if "Action" not in call:
        text = "The AWS Access Key Id you provided does not exist in our records."
        return RefusedError("InvalidAccessKeyId", text, status=403)
    text = "The security token included in the request is invalid."
    return RefusedError("InvalidClientTokenId", text, status=403)
