"""Facts that the tests of this room start from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import trustme

from federation.yaml import files
from review.facts.configured import configured
from review.facts.estate import Estate, joined
from review.facts.evidence import chain_file, trust_policy_file
from review.lint.linter import lint

TODAY = date(2027, 1, 31)
HOST = "oidc.example.com"
PROVIDER = f"arn:aws:iam::123456789012:oidc-provider/{HOST}"
SUBJECT = "system:serviceaccount:prod:web"
SAFE: dict[str, Any] = {
    "cluster": "prod",
    "issuer": f"https://{HOST}",
    "aws": {
        "region": "eu-west-1",
        "permissions_boundary": "arn:aws:iam::123456789012:policy/bound",
    },
    "kubernetes": {"context": "prod"},
    "workloads": [{"namespace": "prod", "service_account": "web"}],
    "backend": {"type": "s3", "bucket": "states", "region": "eu-west-1"},
}
"""A configuration without findings."""


def ours(**changes: Any) -> Estate:
    """The facts of the safe configuration with some of its keys replaced."""
    return configured(files.validate(SAFE | changes), "prod.yaml")


def workload(**changes: Any) -> Estate:
    """The facts of the safe configuration with another workload."""
    return ours(workloads=[SAFE["workloads"][0] | changes])


def statement(condition: Mapping[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """A statement that lets in one service account, with another condition."""
    equals = {f"{HOST}:aud": "sts.amazonaws.com", f"{HOST}:sub": SUBJECT}
    return {
        "Effect": "Allow",
        "Principal": {"Federated": PROVIDER},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": equals} if condition is None else condition,
        **changes,
    }


def policy(*statements: Mapping[str, Any]) -> dict[str, Any]:
    """A policy of these statements."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def theirs(*statements: Mapping[str, Any]) -> Estate:
    """The facts of somebody's trust policy."""
    return trust_policy_file(json.dumps(policy(*statements)), "role.json")


def subjects(*values: str, operator: str = "StringEquals") -> Estate:
    """The facts of somebody's trust policy that lets in these subjects."""
    return theirs(
        statement(
            {
                "StringEquals": {f"{HOST}:aud": "sts.amazonaws.com"},
                operator: {
                    **({f"{HOST}:aud": "sts.amazonaws.com"} if operator == "StringEquals" else {}),
                    f"{HOST}:sub": list(values),
                },
            }
        )
    )


def known(estate: Estate, *accounts: str) -> Estate:
    """The same facts, and service accounts that are known to exist."""
    return joined([estate, Estate(service_accounts=accounts)])


def presented(*, authority: bool) -> tuple[Estate, tuple[str, ...]]:
    """A chain of a private authority, its top sent along or not, and its certificates in PEM."""
    root = trustme.CA()
    leaf = root.issue_cert(HOST)
    pems = [leaf.cert_chain_pems[0].bytes().decode(), root.cert_pem.bytes().decode()]
    sent = tuple(pems if authority else pems[:1])
    return chain_file("".join(sent), "chain.pem"), sent


def found(estate: Estate, code: str) -> list[str]:
    """What a rule sees, as PLACE (ABOUT): TEXT."""
    return [
        f"{finding.seen.where.place} ({finding.seen.about}): {finding.seen.text}"
        for finding in lint(estate, (), TODAY).findings
        if finding.rule.code == code
    ]


def codes(estate: Estate) -> Sequence[str]:
    """The codes of everything that is found."""
    return [finding.rule.code for finding in lint(estate, (), TODAY).findings]
