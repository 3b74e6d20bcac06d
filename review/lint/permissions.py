"""What a role may do, and for how long."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from formats.escaping import quoted
from review.facts import aws_managed
from review.facts.estate import Attachment, Estate, Permissions
from review.facts.permissions import Allowance, Judgement, judge, naming
from review.lint.finding import Look, Seen

LONG_SESSION = 4 * 3600
"""Seconds; IAM's default, and ours, is an hour."""

LONG_TOKEN = 24 * 3600
"""Seconds; the kubelet refreshes a token after a day at the latest."""


def _powerful_policy(estate: Estate) -> Iterator[Seen]:
    for written, judgement in _judged(estate):
        for allowance in judgement.administration:
            yield _seen(written, _told(allowance))


def _broad_policy(estate: Estate) -> Iterator[Seen]:
    for written, judgement in _judged(estate):
        whole = judgement.whole_services
        contents = [each for each in judgement.contents if not naming(whole)(each)]
        if not judgement.administration and (whole or contents):
            yield _seen(written, _listed((*whole, *contents)))


def _privilege_escalation(estate: Estate) -> Iterator[Seen]:
    for written, judgement in _judged(estate):
        if judgement.is_escalation:
            yield _seen(written, _listed(judgement.escalations))


def _unjudged_policy(estate: Estate) -> Iterator[Seen]:
    written = {each.about for each in estate.permissions if _OWN_POLICY in each.where.place}
    for attached in estate.attachments:
        name = attached.policy.rpartition("/")[2]
        if _text(attached) is None and (_is_of_aws(attached) or name not in written):
            what = "is attached, and was not evaluated: its text is unknown."
            yield Seen.of(attached, f"{quoted(attached.policy)} {what}")


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


_OWN_POLICY = "aws_iam_policy."


def _judged(estate: Estate) -> Iterator[tuple[Permissions | Attachment, Judgement]]:
    """Each policy whose text is known, with what stands out in it."""
    for written in estate.permissions:
        yield written, judge(written.policy)
    for attached in estate.attachments:
        if (text := _text(attached)) is not None:
            yield attached, judge(text)


def _text(attached: Attachment) -> Mapping[str, Any] | None:
    name = attached.policy.partition(":policy/")[2]
    return aws_managed.document(name) if _is_of_aws(attached) else None


def _is_of_aws(attached: Attachment) -> bool:
    return attached.policy.partition(":policy/")[0].endswith(":iam::aws")


def _seen(written: Permissions | Attachment, actions: str) -> Seen:
    start = f"{quoted(written.policy)} is attached: " if isinstance(written, Attachment) else ""
    return Seen.of(written, f"{start}{actions} on every resource.")


def _told(allowance: Allowance) -> str:
    if allowance.excludes_actions:
        return f"everything but {_listed(allowance.actions)}"
    return _listed(allowance.actions)


def _listed(actions: tuple[str, ...]) -> str:
    return ", ".join(map(quoted, actions))


LOOKS: Mapping[str, Look] = {
    "powerful-policy": _powerful_policy,
    "privilege-escalation": _privilege_escalation,
    "broad-policy": _broad_policy,
    "unjudged-policy": _unjudged_policy,
    "no-permissions-boundary": _no_boundary,
    "long-session": _long_session,
    "long-token": _long_token,
}
