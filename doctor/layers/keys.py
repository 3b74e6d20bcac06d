"""The layer `keys`: is each published key one that AWS can use."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, KeySet, RSAKey

from doctor.examination import Check, Examination, Missing
from doctor.finding import Finding
from doctor.layers import discovery
from doctor.rules import keys as rules
from federation.keys.jwks import jwk_flaw
from formats.escaping import listed, quoted

_MOST = 100
_CURVES = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}
_PRIVATE_MEMBERS = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")


async def published(examination: Examination) -> tuple[Mapping[str, Any], ...]:
    """The published keys, as they are written."""
    document = await examination.once(discovery.keys)
    found = document.members.get("keys")
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        finding = rules.COUNT.failed("no list of keys under 'keys'", "a JSON Web Key Set")
        raise Missing.because(finding)
    return tuple(found)


async def key_set(examination: Examination) -> KeySet:
    """The published keys that AWS can use, to verify with."""
    usable = [each for each in await examination.once(published) if not _flaw(each)]
    if not usable:
        raise Missing("no published key can be used")
    return KeySet([_imported(each) for each in usable])


async def _are_usable(examination: Examination) -> AsyncIterator[Finding]:
    found = await examination.once(published)
    flaws = [f"{quoted(each.get('kid'))}: {flaw}" for each in found if (flaw := _flaw(each))]
    if not flaws:
        yield rules.USABLE.passed(listed([_kind(each) for each in found]))
    elif len(flaws) < len(found):
        yield rules.USABLE.warned("; ".join(flaws), "RSA keys, and EC keys on NIST curves, alone")
    else:
        yield rules.USABLE.failed("; ".join(flaws), "RSA keys, or EC keys on NIST curves")


async def _are_unique(examination: Examination) -> AsyncIterator[Finding]:
    kids = [str(each.get("kid", "")) for each in await examination.once(published)]
    twice = [kid for kid, count in Counter(kids).items() if count > 1]
    if "" in kids:
        yield rules.UNIQUE.failed("a key without 'kid'", "a 'kid' in each key")
    elif twice:
        yield rules.UNIQUE.failed(f"more than once: {listed(twice)}", "each 'kid' once")
    else:
        yield rules.UNIQUE.passed(listed(kids))


async def _are_few(examination: Examination) -> AsyncIterator[Finding]:
    counts = Counter(str(each.get("kty")) for each in await examination.once(published))
    seen = f"{counts['RSA']} RSA and {counts['EC']} EC"
    if not counts.total() or max(counts["RSA"], counts["EC"]) > _MOST:
        yield rules.COUNT.failed(seen, f"1 to {_MOST} of a kind")
    else:
        yield rules.COUNT.passed(seen)


async def _are_public(examination: Examination) -> AsyncIterator[Finding]:
    found = await examination.once(published)
    leaking = [each.get("kid") for each in found if any(name in each for name in _PRIVATE_MEMBERS)]
    if leaking:
        yield rules.PRIVATE.failed(f"private members in {listed(leaking)}", "public members alone")
    else:
        yield rules.PRIVATE.passed("public members alone")


def _flaw(key: Mapping[str, Any]) -> str:
    kind, algorithm = key.get("kty"), key.get("alg")
    if kind not in ("RSA", "EC"):
        return f"its kind is {quoted(kind)}"
    if kind == "EC" and (not isinstance(key.get("crv"), str) or key["crv"] not in _CURVES):
        return f"its curve is {quoted(key.get('crv'))}"
    fitting = discovery.ALGORITHMS[:3] if kind == "RSA" else (_CURVES[key["crv"]],)
    if algorithm is not None and algorithm not in fitting:
        return f"its algorithm is {quoted(algorithm)}"
    if key.get("use") not in (None, "sig"):
        return f"its use is {quoted(key.get('use'))}"
    if flaw := jwk_flaw(key):
        return flaw  # before the numbers are worked with
    try:
        _imported(key)
    except (JoseError, ValueError, TypeError):
        return "its numbers are no key"
    return ""


def _imported(key: Mapping[str, Any]) -> Key:
    public = {name: value for name, value in key.items() if name not in _PRIVATE_MEMBERS}
    imported = (RSAKey if key["kty"] == "RSA" else ECKey).import_key(public)
    imported.public_key  # noqa: B018  (reading it makes the key of the numbers, which may fail)
    return imported


def _kind(key: Mapping[str, Any]) -> str:
    return str(key.get("crv") or key.get("kty"))


CHECKS = (
    Check(rules.USABLE, _are_usable),
    Check(rules.UNIQUE, _are_unique),
    Check(rules.COUNT, _are_few),
    Check(rules.PRIVATE, _are_public),
)
