"""How a change of a plan is called: what happens, to what kind of thing, and to which one."""

from __future__ import annotations

import json
from collections.abc import Mapping

from formats.escaping import listed
from review.plan.changes import ResourceChange


def sentence(change: ResourceChange) -> str:
    """What happens to a resource, like `Creates the role web`."""
    return " ".join(filter(None, (happening(change), name(change))))


def happening(change: ResourceChange) -> str:
    """What happens to a resource, like `Creates the role`."""
    noun, _ = _NOUNS.get(change.type, (f"the {change.type}", ()))
    if change.action == "unknown":
        return f"An unknown action ({listed(change.unknown_actions)}) on {noun}"
    return f"{_VERBS[change.action]} {noun}"


def fate(change: ResourceChange) -> str:
    """What a plan adds to an address: whether it is forgotten, imported, or neither is known."""
    if change.action == "unknown":
        return f" (unknown action: {listed(change.unknown_actions)})"
    if change.action == "forget":
        where = "in the cluster" if change.type.startswith("kubernetes_") else "in AWS"
        return f" (forgotten, stays {where})"
    return " (exists, imported)" if change.imported is not None else ""


def name(change: ResourceChange) -> str:
    """Which resource it is; empty where the plan does not repeat that."""
    _, paths = _NOUNS.get(change.type, ("", ("name",)))
    values = {each.path: each.before or each.after for each in change.attributes}
    known = (values.get(path) for path in paths)
    between = "/" if paths == _OF_KUBERNETES else " to "
    names = (json.loads(value) for value in known if value and value.startswith('"'))
    return between.join(names)


_VERBS = {
    "create": "Creates",
    "update": "Changes",
    "replace": "Replaces",
    "delete": "Destroys",
    "forget": "Stops managing",
    "import": "Imports",
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
