"""Which rules give strangers a cluster, and which do not."""

from __future__ import annotations

from typing import Any

import pytest

from doctor import rbac

RBAC = "rbac.authorization.k8s.io"


def rule(
    verbs: str, resources: str, groups: str | tuple[str, ...] = ("",), names: str = ""
) -> dict[str, Any]:
    return {
        "verbs": verbs.split(),
        "resources": resources.split(),
        "apiGroups": [groups] if isinstance(groups, str) else list(groups),
        **({"resourceNames": names.split()} if names else {}),
    }


PODS, COMMANDS, SECRETS = "create or change pods", "run commands in pods", "read secrets"
TOKENS, USE, ROLES = "create tokens", "change what workloads use", "change roles"
CERTIFICATES, REQUESTS = "approve certificates", "intercept API requests"

POWERFUL: list[tuple[dict[str, Any], tuple[str, ...]]] = [
    (rule("create", "serviceaccounts/token"), (TOKENS,)),
    (rule("create", "serviceaccounts/token", names="app"), (TOKENS,)),
    (rule("create", "*/token"), (TOKENS,)),
    (rule("impersonate", "serviceaccounts"), ("impersonate others",)),
    (rule("impersonate", "users groups", names="admin"), ("impersonate others",)),
    (rule("impersonate", "userextras/scopes", "authentication.k8s.io"), ("impersonate others",)),
    (rule("impersonate:user-info", "users"), ("impersonate others",)),
    (rule("get create", "pods"), (PODS,)),
    (rule("patch", "pods", names="web"), (PODS,)),
    (rule("update", "deployments", "apps"), (PODS,)),
    (rule("create", "cronjobs", "batch"), (PODS,)),
    (rule("create", "*", "apps"), (PODS,)),
    (rule("patch", "pods/ephemeralcontainers"), (PODS,)),
    (rule("create", "pods/exec", names="web"), (COMMANDS,)),
    (rule("get", "nodes/proxy"), (COMMANDS,)),
    (rule("create", "*/exec"), (COMMANDS,)),
    (rule("list", "secrets"), (SECRETS,)),
    (rule("get", "secrets", names="one"), (SECRETS,)),
    (rule("watch", "*", "*"), (COMMANDS, SECRETS)[1:]),
    (rule("patch", "configmaps"), (USE,)),
    (rule("delete", "serviceaccounts"), (USE,)),
    (rule("update", "nodes/status"), ("change nodes",)),
    (rule("bind", "clusterroles", RBAC), (ROLES,)),
    (rule("create", "rolebindings", RBAC), (ROLES,)),
    (
        rule("update", "certificatesigningrequests/approval", "certificates.k8s.io"),
        (CERTIFICATES,),
    ),
    (rule("approve", "signers", "certificates.k8s.io", "kubernetes.io/*"), (CERTIFICATES,)),
    (
        rule("create", "mutatingwebhookconfigurations", "admissionregistration.k8s.io"),
        (REQUESTS,),
    ),
]

HARMLESS: list[dict[str, Any]] = [
    rule("get list watch", "pods services configmaps"),
    rule("get", "configmaps", names="cluster-info"),
    rule("create", "selfsubjectaccessreviews", "authorization.k8s.io"),
    rule("create", "pods", names="web"),
    rule("create", "pods/eviction"),
    rule("get", "deployments", "apps"),
    rule("create", "deployments"),  # of another group
    rule("list", "pods/*"),  # no subresource is called '*'
    rule("*", "widgets", "example.com"),
    {"nonResourceURLs": ["*"], "verbs": ["*"]},
    {"verbs": None, "resources": 5, "apiGroups": {}},
    {},
]


@pytest.mark.parametrize(("given", "powers"), POWERFUL, ids=str)
def test_a_rule_gives_strangers_the_cluster(given: dict[str, Any], powers: tuple[str, ...]) -> None:
    assert rbac.powers([given]) == powers


@pytest.mark.parametrize("given", HARMLESS, ids=str)
def test_a_rule_is_harmless(given: dict[str, Any]) -> None:
    assert rbac.powers([given]) == ()


def test_a_wildcard_is_everything() -> None:
    everything = rbac.powers([rule("*", "*", "*")])

    assert everything == tuple(dict.fromkeys(power.text for power in rbac._POWERS))


def role(name: str, *rules: object, labels: object = None, **selector: object) -> dict[str, Any]:
    aggregation = {"aggregationRule": {"clusterRoleSelectors": [selector]}} if selector else {}
    return {"metadata": {"name": name, "labels": labels}, "rules": list(rules), **aggregation}


@pytest.mark.parametrize(
    ("selector", "is_taken"),
    [
        ({"matchLabels": {"to": "edit"}}, True),
        ({"matchLabels": {"to": "view"}}, False),
        ({"matchExpressions": [{"key": "to", "operator": "In", "values": ["edit"]}]}, True),
        ({"matchExpressions": [{"key": "to", "operator": "NotIn", "values": ["edit"]}]}, False),
        ({"matchExpressions": [{"key": "to", "operator": "Exists"}]}, True),
        ({"matchExpressions": [{"key": "to", "operator": "DoesNotExist"}]}, False),
        ({"matchExpressions": [{"key": "to", "operator": "?"}]}, False),
    ],
)
def test_the_rules_of_selected_roles_count(selector: dict[str, Any], is_taken: bool) -> None:
    taken = role("part", {"a": "b"}, labels={"to": "edit"})
    whole = role("whole", {"c": "d"}, **selector)

    assert rbac.rules_of(whole, [whole, taken]) == ({"c": "d"}, *([{"a": "b"}] * is_taken))


def test_roles_that_select_each_other_count_once() -> None:
    one = role("one", 1, {"a": "b"}, labels={"x": "y"}, matchLabels={"x": "y"})
    two = role("two", {"c": "d"}, labels={"x": "y"}, matchLabels={"x": "y"})

    assert rbac.rules_of(one, [one, two]) == ({"a": "b"}, {"c": "d"})


def test_what_no_api_server_answers_selects_nothing() -> None:
    odd: list[dict[str, Any]] = [
        {"aggregationRule": "x", "metadata": None},
        {"aggregationRule": {"clusterRoleSelectors": [5]}, "rules": "x"},
        {"metadata": {"labels": 5}},
    ]
    assert [rbac.rules_of(each, odd) for each in odd] == [(), (), ()]
