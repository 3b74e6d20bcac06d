"""What the provider pins, and what the issuer presents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from formats.escaping import quoted
from review.facts.estate import Estate
from review.lint.finding import Look, Seen


def _leaf_thumbprint(estate: Estate) -> Iterator[Seen]:
    leaves = {
        each.thumbprint: each.subject
        for chain in estate.chains
        for each in chain.certificates
        if not each.is_authority
    }
    pinned = {digest for each in estate.thumbprints for digest in each.digests}
    for each in estate.thumbprints:
        for digest in each.digests:
            if digest in leaves:
                yield Seen.of(each, f"{digest} is the server's own, {quoted(leaves[digest])}.")
    for chain in estate.chains:
        top = chain.certificates[-1]
        if not top.is_authority and top.thumbprint not in pinned:
            yield Seen.of(chain, f"nothing is presented above {quoted(top.subject)}.")


def _pinned_thumbprint(estate: Estate) -> Iterator[Seen]:
    presented = {each.thumbprint for chain in estate.chains for each in chain.certificates}
    for each in estate.thumbprints:
        for digest in each.digests:
            if digest not in presented:
                yield Seen.of(each, f"{digest} is pinned.")


def _private_authority(estate: Estate) -> Iterator[Seen]:
    for chain in estate.chains:
        top = chain.certificates[-1]
        if not any(each.is_public for each in chain.certificates):
            yield Seen.of(chain, f"no public authority has issued {quoted(top.subject)}.")


LOOKS: Mapping[str, Look] = {
    "leaf-thumbprint": _leaf_thumbprint,
    "pinned-thumbprint": _pinned_thumbprint,
    "private-authority": _private_authority,
}
