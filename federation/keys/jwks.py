"""The two documents that make a cluster an issuer, from the public keys of its API servers.

The keys come as the text of PEM files or of a JWKS that an API server served. What comes out is
what an API server serves with the same keys in the same order, byte for byte
(https://github.com/kubernetes/kubernetes/blob/v1.34.4/pkg/serviceaccount/openidmetadata.go). A
private key is refused, and no message shows any of it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)

from federation.errors import UserError
from federation.strict_json import json_object
from formats.escaping import quoted

OPENID_CONFIGURATION_PATH = "/.well-known/openid-configuration"
JWKS_PATH = "/openid/v1/jwks"
"""Where an API server serves the two, below the issuer."""

MOST_KEYS = 100
"""Of each kind, RSA and EC, that STS takes (IAM and STS quotas)."""

_LEAST_BITS = 2048
"""Of an RSA key that signs with RS256 (RFC 7518, section 3.3)."""
_MOST_BITS = 8192
"""Of an RSA key. AWS documents no limit. This is what Go's crypto/tls verifies with
(`defaultMaxRSAKeySize`), and more than any signer of service account tokens has."""
_MOST_EXPONENT = 2**31 - 1
"""Go's crypto/rsa, with which Kubernetes verifies, takes odd exponents from 3 to this one."""
_CURVES = {
    "secp256r1": ("P-256", "ES256"),
    "secp384r1": ("P-384", "ES384"),
    "secp521r1": ("P-521", "ES512"),
}
"""By the name in X.509, the curve and the algorithm in JOSE (RFC 7518, sections 3.4 and 6.2)."""
_JOSE_CURVES = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}
_PRIVATE_MEMBERS = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")
_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", re.DOTALL)
_PRIVATE_BLOCK = re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY")
_PUBLIC_BLOCKS = ("PUBLIC KEY", "RSA PUBLIC KEY", "CERTIFICATE")


@dataclass(frozen=True)
class PublicKey:
    """One key that verifies tokens, and where it was read."""

    jwk: Mapping[str, str]
    """As an API server publishes it."""
    source: str
    """What messages call the place: a file's name."""

    @property
    def kid(self) -> str:
        """The id that tokens name it by."""
        return self.jwk["kid"]


def documents(issuer: str, keys: Sequence[PublicKey]) -> dict[str, str]:
    """The text of each document, by its path below the issuer.

    Args:
        issuer: as in the tokens, without a slash at the end.
        keys: those that sign, and those that signed tokens which are still alive.

    Raises:
        UserError: there is no key, or one twice, or there are more than STS takes.
    """
    configuration = {
        "issuer": issuer,
        "jwks_uri": f"{issuer}{JWKS_PATH}",
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": sorted({each.jwk["alg"] for each in keys}),
    }
    return {
        OPENID_CONFIGURATION_PATH: _compact(configuration),
        JWKS_PATH: key_set(keys),
    }


def key_set(keys: Sequence[PublicKey]) -> str:
    """The text of the second document, which is the same for every issuer.

    Raises:
        UserError: there is no key, or one twice, or there are more than STS takes.
    """
    _check(keys)
    return _compact({"keys": [each.jwk for each in keys]})


def public_keys(text: str, source: str) -> tuple[PublicKey, ...]:
    """The keys in a text, in their order.

    Args:
        text: PEM blocks (`PUBLIC KEY`, `RSA PUBLIC KEY` or `CERTIFICATE`), or a JWKS as JSON.
        source: what messages call it.

    Raises:
        UserError: something else is in it, a private key, or a key that AWS does not take.
    """
    if text.lstrip().startswith("{"):
        found = [_from_jwk(each, source) for each in _members(text, source)]
    else:
        found = [_from_pem(label, block, source) for label, block in _blocks(text, source)]
    return tuple(PublicKey(jwk, source) for jwk in found)


def rsa_flaw(modulus: int, exponent: int) -> str:
    """Why AWS or Kubernetes cannot verify with these numbers of an RSA key; empty if they can.

    Only their form is judged, which takes no time, however large they are.
    """
    bits = modulus.bit_length()
    if bits < _LEAST_BITS:
        return f"an RSA key of {bits} bits: RS256 needs {_LEAST_BITS} or more (RFC 7518)"
    if bits > _MOST_BITS:
        return f"an RSA key of {bits} bits: at most {_MOST_BITS} can be used"
    if not 3 <= exponent <= _MOST_EXPONENT or exponent % 2 == 0:
        return "an RSA key whose exponent is not an odd number from 3 to 2147483647"
    return "" if modulus % 2 else "an RSA key whose modulus is even"


def jwk_flaw(member: Mapping[str, Any]) -> str:
    """Why AWS or Kubernetes cannot verify with the numbers of a key in JOSE's form, RSA or EC.

    Whether the point of an EC key is on its curve is not judged here.
    """
    try:
        return _flaw_of_numbers(member)
    except (KeyError, TypeError, ValueError):
        return "a key whose numbers are malformed"


def _flaw_of_numbers(member: Mapping[str, Any]) -> str:
    if member["kty"] == "RSA":
        return rsa_flaw(_number(member["n"]), _number(member["e"]))
    bits = _JOSE_CURVES[member["crv"]].key_size
    fits = all(_number(member[name]).bit_length() <= bits for name in ("x", "y"))
    return "" if fits else "an EC key whose numbers are too large for its curve"


def _check(keys: Sequence[PublicKey]) -> None:
    if not keys:
        raise UserError("There is no public key to publish.")
    first: dict[str, PublicKey] = {}
    for key in keys:
        if key.kid in first:
            other = first[key.kid].source
            where = " twice" if other == key.source else f", which {other} holds already"
            raise UserError(f"{key.source}: holds the key {key.kid}{where}: remove one.")
        first[key.kid] = key
    for kind, count in Counter(key.jwk["kty"] for key in keys).items():
        if count > MOST_KEYS:
            raise UserError(
                f"{count} {kind} keys are to be published, and STS reads {MOST_KEYS}: leave out "
                "those whose tokens have all expired."
            )


def _blocks(text: str, source: str) -> Iterator[tuple[str, str]]:
    """The label and the text of each PEM block."""
    # Even where the end of a block is missing, and before anything of it could be shown.
    if _PRIVATE_BLOCK.search(text):
        raise _private(source)
    found = [(block[1], block[0]) for block in _BLOCK.finditer(text)]
    if not found:
        raise UserError(
            f"{source}: holds no public key: PEM is expected, '-----BEGIN PUBLIC KEY-----' and so "
            "on, or the JSON of a key set."
        )
    for label, block in found:
        if label not in _PUBLIC_BLOCKS:
            raise UserError(
                f"{source}: holds a {label}, and {', '.join(_PUBLIC_BLOCKS[:-1])} or "
                f"{_PUBLIC_BLOCKS[-1]} is expected."
            )
        yield label, block


def _private(source: str) -> UserError:
    return UserError(
        f"{source}: holds a private key, which is neither needed nor read. Write its public part "
        "to a file of its own, where the key is ('openssl pkey -in KEY -pubout -out FILE'), and "
        "name that one."
    )


def _from_pem(label: str, block: str, source: str) -> dict[str, str]:
    try:
        encoded = block.encode()
        key: object = (
            x509.load_pem_x509_certificate(encoded).public_key()
            if label == "CERTIFICATE"
            else load_pem_public_key(encoded)
        )
    except UnsupportedAlgorithm:
        raise _unusable(source, "a key of a kind that is not known here") from None
    except ValueError:
        raise UserError(f"{source}: its {label} is damaged: copy the file again.") from None
    return _jwk(key, source)


def _jwk(key: object, source: str) -> dict[str, str]:
    """The members in the order in which go-jose writes them."""
    if isinstance(key, rsa.RSAPublicKey):
        numbers = key.public_numbers()
        _refuse_flaw(rsa_flaw(numbers.n, numbers.e), source)
        return _written(key, "RSA", "RS256", n=_big_endian(numbers.n), e=_big_endian(numbers.e))
    if isinstance(key, ec.EllipticCurvePublicKey):
        if key.curve.name not in _CURVES:
            raise _unusable(source, f"an EC key on the curve {key.curve.name}")
        curve, algorithm = _CURVES[key.curve.name]
        point = key.public_numbers()
        size = (key.curve.key_size + 7) // 8
        x, y = _big_endian(point.x, size), _big_endian(point.y, size)
        return _written(key, "EC", algorithm, crv=curve, x=x, y=y)
    raise _unusable(source, f"a key of the kind {type(key).__name__.removesuffix('PublicKey')}")


def _refuse_flaw(flaw: str, source: str) -> None:
    if flaw:
        remedy = "a longer key" if f"needs {_LEAST_BITS}" in flaw else "another key"
        raise UserError(f"{source}: holds {flaw}. Sign with {remedy}.")


def _written(
    key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey, kind: str, algorithm: str, **numbers: str
) -> dict[str, str]:
    curve = {"crv": numbers.pop("crv")} if "crv" in numbers else {}
    head = {"use": "sig", "kty": kind, "kid": _key_id(key)}
    return {**head, **curve, "alg": algorithm, **numbers}


def _key_id(key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey) -> str:
    """The `kid` that Kubernetes gives a key: SHA-256 over its DER SubjectPublicKeyInfo, in
    base64url without padding (`pkg/serviceaccount/jwt.go`)."""
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return _base64url(hashlib.sha256(der).digest())


def _unusable(source: str, what: str) -> UserError:
    return UserError(
        f"{source}: holds {what}: AWS takes RSA keys, and EC keys on P-256, P-384 and P-521 (STS "
        "API, AssumeRoleWithWebIdentity). Sign with one of those."
    )


def _members(text: str, source: str) -> Iterable[Mapping[str, Any]]:
    keys = json_object(source, text).get("keys")
    if not isinstance(keys, list) or not all(isinstance(each, dict) for each in keys):
        raise UserError(f"{source}: is JSON without a list of 'keys': a JWKS is expected.")
    return keys


def _from_jwk(member: Mapping[str, Any], source: str) -> dict[str, str]:
    if any(name in member for name in _PRIVATE_MEMBERS):
        raise _private(source)
    kind, curve = member.get("kty"), member.get("crv")
    if kind not in ("RSA", "EC"):
        raise _unusable(source, f"a key of the kind {quoted(str(kind))}")
    if kind == "EC" and (not isinstance(curve, str) or curve not in _JOSE_CURVES):
        raise _unusable(source, f"an EC key on the curve {quoted(str(curve))}")
    try:
        # Before the numbers are worked with, which takes long with very large ones.
        _refuse_flaw(_flaw_of_numbers(member), source)
        jwk = _jwk(_numbers(member).public_key(), source)
    except (KeyError, TypeError, ValueError):
        raise UserError(f"{source}: holds a key whose numbers are not a public key.") from None
    # An external signer (KEP-740) gives its keys ids of its own, and tokens name those.
    kid = member.get("kid", jwk["kid"])
    if not isinstance(kid, str) or not kid:
        raise UserError(f"{source}: holds a key whose 'kid' is not text.")
    return {**jwk, "kid": kid}


def _numbers(member: Mapping[str, Any]) -> rsa.RSAPublicNumbers | ec.EllipticCurvePublicNumbers:
    if member["kty"] == "RSA":
        return rsa.RSAPublicNumbers(_number(member["e"]), _number(member["n"]))
    curve = _JOSE_CURVES[member["crv"]]
    return ec.EllipticCurvePublicNumbers(_number(member["x"]), _number(member["y"]), curve)


def _number(text: str) -> int:
    padded = text + "=" * (-len(text) % 4)
    return int.from_bytes(base64.b64decode(padded, altchars=b"-_", validate=True))


def _big_endian(number: int, size: int | None = None) -> str:
    return _base64url(number.to_bytes(size or (number.bit_length() + 7) // 8))


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _compact(document: object) -> str:
    return json.dumps(document, separators=(",", ":"))
