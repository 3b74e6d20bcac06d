"""The phases of a migration, and what each is about: its checks, and its way back.

`apiserver.migration` goes through them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["issuer", "signing-key"]
Phase = Literal["accept", "publish", "sign", "wait", "drop", "done"]

PHASES: Mapping[Kind, tuple[Phase, ...]] = {
    "issuer": ("accept", "sign", "wait", "drop", "done"),
    "signing-key": ("publish", "sign", "wait", "drop", "done"),
}


@dataclass(frozen=True)
class Stage:
    """What a phase is about.

    Attributes:
        title: in one line.
        entry: doctor codes that must be passed to enter it.
        exit: doctor codes that must be passed to leave it.
        what: what happens in it.
        back: the way back.
    """

    title: str
    entry: tuple[str, ...]
    exit: tuple[str, ...]
    what: str
    back: str


_OLD_FLAGS = "Set the flags of the previous phase ('--back' shows them), node by node."
STAGES: Mapping[tuple[Kind, Phase], Stage] = {
    ("issuer", "accept"): Stage(
        "every API server accepts the new issuer; the old issuer signs",
        ("control-plane-access",),
        ("control-plane-access",),
        "No token has the new issuer yet, and AWS cannot use the federation yet.",
        "Restore the former flags: no token has the new issuer.",
    ),
    ("issuer", "sign"): Stage(
        "the new issuer signs; the old issuer is accepted",
        ("control-plane-access", "tls-connect", "tls-name"),
        (
            "control-plane-issuer",
            "control-plane-flags",
            "discovery-readable",
            "discovery-issuer",
            "discovery-jwks-uri",
            "token-issuer",
            "token-signature",
            "sts-assume-role",
        ),
        "While the API servers restart one by one, they issue tokens with both issuers, and all "
        "of them accept both. Deploy discovery and identity afterwards, or STS rejects the new "
        "tokens.",
        _OLD_FLAGS + " Tokens with the new issuer stay valid, because it is still accepted.",
    ),
    ("issuer", "wait"): Stage(
        "tokens with the old issuer expire",
        ("control-plane-issuer",),
        ("control-plane-issuer", "token-issuer", "sts-assume-role"),
        "No flags change.",
        _OLD_FLAGS,
    ),
    ("issuer", "drop"): Stage(
        "the old issuer is no longer accepted",
        ("control-plane-issuer", "token-issuer"),
        ("control-plane-flags", "token-issuer", "sts-assume-role"),
        "--api-audiences is set explicitly, so tokens requested with the old issuer as audience "
        "can still log in.",
        _OLD_FLAGS + " Do it at once if a client gets 401.",
    ),
    ("signing-key", "publish"): Stage(
        "every API server verifies with and publishes both keys; the old key signs",
        ("control-plane-access", "keys-usable"),
        ("keys-usable", "keys-unique", "keys-count", "keys-private", "token-signature"),
        "AWS must know the new key before it signs a token. If a bucket serves the documents, "
        "upload them with both keys: run 'python -m wizard jwks', and deploy discovery.",
        "Restore the former flags: no token is signed with the new key.",
    ),
    ("signing-key", "sign"): Stage(
        "the new key signs; the old key still verifies",
        ("keys-usable", "keys-unique"),
        ("token-signature", "sts-assume-role"),
        "Set --service-account-private-key-file of kube-controller-manager to the new key too.",
        _OLD_FLAGS + " Tokens signed with the new key stay valid, because it still verifies.",
    ),
    ("signing-key", "wait"): Stage(
        "tokens signed with the old key expire",
        ("token-signature",),
        ("token-signature", "sts-assume-role"),
        "No flags change. Tokens in Secrets of the type kubernetes.io/service-account-token never "
        "expire: delete and recreate these Secrets before the next phase.",
        _OLD_FLAGS,
    ),
    ("signing-key", "drop"): Stage(
        "the old key is no longer accepted or published",
        ("token-signature",),
        ("keys-usable", "token-signature", "sts-assume-role"),
        "If a bucket serves the documents, then upload them without the old key.",
        _OLD_FLAGS + " Do it at once if a client gets 401.",
    ),
}
"""What each phase is about; there is nothing to say of `done`."""
