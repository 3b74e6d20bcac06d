"""What a role may do, and for how long."""

from __future__ import annotations

from collections.abc import Iterator

from federation.advice import POWERFUL_POLICIES
from formats.escaping import quoted
from review.estate import Attachment, Estate, Permissions
from review.lint.finding import Rule, Seen
from review.permissions import Allowance, allowances

LONG_SESSION = 4 * 3600
"""Seconds; IAM's default, and ours, is an hour."""

LONG_TOKEN = 24 * 3600
"""Seconds; the kubelet refreshes a token after a day at the latest."""

_BROAD = ("ReadOnlyAccess", "SecretsManagerReadWrite", "job-function/SystemAdministrator")


def _powerful_policy(estate: Estate) -> Iterator[Seen]:
    for attached in estate.attachments:
        if _managed(attached) in POWERFUL_POLICIES:
            yield Seen.of(attached, f"{quoted(attached.policy)} is attached.")
    for written, allowance in _allowed(estate):
        if allowance.is_administration:
            yield Seen.of(written, f"{_told(allowance)} on every resource.")


def _broad_policy(estate: Estate) -> Iterator[Seen]:
    for attached in estate.attachments:
        policy = _managed(attached)
        if policy in _BROAD or (policy not in POWERFUL_POLICIES and policy.endswith("FullAccess")):
            yield Seen.of(attached, f"{quoted(attached.policy)} is attached.")
    for written, allowance in _allowed(estate):
        if allowance.whole_services and not allowance.is_administration:
            yield Seen.of(written, f"{_listed(allowance.whole_services)} on every resource.")


def _privilege_escalation(estate: Estate) -> Iterator[Seen]:
    for written, allowance in _allowed(estate):
        if allowance.escalations and not allowance.is_administration:
            yield Seen.of(written, f"{_listed(allowance.escalations)} on every resource.")


def _no_boundary(estate: Estate) -> Iterator[Seen]:
    for fact in estate.unbounded:
        yield Seen.of(fact, "none is set.")


def _long_session(estate: Estate) -> Iterator[Seen]:
    for session in estate.sessions:
        if session.seconds > LONG_SESSION:
            yield Seen.of(session, f"a session may last {session.seconds} seconds.")


def _long_token(estate: Estate) -> Iterator[Seen]:
    for token in estate.tokens:
        if token.seconds > LONG_TOKEN:
            yield Seen.of(token, f"a token lives {token.seconds} seconds.")


def _managed(attached: Attachment) -> str:
    """The name, with its path, of an AWS managed policy; empty where it is somebody's own."""
    prefix, _, name = attached.policy.partition(":policy/")
    return name if prefix.endswith(":iam::aws") else ""


def _allowed(estate: Estate) -> Iterator[tuple[Permissions, Allowance]]:
    for written in estate.permissions:
        for allowance in allowances(written.policy):
            yield written, allowance


def _told(allowance: Allowance) -> str:
    if allowance.excludes_actions:
        return f"everything but {_listed(allowance.actions)}"
    return _listed(allowance.actions)


def _listed(actions: tuple[str, ...]) -> str:
    return ", ".join(map(quoted, actions))


_LEAST_PRIVILEGE = "AWS IAM User Guide, 'Security best practices in IAM': least privilege"

RULES = (
    Rule(
        "powerful-policy",
        "error",
        "The role may do nearly everything in the account",
        "Whoever gets into the pod can give itself what is missing, and take over most of the "
        "account.",
        "Attach what the workload needs.",
        _LEAST_PRIVILEGE,
        _powerful_policy,
    ),
    Rule(
        "privilege-escalation",
        "error",
        "The role may give itself, or take, more permissions",
        "Each of these actions on every resource leads to the permissions of other identities: by "
        "changing policies, making credentials, or passing and assuming roles.",
        "Name the resources that the workload needs it for, or leave the action out.",
        "AWS IAM User Guide, 'Actions, resources, and condition keys for IAM': permissions "
        "management; Rhino Security Labs, 'AWS IAM Privilege Escalation'",
        _privilege_escalation,
    ),
    Rule(
        "broad-policy",
        "warning",
        "The role may do everything with a service, or read everything",
        "A policy for a whole service reaches the data and the settings of everybody else who uses "
        "the service in this account.",
        "Attach a policy that names the actions and the resources that the workload needs.",
        _LEAST_PRIVILEGE,
        _broad_policy,
    ),
    Rule(
        "no-permissions-boundary",
        "note",
        "The role has no permissions boundary",
        "A boundary holds whatever somebody attaches to the role later.",
        "Set aws.permissions_boundary to the policy that your organisation bounds such roles with.",
        "AWS IAM User Guide, 'Permissions boundaries for IAM entities'",
        _no_boundary,
    ),
    Rule(
        "long-session",
        "warning",
        "A session of the role lasts longer than four hours",
        "Credentials that were taken from a pod work until the session ends, also after the pod "
        "and its service account are gone.",
        "Lower role.max_session_duration: the SDKs renew sessions by themselves.",
        "AWS IAM User Guide, 'Revoke IAM role temporary security credentials'",
        _long_session,
    ),
    Rule(
        "long-token",
        "warning",
        "A projected token lives longer than a day",
        "A token that was taken from a pod buys credentials of the role until it expires, and the "
        "kubelet refreshes it after a day in any case.",
        "Lower token_expiration_seconds.",
        "Kubernetes, 'Configure Service Accounts for Pods': service account token volume "
        "projection",
        _long_token,
    ),
)
