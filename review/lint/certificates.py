"""What the provider pins, and what the issuer presents."""

from __future__ import annotations

from collections.abc import Iterator

from formats.escaping import quoted
from review.facts.estate import Estate
from review.lint.finding import Rule, Seen


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


_THUMBPRINTS = "AWS IAM User Guide, 'Obtain the thumbprint for an OpenID Connect identity provider'"

RULES = (
    Rule(
        "leaf-thumbprint",
        "warning",
        "The pinned certificate is the server's own",
        "Where AWS goes by the thumbprint, each renewal of the certificate breaks every role at "
        "once.",
        "Present the authorities' certificates too, and pin the top one.",
        _THUMBPRINTS,
        _leaf_thumbprint,
    ),
    Rule(
        "pinned-thumbprint",
        "note",
        "A thumbprint is pinned by hand",
        "Somebody has to change it when the authority changes, and nothing here shows whose it is. "
        "AWS uses it only where its own authorities do not vouch for the issuer.",
        "Write 'thumbprint: omit' where the issuer has a certificate of a public authority, or "
        "give the presented chain (--chain) to have the thumbprint looked up.",
        _THUMBPRINTS,
        _pinned_thumbprint,
    ),
    Rule(
        "private-authority",
        "warning",
        "The issuer's certificate is of a private authority",
        "AWS then trusts the thumbprint alone, so that whoever has the authority's key can answer "
        "for the cluster and mint identities.",
        "Serve the documents with a certificate of a public authority.",
        _THUMBPRINTS,
        _private_authority,
    ),
)
