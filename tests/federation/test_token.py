"""Tokens: what is decoded, what is refused, and that none is ever shown whole."""

import base64
import json
from typing import Any

import pytest

from federation.errors import UserError
from federation.keys.token import Token
from federation.secrets import masked

HEADER = {"alg": "RS256", "kid": "key-1"}
CLAIMS = {
    "iss": "https://cluster.example.com",
    "sub": "system:serviceaccount:default:app",
    "aud": ["sts.amazonaws.com"],
    "exp": 1700003600,
    "iat": 1700000000,
    "nbf": 1700000001,
    "kubernetes.io": {"namespace": "default"},
}
SIGNATURE = "c2lnbmF0dXJl"


def part(value: Any) -> str:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


def encode(header: Any = HEADER, claims: Any = CLAIMS) -> str:
    return f"{part(header)}.{part(claims)}.{SIGNATURE}"


def test_decodes_the_header_and_the_claims() -> None:
    token = Token.parse(f"\n{encode()}\n")

    assert dict(token.header) == HEADER
    assert dict(token.claims) == CLAIMS
    assert (token.issuer, token.subject) == (CLAIMS["iss"], CLAIMS["sub"])
    assert token.audiences == ("sts.amazonaws.com",)
    assert (token.issued, token.not_before, token.expires) == (1700000000, 1700000001, 1700003600)
    assert (token.algorithm, token.key_id) == ("RS256", "key-1")
    assert token.encoded == encode()


def test_leaves_out_what_the_token_does_not_say() -> None:
    token = Token.parse(encode({}, {}))

    assert token.audiences == ()
    assert [token.issuer, token.subject, token.key_id, token.algorithm] == [None] * 4
    assert [token.issued, token.not_before, token.expires] == [None] * 3


def test_takes_an_audience_that_is_not_in_a_list() -> None:
    assert Token.parse(encode(claims={"aud": "vault"})).audiences == ("vault",)


def test_takes_times_with_fractions_as_their_second() -> None:
    assert Token.parse(encode(claims={"exp": 1700003600.9})).expires == 1700003600


@pytest.mark.parametrize("members", ["header", "claims"])
def test_lets_nobody_change_what_it_read(members: str) -> None:
    with pytest.raises(TypeError):
        getattr(Token.parse(encode()), members)["iss"] = "https://other.example.com"


def test_shows_how_its_header_begins_and_its_length() -> None:
    token = Token.parse(encode())
    shown = f"{encode()[:4]}... ({len(encode())} characters)"

    assert token.redacted() == shown
    assert str(token) == shown
    assert f"{token}" == shown
    assert repr(token) == f"Token({shown})"
    assert repr([token]) == f"[Token({shown})]"


def test_shows_nothing_of_the_claims_of_a_token_with_a_short_header() -> None:
    token = Token.parse(encode({}, CLAIMS))

    assert token.redacted() == f"e30... ({len(token.encoded)} characters)"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("abc", "The token has 3 characters: STS takes 4 to 20000."),
        ("  \n", "The token has 0 characters: STS takes 4 to 20000."),
        ("a." * 10_001, "The token has 20002 characters: STS takes 4 to 20000."),
        (
            "Bearer",
            "The token has 1 parts between dots where a signed one has three "
            "(HEADER.PAYLOAD.SIGNATURE): give the token alone, as the API server issued it.",
        ),
        (
            "a.b.c.d.e",
            "The token has five parts between dots, so that it is an encrypted one: STS takes "
            "signed ones (HEADER.PAYLOAD.SIGNATURE).",
        ),
        (f"Bearer {encode()}", "The token's header is not base64url without padding."),
        (f"e30=.e30.{SIGNATURE}", "The token's header is not base64url without padding."),
        (f"e30.e+/0.{SIGNATURE}", "The token's payload is not base64url without padding."),
        (f"e30.eeeee.{SIGNATURE}", "The token's payload is not base64url without padding."),
        ("e30.e30.", "The token has an empty signature: STS takes signed ones."),
        (encode(b"\xff\xfe"), "The token's header is not UTF-8."),
        (
            encode(claims=b'{"sub": secret}'),
            "The token's payload is not JSON: line 1, column 9: Expecting value.",
        ),
        (encode(claims=b"[]"), "The token's payload is not a JSON object, {...}."),
        (
            encode(claims=b'{"sub": "a", "sub": "b"}'),
            "The token's payload has the key 'sub' twice in one object.",
        ),
        (
            encode(claims=b'{"exp": Infinity}'),
            "The token's payload has the value Infinity, which is not JSON.",
        ),
        (encode(claims={"iss": 7}), "The token's claim 'iss' is not text."),
        (encode(claims={"sub": ["a"]}), "The token's claim 'sub' is not text."),
        (encode({"alg": None, "kid": 7}), "The token's header 'kid' is not text."),
        (
            encode(claims={"aud": {}}),
            "The token's claim 'aud' is neither text nor a list of texts.",
        ),
        (
            encode(claims={"aud": [7]}),
            "The token's claim 'aud' is neither text nor a list of texts.",
        ),
        (encode(claims={"exp": "soon"}), "The token's claim 'exp' is not a number of seconds."),
        (encode(claims={"iat": True}), "The token's claim 'iat' is not a number of seconds."),
        (encode(claims=b'{"nbf": 1e999}'), "The token's payload has a number that is too large."),
    ],
)
def test_refuses_what_is_no_token_and_quotes_nothing_of_it(text: str, message: str) -> None:
    with pytest.raises(UserError) as refusal:
        Token.parse(text)

    assert str(refusal.value) == message
    assert refusal.value.__cause__ is None


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("no token", "no token"),
        ("Bearer {token}", "Bearer {cut}"),
        ("{token}, {token}", "{cut}, {cut}"),
        ('"token": "{token}"', '"token": "{cut}"'),
        ("%22{token}", "%22{cut}"),
        ("{cut}", "{cut}"),
        ("eyJ and eyJhbGciOiJSUzI1NiJ9 alone", "eyJ and eyJhbGciOiJSUzI1NiJ9 alone"),
    ],
)
def test_cuts_tokens_out_of_a_text(text: str, cut: str) -> None:
    token = encode()

    shown = Token.parse(token)

    assert masked(text.format(token=token, cut=shown)) == cut.format(cut=shown)
