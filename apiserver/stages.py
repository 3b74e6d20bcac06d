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


_OLD_FLAGS = "Set the flags of the phase before ('--back' shows them), node by node."
STAGES: Mapping[tuple[Kind, Phase], Stage] = {
    ("issuer", "accept"): Stage(
        "every API server accepts the new issuer; the old one signs",
        ("control-plane-access",),
        ("control-plane-access",),
        "No token carries the new issuer yet. AWS cannot use the federation yet either.",
        "Put the former flags back: no token carries the new issuer.",
    ),
    ("issuer", "sign"): Stage(
        "the new issuer signs; the old one is accepted",
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
        "While the API servers restart one after the other, tokens of both issuers come into "
        "being, and all API servers accept both. Deploy discovery and identity after it, or STS "
        "refuses its tokens.",
        _OLD_FLAGS + " Tokens of the new issuer stay valid, since it is still accepted.",
    ),
    ("issuer", "wait"): Stage(
        "tokens of the old issuer run out",
        ("control-plane-issuer",),
        ("control-plane-issuer", "token-issuer", "sts-assume-role"),
        "Nothing is set.",
        _OLD_FLAGS,
    ),
    ("issuer", "drop"): Stage(
        "the old issuer is no longer accepted",
        ("control-plane-issuer", "token-issuer"),
        ("control-plane-flags", "token-issuer", "sts-assume-role"),
        "--api-audiences is written out, so that tokens that were asked for the old issuer as "
        "their audience go on logging in.",
        _OLD_FLAGS + " Do it at once where something answers 401.",
    ),
    ("signing-key", "publish"): Stage(
        "every API server verifies with both keys, and publishes both; the old one signs",
        ("control-plane-access", "keys-usable"),
        ("keys-usable", "keys-unique", "keys-count", "keys-private", "token-signature"),
        "AWS has to know the new key before a token is signed with it. Where a bucket serves the "
        "documents, upload those with both keys: 'python -m wizard jwks', and deploy discovery.",
        "Put the former flags back: no token is signed with the new key.",
    ),
    ("signing-key", "sign"): Stage(
        "the new key signs; the old one verifies",
        ("keys-usable", "keys-unique"),
        ("token-signature", "sts-assume-role"),
        "Set --service-account-private-key-file of kube-controller-manager to the new key too.",
        _OLD_FLAGS + " Tokens of the new key stay valid, since it still verifies.",
    ),
    ("signing-key", "wait"): Stage(
        "tokens of the old key run out",
        ("token-signature",),
        ("token-signature", "sts-assume-role"),
        "Nothing is set. Tokens in Secrets of the type kubernetes.io/service-account-token never "
        "run out: delete and make these Secrets anew before the next phase.",
        _OLD_FLAGS,
    ),
    ("signing-key", "drop"): Stage(
        "the old key is no longer accepted, nor published",
        ("token-signature",),
        ("keys-usable", "token-signature", "sts-assume-role"),
        "Where a bucket serves the documents, upload those without the old key afterwards.",
        _OLD_FLAGS + " Do it at once where something answers 401.",
    ),
}
"""What each phase is about; there is nothing to say of `done`."""
