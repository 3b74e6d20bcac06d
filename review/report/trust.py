"""Who may assume which role: the matrix, and the policies that say so in IAM."""

from __future__ import annotations

import copy
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from review.facts.matrix import PolicySummary, Row
from review.report.material import Material
from review.report.model import (
    Block,
    Cell,
    Code,
    Listing,
    Paragraph,
    Section,
    Strong,
    Table,
    Text,
    code_list,
    counted,
    prose,
)

_SUBJECT = "SUBJECT"
"""Stands in a policy for what differs between roles; no subject is written so."""


def trust_matrix(material: Material) -> Section:
    """A row for each workload."""
    return Section("Trust matrix", (*_about(material), _matrix(material)))


def _about(material: Material) -> Iterator[Block]:
    audiences = material.config.audience
    text = (
        "A role admits only tokens for the service account in its row"
        if not material.open_rows
        else "A role admits only tokens for the service account in its row, unless "
        "the row says 'any'"
    )
    required = "the audience" if len(audiences) == 1 else "one of the audiences"
    yield Paragraph(
        (
            *prose(
                f"{text}. The token must also come from the issuer {{}}", material.config.issuer
            ),
            f" and be for {required} ",
            *code_list(audiences),
            ". The exact subjects are in the section Trust policies.",
        )
    )
    boundary = material.config.aws.permissions_boundary
    if boundary:
        yield Paragraph(
            prose(
                "Every role has the permissions boundary {}: a role may do only what both its "
                "policies and the boundary allow. The text of the boundary is not part of this "
                "document.",
                boundary,
            )
        )
    else:
        yield Paragraph(
            prose(
                "No role has a permissions boundary: nothing in this configuration limits what its "
                "policies allow."
            )
        )


def _matrix(material: Material) -> Table:
    return Table(
        "Who may assume which role",
        ("Service account", "Role", "Policies", "Longest session", "Token lifetime"),
        tuple(_row(row) for row in material.rows),
    )


def _row(row: Row) -> tuple[Cell, ...]:
    account: Text = (Code(row.workload),)
    if row.subject is None:
        account = (Strong("any"), " (configured for ", *account, ")")
    policies = tuple(_policy(each) for each in row.policies)
    return (
        (account,),
        ((Code(row.role_name),),),
        policies or (("none: the role has no permissions yet",),),
        ((f"{row.session_seconds} s",),),
        ((f"{row.token_seconds} s",),),
    )


def _policy(summary: PolicySummary) -> Text:
    name = Code(summary.name if summary.is_of_aws else summary.arn)
    marks = ", ".join(summary.marks)
    return (name, " ", Strong(f"[{marks}]")) if marks else (name,)


def trust_policies(material: Material) -> Section:
    """The policies, those alike but for the subject once."""
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in material.rows:
        groups[json.dumps(_generic(row), sort_keys=True)].append(row)
    quota = material.rows[0].quota
    blocks: list[Block] = [
        Paragraph(
            prose(
                f"An account allows trust policies of {quota} characters (without white space), "
                "unless it asked AWS for more. The longest of these has "
                f"{max(row.characters for row in material.rows)}."
            )
        ),
    ]
    if material.config.provider_arn() is None:
        blocks.append(
            Paragraph(
                prose(
                    "The configuration has no account, so `111111111111` is used in its place; "
                    "every account number has as many characters."
                )
            )
        )
    blocks.append(
        Table(
            "Length of each trust policy",
            ("Role", "Characters", "Of the quota", "Subject"),
            tuple(_length(row) for row in material.rows),
        )
    )
    for rows in groups.values():
        blocks += _policy_blocks(rows)
    return Section("Trust policies", tuple(blocks))


def _length(row: Row) -> tuple[Cell, ...]:
    over = row.characters > row.quota
    share = f"{row.characters * 100 // row.quota} %"
    subject: Text = (Code(row.subject),) if row.subject else (Strong("any"),)
    return (
        ((Code(row.role_name),),),
        ((str(row.characters),),),
        ((Strong(f"{share}: too long"),) if over else (share,),),
        (subject,),
    )


def _policy_blocks(rows: list[Row]) -> Iterator[Block]:
    if len(rows) == 1:
        yield _listing(f"Trust policy of {rows[0].role_name}", rows[0].trust_policy)
        return
    if rows[0].subject is None:
        yield _listing(f"Trust policy of {_roles(rows)}, each alike", rows[0].trust_policy)
        return
    yield Paragraph(
        prose(
            f"{counted(len(rows), 'role')} have the same trust policy except for the subject, "
            "which is in the table above. {} is its placeholder.",
            _SUBJECT,
        )
    )
    yield _listing(f"Trust policy of {counted(len(rows), 'role')}", _generic(rows[0]))


def _roles(rows: list[Row]) -> str:
    return ", ".join(row.role_name for row in rows)


def _generic(row: Row) -> dict[str, Any]:
    """A trust policy without the subject of its role."""
    policy = copy.deepcopy(dict(row.trust_policy))
    if row.subject:
        equals = policy["Statement"][0]["Condition"]["StringEquals"]
        equals[f"{row.issuer.removeprefix('https://')}:sub"] = _SUBJECT
    return policy


def _listing(caption: str, policy: Mapping[str, Any]) -> Listing:
    return Listing(caption, "json", json.dumps(policy, indent=2, ensure_ascii=False))
