"""The picture of who trusts whom, as SVG.

Two frames, the cluster and the account, with the issuer and the provider at their heads; below, one
line for each workload: its service account, the role that it may assume, the role's policies. All
measures are units of the SVG; names stand in a monospaced font, so that their widths are known. The
drawing is `templates/review/picture.svg.j2`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from federation.templates import render
from review.facts.matrix import PolicySummary, Row

TALLEST = 1360
"""What fits on a page of paper that is as wide as the picture; the rest goes to another picture."""

_LINE = 16
"""Of text, in height."""
_GAP = 6
"""Between the boxes of two workloads."""
_PADDING = 8
"""Above and below the text of a box, together."""
_HEAD = 140
"""Above the first workload."""
_FOOT = 16
_CHARACTERS = {"account": 31, "role": 31, "policy": 37}
"""That fit in a line of each column, at 7.2 units each."""
_POLICIES = 12
"""Policies of a role that are named; of more, the number."""


@dataclass(frozen=True)
class Label:
    """A name in the picture, cut in its middle where it is too long for its column."""

    shown: str
    whole: str


@dataclass(frozen=True)
class Band:
    """One workload.

    Attributes:
        top: Where its boxes begin.
        height: Of its boxes.
        account: The service account that is let in.
        open: Whether any other is let in as well.
        role: The role.
        policies: What it may do.
        marked: Whether a policy stands out.
    """

    top: int
    height: int
    account: Label
    open: bool
    role: Label
    policies: tuple[Label, ...]
    marked: bool

    @property
    def middle(self) -> int:
        """Where arrows go."""
        return self.top + self.height // 2


def pictures(rows: Sequence[Row]) -> tuple[str, ...]:
    """As many pictures as pages are needed."""
    parts = list(_parts(rows))
    return tuple(_draw(part, number, len(parts)) for number, part in enumerate(parts, start=1))


def _parts(rows: Sequence[Row]) -> Iterator[tuple[Row, ...]]:
    part: list[Row] = []
    height = _HEAD + _FOOT
    for row in rows:
        more = _height(row)
        if part and height + more > TALLEST:
            yield tuple(part)
            part, height = [], _HEAD + _FOOT
        part.append(row)
        height += more
    yield tuple(part)


def _draw(rows: Sequence[Row], number: int, of: int) -> str:
    tops = itertools.accumulate(map(_height, rows), initial=_HEAD)
    bands = [_band(row, top) for row, top in zip(rows, tops, strict=False)]
    return render(
        "review/picture.svg.j2",
        bands=bands,
        issuer=_label(rows[0].issuer.removeprefix("https://"), _CHARACTERS["account"]),
        provider=_label(rows[0].provider_arn, 2 * _CHARACTERS["policy"]),
        height=bands[-1].top + bands[-1].height + _FOOT,
        number=number,
        of=of,
        alternative=alternative(rows),
    )


def alternative(rows: Sequence[Row]) -> str:
    """What the picture shows, in words."""
    return (
        f"The issuer {rows[0].issuer} signs tokens for service accounts. The OIDC provider "
        f"{rows[0].provider_arn} trusts the issuer's keys, and roles trust the provider: "
        + "; ".join(map(_description, rows))
        + "."
    )


def _description(row: Row) -> str:
    who = row.workload if row.subject else f"{row.workload} and any other service account"
    policies = ", ".join(map(_policy, row.policies)) or "no policies"
    return f"{who} may assume {row.role_name} with {policies}"


def _band(row: Row, top: int) -> Band:
    return Band(
        top=top,
        height=_height(row) - _GAP,
        account=_label(row.workload, _CHARACTERS["account"]),
        open=row.subject is None,
        role=_label(row.role_name, _CHARACTERS["role"]),
        policies=tuple(_label(text, _CHARACTERS["policy"]) for text in _policies(row)),
        marked=any(policy.marks for policy in row.policies),
    )


def _height(row: Row) -> int:
    """Of a band with the gap below it."""
    lines = max(len(_policies(row)), 2 if row.subject is None else 1)
    return lines * _LINE + _PADDING + _GAP


def _policies(row: Row) -> list[str]:
    named = list(map(_policy, row.policies))
    if len(named) > _POLICIES:
        return [*named[: _POLICIES - 1], f"and {len(named) - _POLICIES + 1} more"]
    return named or ["no policies"]


def _policy(policy: PolicySummary) -> str:
    return policy.name if policy.is_of_aws else f"own: {policy.name}"


def _label(text: str, characters: int) -> Label:
    if len(text) <= characters:
        return Label(text, text)
    start = characters // 2
    return Label(f"{text[:start]}…{text[start + 1 - characters :]}", text)
