"""What a plan keeps from working: what it removes, and what it takes out of what stays.

A change in place breaks as much as a removal where it takes a subject from a trust policy, an
audience from the provider or a key from the published ones. What is not known before the apply
counts as nothing lost.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal

from federation.errors import UserError
from federation.iam.evaluation import evaluate
from federation.strict_json import JsonError, json_value
from formats.escaping import enumeration
from review.facts.grants import ANYBODY, grants
from review.plan.changes import ResourceChange
from review.plan.words import sentence

Scope = Literal["every role", "older tokens", "an audience", "one role", "a namespace"]
"""Whom a change keeps from working, the most first."""

SCOPES: tuple[Scope, ...] = ("every role", "older tokens", "an audience", "one role", "a namespace")


@dataclass(frozen=True)
class Break:
    """A change that keeps from working what works now.

    Attributes:
        scope: Whom it concerns.
        stack: The stack that it is planned in.
        address: The resource.
        text: What happens, and what comes of it, in one or two sentences.
    """

    scope: Scope
    stack: str
    address: str
    text: str


def breaks(stack: str, change: ResourceChange, *, reads_bucket: bool = False) -> Iterator[Break]:
    """What a change of a stack's plan keeps from working.

    Args:
        stack: The stack.
        change: The change.
        reads_bucket: Whether AWS reads the discovery documents from a bucket: what the API server
            shows strangers then breaks nothing.
    """
    if reads_bucket and change.type == _BINDING:
        return
    if change.action in _ENDS and change.type in _CONSEQUENCES:
        scope, consequence = _CONSEQUENCES[change.type]
        why = ", ".join(each.path for each in change.attributes if each.replaces)
        because = f" because of {why}" if change.action == "replace" and why else ""
        text = f"{sentence(change)}{because}. {consequence}"
        yield Break(scope, stack, change.address, text)
    if change.action == "update" and change.type in _LOSSES:
        for scope, text in _LOSSES[change.type](change):
            yield Break(scope, stack, change.address, text)


_Losses = Iterator[tuple[Scope, str]]

_ENDS = ("delete", "replace")
_MOST_NAMED = 3
_STRANGERS = '"system:unauthenticated"'
_UNREADABLE = "AWS can no longer read the cluster's discovery documents, and rejects its tokens."
_BINDING = "kubernetes_cluster_role_binding_v1"
_CONSEQUENCES: Mapping[str, tuple[Scope, str]] = {
    "aws_iam_openid_connect_provider": (
        "every role",
        "From then on AWS rejects all of the cluster's tokens, for every role.",
    ),
    "aws_s3_bucket": ("every role", _UNREADABLE),
    "aws_s3_bucket_policy": ("every role", _UNREADABLE),
    "aws_s3_object": ("every role", _UNREADABLE),
    "aws_cloudfront_distribution": ("every role", _UNREADABLE),
    _BINDING: ("every role", _UNREADABLE),
    "aws_iam_role_policy_attachment": ("one role", "Its pods lose what the policy allows."),
    "aws_iam_role": (
        "one role",
        "Its pods lose access at once: the sessions that they have end with the role.",
    ),
    "kubernetes_service_account_v1": (
        "one role",
        "Its pods get no new tokens, and new pods do not start.",
    ),
    "kubernetes_config_map_v1": (
        "one role",
        "New pods that take their environment from it do not start.",
    ),
    "kubernetes_namespace_v1": ("a namespace", "Everything in the namespace is deleted with it."),
}


def _of_provider(change: ResourceChange) -> _Losses:
    for audience in _lost_values(change, "client_id_list["):
        yield (
            "an audience",
            f"Removes the audience {audience} from the OIDC provider. AWS rejects tokens for it.",
        )


def _of_role(change: ResourceChange) -> _Losses:
    for before, after in _documents(change, "assume_role_policy"):
        if lost := _shut_out(before, after):
            named = enumeration(lost, _MOST_NAMED)
            yield (
                "one role",
                f"No longer admitted to the role: {named}. AWS rejects these tokens for it.",
            )


def _shut_out(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Whom a trust policy lets in and another one does not, in words, sorted.

    For a wildcard stands one of many that match it: where the other policy is narrower, it loses.
    """
    try:
        return sorted(
            {
                f"{subject} of https://{grant.issuer} with the audience {audience}"
                for grant in grants(before)
                if grant.issuer != ANYBODY
                for subject, audience in product(
                    grant.subjects or (_ANY_SUBJECT,), grant.audiences or ("*",)
                )
                if _lets_in(before, grant.issuer, subject, audience)
                and not _lets_in(after, grant.issuer, subject, audience)
            }
        )
    except UserError:
        return []  # one that IAM would not take has nothing to lose


_ANY_SUBJECT = "system:serviceaccount:*:*"


def _lets_in(policy: Mapping[str, Any], issuer: str, subject: str, audience: str) -> bool:
    claims = {"iss": f"https://{issuer}", "sub": _one_of(subject), "aud": _one_of(audience)}
    return evaluate(policy, claims).allowed


def _one_of(pattern: str) -> str:
    return pattern.replace("*", "any").replace("?", "a")


def _of_object(change: ResourceChange) -> _Losses:
    for before, after in _documents(change, "content"):
        if before.get("issuer") != after.get("issuer"):
            yield "every role", "Changes the issuer in the discovery document. " + _OTHER_ISSUER
        for kid in sorted(_kids(before) - _kids(after)):
            yield (
                "older tokens",
                f"Removes the published key {json.dumps(kid)}. AWS rejects the tokens "
                "that it signed.",
            )


_OTHER_ISSUER = "AWS rejects all of the cluster's tokens."


def _kids(document: Mapping[str, Any]) -> set[str]:
    keys = document.get("keys")
    found = keys if isinstance(keys, list) else []
    return {str(key["kid"]) for key in found if isinstance(key, Mapping) and "kid" in key}


def _of_distribution(change: ResourceChange) -> _Losses:
    if any((each.path, each.after) == ("enabled", "false") for each in change.attributes):
        yield "every role", f"Disables the CloudFront distribution. {_UNREADABLE}"
    for name in _lost_values(change, "aliases["):
        yield "every role", f"Removes the name {name} from the distribution. {_UNREADABLE}"


def _of_access_block(change: ResourceChange) -> _Losses:
    for each in change.attributes:
        if (each.path, each.after) == ("restrict_public_buckets", "true"):
            yield "every role", f"Closes the bucket to the public. {_UNREADABLE}"


def _of_binding(change: ResourceChange) -> _Losses:
    if _STRANGERS in _lost_values(change, "subject["):
        yield "every role", f"Removes anonymous access from the cluster role binding. {_UNREADABLE}"


_LOSSES: Mapping[str, Callable[[ResourceChange], _Losses]] = {
    "aws_cloudfront_distribution": _of_distribution,
    "aws_iam_openid_connect_provider": _of_provider,
    "aws_iam_role": _of_role,
    "aws_s3_bucket_public_access_block": _of_access_block,
    "aws_s3_object": _of_object,
    _BINDING: _of_binding,
}
"""By the type of a resource, what a change in place takes from it."""


def _lost_values(change: ResourceChange, list_start: str) -> list[str]:
    """The values, as JSON, that a list has no more; its places do not count."""
    moved = [each for each in change.attributes if each.path.startswith(list_start)]
    kept = {each.after for each in moved}
    return sorted({each.before for each in moved if each.before and each.before not in kept})


def _documents(
    change: ResourceChange, path: str
) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """What an argument that is JSON holds before and after, where both are known."""
    for each in change.attributes:
        if each.path == path:
            before, after = json_in(each.before), json_in(each.after)
            if isinstance(before, Mapping) and isinstance(after, Mapping):
                yield before, after


def json_in(value: str | None) -> Any:
    """The object or list that a text holds as JSON; None where it holds none."""
    try:
        # As `review.plan.changes` writes it the text is in JSON itself; or words stand for it.
        text = json.loads(value or "null")
        found = json_value("The text", text) if isinstance(text, str) else None
    except (ValueError, JsonError):
        return None
    return found if isinstance(found, dict | list) else None
