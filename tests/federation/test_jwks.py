"""The documents of an issuer from public keys: what is read, what is refused, and what is written.

Whether an API server serves the same is tested beside one (`tests/sandbox`).
"""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from joserfc.jwk import ECKey, RSAKey
from public_keys import certificate_of, pem, rsa_key

from federation.errors import UserError
from federation.keys.jwks import PublicKey, documents, jwk_flaw, public_keys

PINNED = """\
-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEvJpMtnFT1LrosZ9ajNm9YTXSRc6g
sH43528o3xY6q/H0C6r/tMDsYvy4rxlNgqaouv84OLm0Y4JB11zW/fA0wQ==
-----END PUBLIC KEY-----
"""
PINNED_JWK = {
    "use": "sig",
    "kty": "EC",
    "kid": "Agxq8rXx0wukjztlVe7rdGAFEvZoYzbvqc9lX18X3GQ",
    "crv": "P-256",
    "alg": "ES256",
    "x": "vJpMtnFT1LrosZ9ajNm9YTXSRc6gsH43528o3xY6q_E",
    "y": "9Auq_7TA7GL8uK8ZTYKmqLr_ODi5tGOCQddc1v3wNME",
}


def refusal(text: str) -> str:
    """The message about a text."""
    with pytest.raises(UserError) as caught:
        public_keys(text, "sa.pub")
    assert caught.value.__cause__ is None  # which would show the text in a log
    return str(caught.value)


def read(text: str) -> list[dict[str, str]]:
    return [dict(key.jwk) for key in public_keys(text, "sa.pub")]


class TestReading:
    def test_a_key_becomes_what_an_api_server_publishes(self) -> None:
        assert public_keys(PINNED, "sa.pub") == (PublicKey(PINNED_JWK, "sa.pub"),)

    @pytest.mark.parametrize(
        ("curve", "name", "algorithm", "length"),
        [
            (ec.SECP256R1(), "P-256", "ES256", 43),
            (ec.SECP384R1(), "P-384", "ES384", 64),
            (ec.SECP521R1(), "P-521", "ES512", 88),
        ],
    )
    def test_each_curve_that_aws_takes_has_its_algorithm(
        self, curve: ec.EllipticCurve, name: str, algorithm: str, length: int
    ) -> None:
        key = ec.generate_private_key(curve).public_key()
        [jwk] = read(pem(key))
        assert (jwk["crv"], jwk["alg"]) == (name, algorithm)
        assert (len(jwk["x"]), len(jwk["y"])) == (length, length)
        assert ECKey.import_key({**jwk}).public_key.public_numbers() == key.public_numbers()

    def test_an_rsa_key_is_read_in_each_of_its_forms(self) -> None:
        private = rsa_key()
        key = private.public_key()
        pkcs1 = key.public_bytes(Encoding.PEM, PublicFormat.PKCS1).decode()
        found = [read(text) for text in (pem(key), pkcs1, certificate_of(private))]
        assert found[0] == found[1] == found[2]
        assert (
            RSAKey.import_key({**found[0][0]}).public_key.public_numbers() == key.public_numbers()
        )

    def test_several_keys_of_one_file_keep_their_order(self) -> None:
        key = rsa_key().public_key()
        text = f"# the new one\n{PINNED}# the old one\n{pem(key)}"
        assert [jwk["kty"] for jwk in read(text)] == ["EC", "RSA"]

    def test_a_key_set_is_read_as_it_was_written(self) -> None:
        text = documents("https://a", public_keys(PINNED, "a"))["/openid/v1/jwks"]
        assert read(text) == [PINNED_JWK]

    def test_an_external_signer_names_its_keys_as_it_likes(self) -> None:
        assert read(json.dumps({"keys": [PINNED_JWK | {"kid": "kms-1"}]})) == [
            PINNED_JWK | {"kid": "kms-1"}
        ]

    def test_a_key_set_without_ids_gets_those_of_kubernetes(self) -> None:
        without = {name: value for name, value in PINNED_JWK.items() if name in "kty crv x y"}
        assert read(json.dumps({"keys": [without]})) == [PINNED_JWK]


PRIVATE = (
    "sa.pub: holds a private key, which is neither needed nor read. Write its public part to a "
    "file of its own, where the key is ('openssl pkey -in KEY -pubout -out FILE'), and name that "
    "one."
)
TAKES = (
    "AWS takes RSA keys, and EC keys on P-256, P-384 and P-521 (STS API, "
    "AssumeRoleWithWebIdentity). Sign with one of those."
)


HUGE = (1 << 5_000_000) | 1
GOOD = (1 << 2047) | 1
EXPONENT = "an RSA key whose exponent is not an odd number from 3 to 2147483647"
FLAWS = [
    (HUGE, 65537, "an RSA key of 5000001 bits: at most 8192 can be used"),
    ((1 << 8192) | 1, 65537, "an RSA key of 8193 bits: at most 8192 can be used"),
    ((1 << 2046) | 1, 65537, "an RSA key of 2047 bits: RS256 needs 2048 or more (RFC 7518)"),
    (GOOD, HUGE, EXPONENT),
    (GOOD, 2**31 + 1, EXPONENT),
    (GOOD, 65536, EXPONENT),
    (GOOD, 1, EXPONENT),
    (GOOD, 0, EXPONENT),
    (GOOD - 1, 65537, "an RSA key whose modulus is even"),
]


def base64url(number: int) -> str:
    data = number.to_bytes(max(1, (number.bit_length() + 7) // 8))
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class TestRefusing:
    @pytest.mark.parametrize(
        "form",
        [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL, PrivateFormat.OpenSSH],
    )
    def test_a_private_key_is_neither_read_nor_shown(self, form: PrivateFormat) -> None:
        text = rsa_key().private_bytes(Encoding.PEM, form, NoEncryption()).decode()
        assert refusal(text) == PRIVATE
        assert refusal(PINNED + text) == PRIVATE
        assert refusal(text[:200]) == PRIVATE

    @pytest.mark.parametrize(("n", "e", "flaw"), FLAWS, ids=range(len(FLAWS)))
    def test_numbers_that_nothing_verifies_with_are_refused_at_once(
        self, n: int, e: int, flaw: str
    ) -> None:
        jwk = {"kty": "RSA", "n": base64url(n), "e": base64url(e)}
        started = time.monotonic()

        assert jwk_flaw(jwk) == flaw
        remedy = "a longer key" if "needs" in flaw else "another key"
        assert refusal(json.dumps({"keys": [jwk]})) == (
            f"sa.pub: holds {flaw}. Sign with {remedy}."
        )
        assert time.monotonic() - started < 2

    def test_a_point_that_is_larger_than_its_curve_is_refused_at_once(self) -> None:
        jwk = {"kty": "EC", "crv": "P-256", "x": base64url(HUGE), "y": base64url(1)}
        started = time.monotonic()

        assert jwk_flaw(jwk) == "an EC key whose numbers are too large for its curve"
        assert time.monotonic() - started < 2

    @pytest.mark.parametrize(
        "jwk",
        [
            {"kty": "RSA"},
            {"kty": "RSA", "n": 5, "e": "AQAB"},
            {"kty": "RSA", "n": "!", "e": "AQAB"},
            {"kty": "EC", "crv": ["P-256"], "x": "AQ", "y": "AQ"},
            {},
        ],
    )
    def test_numbers_that_are_none_are_malformed(self, jwk: dict[str, Any]) -> None:
        assert jwk_flaw(jwk) == "a key whose numbers are malformed"

    @pytest.mark.parametrize("members", [{"d": "AQAB"}, {"kty": "oct", "k": "AQAB"}])
    def test_a_private_jwk_is_neither_read_nor_shown(self, members: dict[str, str]) -> None:
        assert refusal(json.dumps({"keys": [PINNED_JWK | members]})) == PRIVATE

    def test_another_curve_is_refused(self) -> None:
        key = ec.generate_private_key(ec.SECP256K1()).public_key()
        assert refusal(pem(key)) == f"sa.pub: holds an EC key on the curve secp256k1: {TAKES}"

    @pytest.mark.parametrize(
        ("key", "kind"),
        [
            (ed25519.Ed25519PrivateKey.generate().public_key(), "Ed25519"),
            (dsa.generate_private_key(1024).public_key(), "DSA"),
        ],
    )
    def test_another_kind_is_refused(self, key: Any, kind: str) -> None:
        assert refusal(pem(key)) == f"sa.pub: holds a key of the kind {kind}: {TAKES}"

    def test_a_short_rsa_key_is_refused(self) -> None:
        key = rsa.generate_private_key(65537, 1024).public_key()
        assert refusal(pem(key)) == (
            "sa.pub: holds an RSA key of 1024 bits: RS256 needs 2048 or more (RFC 7518). Sign with "
            "a longer key."
        )

    @pytest.mark.parametrize(
        ("members", "message"),
        [
            ({"kty": "OKP"}, f"holds a key of the kind 'OKP': {TAKES}"),
            ({"crv": "secp256k1"}, f"holds an EC key on the curve 'secp256k1': {TAKES}"),
            ({"x": "AQAB"}, "holds a key whose numbers are not a public key."),
            ({"x": "!"}, "holds a key whose numbers are not a public key."),
            ({"y": 3}, "holds a key whose numbers are not a public key."),
            ({"kid": 3}, "holds a key whose 'kid' is not text."),
            ({"kid": ""}, "holds a key whose 'kid' is not text."),
        ],
    )
    def test_a_jwk_that_aws_cannot_use_is_refused(
        self, members: dict[str, Any], message: str
    ) -> None:
        text = json.dumps({"keys": [PINNED_JWK | members]})
        assert refusal(text) == f"sa.pub: {message}"

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            (
                "",
                "holds no public key: PEM is expected, '-----BEGIN PUBLIC KEY-----' and so on, or "
                "the JSON of a key set.",
            ),
            (
                PINNED.replace("PUBLIC KEY", "CERTIFICATE REQUEST"),
                "holds a CERTIFICATE REQUEST, and PUBLIC KEY, RSA PUBLIC KEY or CERTIFICATE is "
                "expected.",
            ),
            (PINNED.replace("MFkw", "MFk"), "its PUBLIC KEY is damaged: copy the file again."),
            (
                PINNED.replace("PUBLIC KEY", "CERTIFICATE"),
                "its CERTIFICATE is damaged: copy the file again.",
            ),
            ("{}", "is JSON without a list of 'keys': a JWKS is expected."),
            ('{"keys": [1]}', "is JSON without a list of 'keys': a JWKS is expected."),
        ],
    )
    def test_what_holds_no_key_is_refused(self, text: str, message: str) -> None:
        assert refusal(text) == f"sa.pub: {message}"


class TestWriting:
    def test_the_documents_are_those_of_an_api_server(self) -> None:
        assert documents("https://oidc.example.com/a", public_keys(PINNED, "sa.pub")) == {
            "/.well-known/openid-configuration": (
                '{"issuer":"https://oidc.example.com/a",'
                '"jwks_uri":"https://oidc.example.com/a/openid/v1/jwks",'
                '"response_types_supported":["id_token"],"subject_types_supported":["public"],'
                '"id_token_signing_alg_values_supported":["ES256"]}'
            ),
            "/openid/v1/jwks": (
                '{"keys":[{"use":"sig","kty":"EC",'
                '"kid":"Agxq8rXx0wukjztlVe7rdGAFEvZoYzbvqc9lX18X3GQ","crv":"P-256","alg":"ES256",'
                '"x":"vJpMtnFT1LrosZ9ajNm9YTXSRc6gsH43528o3xY6q_E",'
                '"y":"9Auq_7TA7GL8uK8ZTYKmqLr_ODi5tGOCQddc1v3wNME"}]}'
            ),
        }

    def test_each_algorithm_is_named_once(self) -> None:
        keys = public_keys(PINNED + pem(rsa_key().public_key()), "sa.pub")
        text = documents("https://a", keys)["/.well-known/openid-configuration"]
        assert json.loads(text)["id_token_signing_alg_values_supported"] == ["ES256", "RS256"]

    def test_a_key_is_published_once(self) -> None:
        with pytest.raises(UserError) as caught:
            documents("https://a", public_keys(PINNED, "new.pub") + public_keys(PINNED, "old.pub"))
        assert str(caught.value) == (
            "old.pub: holds the key Agxq8rXx0wukjztlVe7rdGAFEvZoYzbvqc9lX18X3GQ, which new.pub "
            "holds already: remove one."
        )

    def test_a_key_that_is_twice_in_a_file_is_told(self) -> None:
        with pytest.raises(UserError) as caught:
            documents("https://a", public_keys(PINNED + PINNED, "keys.pub"))
        assert str(caught.value) == (
            "keys.pub: holds the key Agxq8rXx0wukjztlVe7rdGAFEvZoYzbvqc9lX18X3GQ twice: remove one."
        )

    def test_without_a_key_there_is_nothing_to_publish(self) -> None:
        with pytest.raises(UserError, match=r"^There is no public key to publish\.$"):
            documents("https://a", ())

    def test_sts_reads_a_hundred_keys_of_each_kind(self) -> None:
        many = [PublicKey(PINNED_JWK | {"kid": str(number)}, "sa.pub") for number in range(101)]
        rsa = public_keys(pem(rsa_key().public_key()), "rsa.pub")
        assert len(documents("https://a", (*many[:100], *rsa))) == 2
        with pytest.raises(UserError) as caught:
            documents("https://a", many)
        assert str(caught.value) == (
            "101 EC keys are to be published, and STS reads 100: leave out those whose tokens have "
            "all expired."
        )
