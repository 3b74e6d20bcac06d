"""What the doctor says of thumbprints: which one is pinned, whether AWS goes by it, and for how
long it holds."""

from __future__ import annotations

import re
from pathlib import Path

import certifi
import pytest
from stand_in_issuer import AUTHORITY, CERTIFICATE, Issuer, Tls, look, thumbprint

LEAF, INTERMEDIATE = map(thumbprint, CERTIFICATE.cert_chain_pems)
ROOT = thumbprint(AUTHORITY.root.cert_pem)
OTHER = "0" * 40


@pytest.fixture
def _public(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The stand-in's authority is among the public ones."""
    monkeypatch.setattr(certifi, "where", lambda: str(AUTHORITY.file(tmp_path)))


async def told(folder: Path, *pinned: str, tls: Tls = "good") -> tuple[str, str, str]:
    """Verdict, what was seen, and what was expected, without the names that trustme invents."""
    settings: dict[str, object] = {"thumbprint": list(pinned)} if pinned else {}
    findings = await look(Issuer(tls=tls, settings=settings), folder)
    found = next(each for each in findings if each.code == "tls-thumbprint")
    return found.verdict, plain(found.seen), plain(found.expected)


def plain(text: str) -> str:
    """A text with the subjects of certificates left out."""
    return re.sub("'([^']*)'", lambda quoted: quoted[1] if len(quoted[1]) == 40 else "", text)


async def test_the_top_of_a_private_chain_is_what_aws_goes_by(tmp_path: Path) -> None:
    assert await told(tmp_path) == (
        "pass",
        f"{INTERMEDIATE} of the intermediate , valid until 3000-01-01; "
        "AWS uses it: the authority is private",
        "",
    )


@pytest.mark.usefixtures("_public")
async def test_aws_does_not_go_by_a_thumbprint_of_a_public_authority(tmp_path: Path) -> None:
    assert await told(tmp_path) == (
        "pass",
        f"{INTERMEDIATE} of the intermediate , valid until 3000-01-01; "
        "AWS does not use it: the authority is public",
        "",
    )


@pytest.mark.usefixtures("_public")
async def test_a_list_does_not_matter_under_a_public_authority(tmp_path: Path) -> None:
    assert await told(tmp_path, OTHER) == (
        "pass",
        f"{OTHER}; AWS does not use it: the authority is public",
        "",
    )


@pytest.mark.usefixtures("_public")
async def test_aws_goes_by_the_thumbprint_of_a_public_chain_where_tls_1_3_is_required(
    tmp_path: Path,
) -> None:
    assert await told(tmp_path, OTHER, tls="1.3 only") == (
        "fail",
        f"{OTHER}; TLS 1.3 is required",
        f"{INTERMEDIATE} of the intermediate , valid until 3000-01-01",
    )


async def test_a_pinned_authority_holds_over_renewals(tmp_path: Path) -> None:
    assert await told(tmp_path, OTHER, INTERMEDIATE) == (
        "pass",
        f"{INTERMEDIATE} of the intermediate , valid until 3000-01-01; "
        "AWS uses it: the authority is private",
        "",
    )


async def test_a_pinned_leaf_breaks_at_its_renewal(tmp_path: Path) -> None:
    assert await told(tmp_path, LEAF) == (
        "warn",
        f"{LEAF} of the leaf , which breaks at its renewal, by 3000-01-01 at the latest",
        "the thumbprint of an authority",
    )


async def test_a_root_that_is_not_presented_does_not_fit(tmp_path: Path) -> None:
    assert await told(tmp_path, ROOT) == (
        "fail",
        f"{ROOT}; the authority is private",
        f"{INTERMEDIATE} of the intermediate , valid until 3000-01-01",
    )


async def test_a_leaf_that_is_presented_alone_is_what_would_be_pinned(tmp_path: Path) -> None:
    verdict, seen, _ = await told(tmp_path, tls="leaf only")

    assert (verdict, seen[40:]) == (
        "pass",
        " of the leaf , which breaks at its renewal, by 3000-01-01 at the latest; "
        "AWS uses it: the authority is private",
    )
