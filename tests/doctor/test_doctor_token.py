"""Tokens given by file: each thing that can be wrong with one is named by one code."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import ECKey, Key, OctKey, RSAKey
from stand_in_issuer import (
    AUTHORITY,
    DISCOVERY,
    DOCUMENT,
    ISSUER,
    JWKS,
    KEY,
    config_for,
    key_set,
    page,
    server_context,
    serving,
)

from doctor.examination import Options
from doctor.finding import Finding
from doctor.runner import examined

ABOUT = "default/app"
SUBJECT = "system:serviceaccount:default:app"
EC = ECKey.generate_key("P-256", {"kid": "second", "alg": "ES256", "use": "sig"})
CODES = [
    "token-obtained",
    "token-header",
    "token-signature",
    "token-issuer",
    "token-audience",
    "token-subject",
    "token-times",
]


def signed(key: Key = KEY, alg: str = "RS256", kid: str | None = "first", **claims: object) -> str:
    """A good token, with changes; None leaves something out."""
    good = {"iss": ISSUER, "sub": SUBJECT, "aud": ["sts.amazonaws.com"], **at(iat=-10, exp=590)}
    header = {"alg": alg, "kid": kid} if kid else {"alg": alg}
    payload = {name: value for name, value in (good | claims).items() if value is not None}
    return jws.serialize_compact(header, json.dumps(payload), key, algorithms=[alg])


def at(**seconds: int) -> dict[str, Any]:
    """Times from now."""
    now = int(time.time())
    return {claim: now + value for claim, value in seconds.items()}


async def look(token: str, folder: Path) -> list[Finding]:
    file = folder / "token"
    file.write_text(token)
    options = Options(
        ca_file=AUTHORITY.file(folder),
        token_file=file,
        only=frozenset({"token"}),
        skip=frozenset({"control-plane"}),
    )
    keys = page(key_set(KEY.as_dict(private=False), EC.as_dict(private=False)))
    pages = {DISCOVERY: DOCUMENT, JWKS: keys}
    with serving({**pages}, server_context("good", folder)) as port:
        return await examined(config_for(port), options)


async def test_a_good_token_passes(tmp_path: Path) -> None:
    findings = await look(signed(), tmp_path)

    assert [(each.verdict, each.code, each.about) for each in findings] == [
        ("pass", code, ABOUT) for code in CODES
    ]


async def test_a_token_of_an_ec_key_passes(tmp_path: Path) -> None:
    findings = await look(signed(EC, "ES256", "second"), tmp_path)

    assert [each.verdict for each in findings] == ["pass"] * len(CODES)


OTHER = RSAKey.generate_key(2048)


def flaws() -> dict[str, tuple[str, list[str]]]:
    """Tokens with what is told of them; recreated each time, since their times go on."""
    parts = signed().split(".")
    return {
        "another issuer": (signed(iss="https://kubernetes.default.svc"), ["fail token-issuer"]),
        "an issuer with a slash": (signed(iss=f"{ISSUER}/"), ["fail token-issuer"]),
        "no issuer": (signed(iss=None), ["fail token-issuer"]),
        "another audience": (signed(aud=["vault"]), ["fail token-audience"]),
        "no audience": (signed(aud=None), ["fail token-audience"]),
        "another subject": (
            signed(sub="system:serviceaccount:default:default"),
            ["fail token-subject"],
        ),
        "no subject": (signed(sub=None), ["fail token-subject"]),
        "another key": (signed(OTHER, kid="third"), ["fail token-signature"]),
        "another key of the same name": (signed(OTHER), ["fail token-signature"]),
        "a signature of other claims": (
            ".".join([*signed(sub="system:serviceaccount:default:app2").split(".")[:2], parts[2]]),
            ["fail token-signature", "fail token-subject"],
        ),
        "no name of a key": (
            signed(kid=None),
            ["fail token-header", "fail token-signature"],
        ),
        "a secret instead of a key": (
            signed(OctKey.import_key("s" * 64), "HS256"),
            ["fail token-header", "fail token-signature"],
        ),
        "expired within the grace": (
            signed(**at(exp=-100, iat=-700, nbf=-700)),
            ["warn token-times"],
        ),
        "expired": (signed(**at(exp=-400, iat=-1000, nbf=-1000)), ["fail token-times"]),
        "not valid yet, within the grace": (
            signed(**at(nbf=100, iat=100, exp=700)),
            ["warn token-times"],
        ),
        "issued in the future": (signed(**at(iat=1000, exp=2000)), ["fail token-times"]),
        "valid in the future": (signed(**at(nbf=1000, exp=2000)), ["fail token-times"]),
        "no end": (signed(exp=None), ["fail token-times"]),
        "no beginning": (signed(iat=None), ["fail token-times"]),
        "an end that is not a time": (signed(exp="tomorrow"), ["fail token-obtained"]),
        "an end that no calendar has": (signed(exp=10**400), []),
        "not signed": (f"{parts[0]}.{parts[1]}.", ["fail token-obtained"]),
        "encrypted": (".".join([*parts, "a", "b"]), ["fail token-obtained"]),
        "two parts": (".".join(parts[:2]), ["fail token-obtained"]),
        "three parts of garbage": ("this.is.garbage", ["fail token-obtained"]),
        "nothing": ("", ["fail token-obtained"]),
        "20,001 characters": ("a" * 20_001, ["fail token-obtained"]),
        "a kubeconfig": ("apiVersion: v1\nkind: Config\n", ["fail token-obtained"]),
    }


@pytest.mark.parametrize("flaw", flaws())
async def test_a_flaw_is_named_by_its_code(flaw: str, tmp_path: Path) -> None:
    token, told = flaws()[flaw]
    findings = await look(token, tmp_path)

    assert [
        f"{each.verdict} {each.code}" for each in findings if each.verdict in ("warn", "fail")
    ] == told


async def test_the_algorithm_none_is_named(tmp_path: Path) -> None:
    header = "eyJhbGciOiJub25lIiwia2lkIjoiZmlyc3QifQ"  # {"alg":"none","kid":"first"}
    findings = await look(f"{header}.{signed().split('.')[1]}.c2lnbmF0dXJl", tmp_path)

    assert [(each.code, each.seen) for each in findings if each.verdict == "fail"] == [
        ("token-header", "alg 'none', kid 'first'"),
        ("token-signature", "UnsupportedAlgorithmError with the key 'first'"),
    ]


async def test_a_token_is_never_shown_whole(tmp_path: Path) -> None:
    flawed = flaws()
    unreadable = [flawed[name][0] for name in ("not signed", "encrypted")]
    for token in (signed(), signed(OTHER), *unreadable):
        findings = await look(token, tmp_path)

        assert [each for each in findings if token.split(".")[1] in repr(each)] == []


async def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    options = Options(token_file=tmp_path / "none", only=frozenset({"token-obtained"}))

    (finding,) = await examined(config_for(9), options)

    assert (finding.verdict, finding.seen) == (
        "fail",
        f"{tmp_path / 'none'}: there is no such file. Check the name.",
    )


async def test_a_token_without_the_name_of_a_key_is_said_to_name_none(tmp_path: Path) -> None:
    findings = await look(signed(kid=None), tmp_path)

    assert [each.seen for each in findings if each.verdict == "fail"] == [
        "alg 'RS256', no kid",
        "signed by a key without a 'kid'",
    ]
