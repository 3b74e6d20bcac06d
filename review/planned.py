"""A plan as a reviewer reads it: what stops working first, then each change in words.

Made from the records of `review.changes`, for `PLAN.md` and `plan.json` of the bundle and for the
top of its report. What looks like a secret is left out even where Terraform does not call it one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from federation.quoting import printable
from federation.templates import render
from review.changes import SENSITIVE, AttributeChange, Plan, ResourceChange
from review.lint.secrets import kind_of_secret

Scope = Literal["every role", "an audience", "one role", "a namespace"]
"""Whom a change keeps from working, the most first."""

_SCOPES: tuple[Scope, ...] = ("every role", "an audience", "one role", "a namespace")
_ENDS = ("delete", "replace")
_VERBS = {
    "create": "Creates",
    "update": "Changes",
    "replace": "Destroys and makes anew",
    "delete": "Destroys",
    "forget": "Leaves alone from now on",
}
_OF_KUBERNETES = ("metadata[0].namespace", "metadata[0].name")
_NOUNS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "aws_cloudfront_distribution": ("the CloudFront distribution", ()),
    "aws_iam_openid_connect_provider": ("the OIDC provider", ("url",)),
    "aws_iam_role": ("the role", ("name",)),
    "aws_iam_role_policy_attachment": ("the attachment of", ("policy_arn", "role")),
    "aws_s3_bucket": ("the bucket", ("bucket",)),
    "aws_s3_bucket_policy": ("the policy of the bucket", ("bucket",)),
    "aws_s3_object": ("the document", ("key",)),
    "kubernetes_cluster_role_binding_v1": ("the cluster role binding", ("metadata[0].name",)),
    "kubernetes_config_map_v1": ("the ConfigMap", _OF_KUBERNETES),
    "kubernetes_namespace_v1": ("the namespace", ("metadata[0].name",)),
    "kubernetes_pod_v1": ("the pod", _OF_KUBERNETES),
    "kubernetes_service_account_v1": ("the service account", _OF_KUBERNETES),
}
"""What a resource is called, and the arguments that say which one it is, as far as a plan does."""
_UNREADABLE = "AWS cannot read the cluster's discovery documents any more, and refuses its tokens."
_BINDING = "kubernetes_cluster_role_binding_v1"
_CONSEQUENCES: Mapping[str, tuple[Scope, str]] = {
    "aws_iam_openid_connect_provider": (
        "every role",
        "AWS refuses each of the cluster's tokens from that moment on, for every role.",
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
        "Pods that run as it get no new token, and new ones do not start.",
    ),
    "kubernetes_config_map_v1": (
        "one role",
        "Pods that take their environment from it do not start.",
    ),
    "kubernetes_namespace_v1": ("a namespace", "Everything in the namespace goes with it."),
}
_SETTINGS = ("annotations", "binary_data", "data", "labels", "tags", "tags_all")


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


@dataclass(frozen=True)
class Planned:
    """What a deployment would change.

    Attributes:
        plan: The changes, without sensitive values.
        breaks: Those that keep something from working, the weightiest first.
    """

    plan: Plan
    breaks: tuple[Break, ...]

    @property
    def summary(self) -> str:
        """All of it in a line."""
        plan = self.plan
        if plan.empty:
            return "No changes: what is there matches the configuration."
        return f"{plan.add} to add, {plan.change} to change, {plan.destroy} to destroy."


def weighed(plan: Plan, *, reads_bucket: bool = False) -> Planned:
    """What a reviewer has to know of a plan.

    Args:
        plan: The plan.
        reads_bucket: Whether AWS reads the discovery documents from a bucket: what the API server
            shows strangers then breaks nothing.
    """
    shown = Plan(
        tuple(
            replace(each, changes=tuple(map(_without_secrets, each.changes)))
            for each in plan.stacks
        )
    )
    breaks = [
        each
        for stack in shown.stacks
        for change in stack.changes
        if not (reads_bucket and change.type == _BINDING)
        for each in _breaks(stack.stack, change)
    ]
    return Planned(shown, tuple(sorted(breaks, key=lambda each: _SCOPES.index(each.scope))))


def documents(cluster: str, planned: Planned) -> dict[str, str]:
    """The plan as Markdown and as JSON, by the names of the files."""
    changes = {
        stack.stack: [
            (_happening(change), _name(change), change.address, list(_lines(change)))
            for change in stack.changes
            if change.action != "read"
        ]
        for stack in planned.plan.stacks
    }
    document = {
        "cluster": cluster,
        "add": planned.plan.add,
        "change": planned.plan.change,
        "destroy": planned.plan.destroy,
        "breaks": [asdict(each) for each in planned.breaks],
        **asdict(planned.plan),
    }
    return {
        "PLAN.md": render("review/plan.md.j2", cluster=cluster, planned=planned, changes=changes),
        "plan.json": json.dumps(document, indent=2, ensure_ascii=False) + "\n",
    }


def sentence(change: ResourceChange) -> str:
    """What happens to a resource, like `Creates the role web`."""
    return " ".join(filter(None, (_happening(change), _name(change))))


def _happening(change: ResourceChange) -> str:
    """What happens to a resource, like `Creates the role`."""
    noun, _ = _NOUNS.get(change.type, (f"the {change.type}", ()))
    return f"{_VERBS[change.action]} {noun}"


def _name(change: ResourceChange) -> str:
    """Which resource it is; empty where the plan does not repeat that."""
    _, paths = _NOUNS.get(change.type, ("", ("name",)))
    values = {each.path: each.before or each.after for each in change.attributes}
    known = (values.get(path) for path in paths)
    between = "/" if paths == _OF_KUBERNETES else " to "
    names = (json.loads(value) for value in known if value and value.startswith('"'))
    return printable(between.join(names))


def _breaks(stack: str, change: ResourceChange) -> Iterator[Break]:
    if change.action in _ENDS and change.type in _CONSEQUENCES:
        scope, consequence = _CONSEQUENCES[change.type]
        why = ", ".join(each.path for each in change.attributes if each.replaces)
        because = f" because of {why}" if change.action == "replace" and why else ""
        text = f"{sentence(change)}{because}. {consequence}"
        yield Break(scope, stack, change.address, text)
    for audience in _lost_audiences(change):
        text = f"Takes the audience {audience} from the OIDC provider. AWS refuses tokens for it."
        yield Break("an audience", stack, change.address, text)


def _lost_audiences(change: ResourceChange) -> list[str]:
    if (change.type, change.action) != ("aws_iam_openid_connect_provider", "update"):
        return []
    moved = [each for each in change.attributes if each.path.startswith("client_id_list[")]
    kept = {each.after for each in moved}
    return sorted(each.before for each in moved if each.before and each.before not in kept)


def _without_secrets(change: ResourceChange) -> ResourceChange:
    return replace(
        change,
        attributes=tuple(
            replace(
                each,
                before=_hidden(each.path, each.before),
                after=_hidden(each.path, each.after),
            )
            for each in change.attributes
        ),
    )


def _hidden(path: str, value: str | None) -> str | None:
    """A value of a map that people fill, unless it looks like a secret."""
    top = path.removeprefix("metadata[0].").partition(".")
    if value is None or top[0] not in _SETTINGS:
        return value
    return SENSITIVE if kind_of_secret(top[2], value.strip('"')) else value


def _lines(change: ResourceChange) -> Iterator[str]:
    """The arguments that differ, as the lines of a diff."""
    for each in change.attributes:
        for path, before, after in _leaves(each):
            reason = "  # why it is made anew" if each.replaces else ""
            if before is not None:
                yield printable(f"- {path} = {before}{reason}")
            if after is not None:
                yield printable(f"+ {path} = {after}{reason}")


def _leaves(change: AttributeChange) -> Iterator[tuple[str, str | None, str | None]]:
    """An argument, or each part of a policy that differs, with its values before and after."""
    before, after = _document(change.before), _document(change.after)
    if before is None and after is None:
        yield change.path, change.before, change.after
        return
    old = _parts(change.path, before, change.before)
    new = _parts(change.path, after, change.after)
    for path in [*new, *(path for path in old if path not in new)]:
        if old.get(path) != new.get(path):
            yield path, old.get(path), new.get(path)


def _document(value: str | None) -> Any:
    """The object or list that a text holds as JSON; None where it holds none."""
    try:
        found = json.loads(json.loads(value or "null"))
    except (TypeError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict | list) else None


def _parts(path: str, document: Any, text: str | None) -> dict[str, str]:
    if document is None:
        return {} if text is None else {path: text}
    return dict(_parts_of(path, document))


def _parts_of(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for key, each in value.items():
            yield from _parts_of(f"{path}.{key}", each)
    elif isinstance(value, list) and value:
        for at, each in enumerate(value):
            yield from _parts_of(f"{path}[{at}]", each)
    else:
        yield path, json.dumps(value, ensure_ascii=False)
