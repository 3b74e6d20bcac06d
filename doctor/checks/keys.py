"""The layer `keys`: is each published key one that AWS can use."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, KeySet, RSAKey

from doctor.checks import discovery
from doctor.examination import Check, Examination, Missing
from doctor.finding import Finding, Rule
from federation.keys.jwks import jwk_flaw
from formats.escaping import listed, quoted

_LAYER = "keys"

USABLE = Rule(
    "keys-usable",
    _LAYER,
    "AWS can use every published key",
    "STS accepts RSA keys with RS256, RS384 or RS512, and EC keys on P-256, P-384 or P-521 with "
    "ES256, ES384 or ES512 (STS API, AssumeRoleWithWebIdentity). An RSA key has 2048 to 8192 "
    "bits and an odd exponent from 3 to 2147483647: RFC 7518 sets the minimum, and Go, which "
    "Kubernetes verifies with, the rest. AWS documents no limit.",
    "A key of another type was published, or a key was damaged when it was copied.",
    "Sign service account tokens with an RSA key, or an EC key on one of the three curves.",
)
UNIQUE = Rule(
    "keys-unique",
    _LAYER,
    "Every published key has its own 'kid'",
    "A verifier picks the key by the token's 'kid'. If two keys have the same 'kid', their "
    "order decides which one is tried.",
    "Two key sets were merged, or the 'kid' was written by hand.",
    "Publish each key once. Kubernetes derives the 'kid' from the key (the SHA-256 of its "
    "public part), so the same 'kid' means the same key.",
)
COUNT = Rule(
    "keys-count",
    _LAYER,
    "The key set has 1 to 100 keys of each type",
    "STS accepts at most 100 RSA and 100 EC keys (IAM and STS quotas).",
    "Old keys were never removed, or the set is empty.",
    "Publish only the keys whose tokens may still be valid.",
)
PRIVATE = Rule(
    "keys-private",
    _LAYER,
    "No private key material is published",
    "Anyone who has the private part of a key can create tokens for any service account of the "
    "cluster, and so assume any role.",
    "A private key was converted to a JWK together with its private members.",
    "Treat the key as compromised: remove the document, create a new signing key, and let every "
    "token of the old one expire.",
)

_MOST = 100
_CURVES = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}
_PRIVATE_MEMBERS = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")


async def published(examination: Examination) -> tuple[Mapping[str, Any], ...]:
    """The published keys, as they are written."""
    document = await examination.once(discovery.keys)
    found = document.members.get("keys")
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        finding = COUNT.failed("no list under 'keys'", "a JSON Web Key Set")
        raise Missing.because(finding)
    return tuple(found)


async def key_set(examination: Examination) -> KeySet:
    """The published keys that AWS can use, to verify with."""
    usable = [each for each in await examination.once(published) if not _flaw(each)]
    if not usable:
        raise Missing("AWS can use none of the published keys")
    return KeySet([_import_key(each) for each in usable])


async def _are_usable(examination: Examination) -> AsyncIterator[Finding]:
    found = await examination.once(published)
    flaws = [f"{quoted(each.get('kid'))}: {flaw}" for each in found if (flaw := _flaw(each))]
    if not flaws:
        yield USABLE.passed(listed([_kind(each) for each in found]))
    elif len(flaws) < len(found):
        yield USABLE.warned("; ".join(flaws), "only RSA keys and EC keys on NIST curves")
    else:
        yield USABLE.failed("; ".join(flaws), "RSA keys or EC keys on NIST curves")


async def _are_unique(examination: Examination) -> AsyncIterator[Finding]:
    kids = [str(each.get("kid", "")) for each in await examination.once(published)]
    twice = [kid for kid, count in Counter(kids).items() if count > 1]
    if "" in kids:
        yield UNIQUE.failed("a key without 'kid'", "a 'kid' in each key")
    elif twice:
        yield UNIQUE.failed(f"more than once: {listed(twice)}", "each 'kid' only once")
    else:
        yield UNIQUE.passed(listed(kids))


async def _are_few(examination: Examination) -> AsyncIterator[Finding]:
    counts = Counter(str(each.get("kty")) for each in await examination.once(published))
    seen = f"{counts['RSA']} RSA and {counts['EC']} EC"
    if not counts.total() or max(counts["RSA"], counts["EC"]) > _MOST:
        yield COUNT.failed(seen, f"1 to {_MOST} of each type")
    else:
        yield COUNT.passed(seen)


async def _are_public(examination: Examination) -> AsyncIterator[Finding]:
    found = await examination.once(published)
    leaking = [each.get("kid") for each in found if any(name in each for name in _PRIVATE_MEMBERS)]
    if leaking:
        yield PRIVATE.failed(f"private members in {listed(leaking)}", "only public members")
    else:
        yield PRIVATE.passed("only public members")


def _flaw(key: Mapping[str, Any]) -> str:
    kind, algorithm = key.get("kty"), key.get("alg")
    if kind not in ("RSA", "EC"):
        return f"its type is {quoted(kind)}"
    if kind == "EC" and (not isinstance(key.get("crv"), str) or key["crv"] not in _CURVES):
        return f"its curve is {quoted(key.get('crv'))}"
    fitting = discovery.SIGNING_ALGORITHMS[:3] if kind == "RSA" else (_CURVES[key["crv"]],)
    if algorithm is not None and algorithm not in fitting:
        return f"its algorithm is {quoted(algorithm)}"
    if key.get("use") not in (None, "sig"):
        return f"its use is {quoted(key.get('use'))}"
    if flaw := jwk_flaw(key):
        return flaw  # before the numbers are worked with
    try:
        _import_key(key)
    except (JoseError, ValueError, TypeError):
        return "not a valid key"
    return ""


def _import_key(key: Mapping[str, Any]) -> Key:
    public = {name: value for name, value in key.items() if name not in _PRIVATE_MEMBERS}
    imported = (RSAKey if key["kty"] == "RSA" else ECKey).import_key(public)
    imported.public_key  # noqa: B018  (reading it makes the key of the numbers, which may fail)
    return imported


def _kind(key: Mapping[str, Any]) -> str:
    return str(key.get("crv") or key.get("kty"))


CHECKS = (
    Check(USABLE, _are_usable),
    Check(UNIQUE, _are_unique),
    Check(COUNT, _are_few),
    Check(PRIVATE, _are_public),
)
