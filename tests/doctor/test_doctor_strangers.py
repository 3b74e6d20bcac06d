"""What the doctor makes of bindings to strangers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import stand_in_cluster

from doctor.examination import Options
from doctor.runner import examined

API = "/apis/rbac.authorization.k8s.io/v1"
ONLY = Options(only=frozenset({"control-plane-anonymous"}))
DISCOVERY = "system:service-account-issuer-discovery"
ANY = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}
ROLES = {
    "cluster-admin": [ANY, {"nonResourceURLs": ["*"], "verbs": ["*"]}],
    "lists-pods": [{"verbs": ["list"], "apiGroups": [""], "resources": ["pods"]}],
    "reads-secrets": [{"verbs": ["get"], "apiGroups": [""], "resources": ["secrets"]}],
    "system:public-info-viewer": [{"nonResourceURLs": ["/version"], "verbs": ["get"]}],
    DISCOVERY: [{"nonResourceURLs": ["/openid/v1/jwks"], "verbs": ["get"]}],
}
EVERYTHING = (
    "create tokens, impersonate others, approve certificates, create or change pods, run commands "
    "in pods, read secrets, change what workloads use, change nodes, change roles, intercept API "
    "requests"
)
PASSED = ("pass", "RBAC grants only what Kubernetes grants by default")


def binding(
    name: str, role: str, *subjects: str, namespace: str = "", kind: str = "ClusterRole"
) -> dict[str, Any]:
    return {
        "metadata": {"name": name, **({"namespace": namespace} if namespace else {})},
        "roleRef": {"kind": kind, "name": role},
        "subjects": [{"kind": "Group", "name": each} for each in subjects] or None,
    }


def answers(
    *bindings: dict[str, Any], roles: dict[str, Any] | None = None, **more: object
) -> dict[str, object]:
    named = {"items": [{"metadata": {"name": name}, "rules": ROLES[name]} for name in ROLES]}
    return {
        f"{API}/clusterrolebindings": {
            "items": [each for each in bindings if "namespace" not in each["metadata"]]
        },
        f"{API}/rolebindings": {
            "items": [each for each in bindings if "namespace" in each["metadata"]]
        },
        f"{API}/clusterroles": named if roles is None else roles,
        **more,
    }


async def found(folder: Path, given: dict[str, object]) -> list[tuple[str, str]]:
    with stand_in_cluster.cluster(folder, given) as config:
        return [(each.verdict, each.seen) for each in await examined(config, ONLY)]


USUAL = (
    binding("system:public-info-viewer", "system:public-info-viewer", "system:unauthenticated"),
    binding("oidc-reviewer", DISCOVERY, "system:unauthenticated"),
    binding("system:basic-user", "system:basic-user", "system:authenticated"),
    binding("admins", "cluster-admin", "admins"),
    binding("nobody", "cluster-admin"),
)

CASES: dict[str, tuple[tuple[dict[str, Any], ...], list[tuple[str, str]]]] = {
    "what is usual": (USUAL, [PASSED]),
    "cluster-admin for anyone": (
        (binding("oops", "cluster-admin", "system:unauthenticated"),),
        [("fail", f"'oops (role cluster-admin, to system:unauthenticated: {EVERYTHING})'")],
    ),
    "secrets for each pod": (
        (binding("oops", "reads-secrets", "system:authenticated"),),
        [("fail", "'oops (role reads-secrets, to system:authenticated: read secrets)'")],
    ),
    "in the namespace of a workload": (
        (binding("oops", "reads-secrets", "system:anonymous", namespace="default"),),
        [("fail", "'default/oops (role reads-secrets, to system:anonymous: read secrets)'")],
    ),
    "in another namespace": (
        (binding("oops", "reads-secrets", "system:anonymous", namespace="other"),),
        [("warn", "'other/oops (role reads-secrets, to system:anonymous: read secrets)'")],
    ),
    "harmless": (
        (binding("dashboard", "lists-pods", "system:unauthenticated"),),
        [("warn", "'dashboard (role lists-pods)'")],
    ),
    "harmless for each pod": ((binding("x", "lists-pods", "system:authenticated"),), [PASSED]),
    "a role that does not exist": (
        (binding("dashboard", "gone", "system:unauthenticated"),),
        [("warn", "'dashboard (role gone)'")],
    ),
    "a role of a namespace": (
        (binding("oops", "edits", "system:unauthenticated", namespace="default", kind="Role"),),
        [
            (
                "fail",
                "'default/oops (Role edits, to system:unauthenticated: create or change pods)'",
            )
        ],
    ),
}


@pytest.mark.parametrize(("bindings", "expected"), CASES.values(), ids=CASES)
async def test_a_binding_weighs_what_it_grants(
    bindings: tuple[dict[str, Any], ...], expected: list[tuple[str, str]], in_folder: Path
) -> None:
    edits = {
        "metadata": {"name": "edits"},
        "rules": [{"verbs": ["create"], "apiGroups": [""], "resources": ["pods"]}],
    }
    given = answers(*bindings, **{f"{API}/namespaces/default/roles/edits": edits})

    assert await found(in_folder, given) == expected


async def test_an_edited_role_of_kubernetes_itself_is_judged(in_folder: Path) -> None:
    edited = {"metadata": {"name": "system:public-info-viewer"}, "rules": [ANY]}

    assert await found(in_folder, answers(USUAL[0], roles={"items": [edited]})) == [
        (
            "fail",
            "'system:public-info-viewer (role system:public-info-viewer, to "
            f"system:unauthenticated: {EVERYTHING})'",
        )
    ]


async def test_roles_that_cannot_be_read_are_not_judged_and_that_is_said(in_folder: Path) -> None:
    given = answers(binding("dashboard", "view", "system:unauthenticated"))
    del given[f"{API}/clusterroles"]

    assert await found(in_folder, given) == [
        (
            "warn",
            "\"dashboard (role view, to system:unauthenticated: not judged: HTTP 404: 'not "
            "found')\"",
        )
    ]


@pytest.mark.parametrize("odd", [{"items": None}, {"items": 5}, {"items": [5]}, []], ids=str)
async def test_what_no_api_server_answers_is_no_error_of_ours(odd: object, in_folder: Path) -> None:
    given = answers(binding("dashboard", "view", "system:unauthenticated"))
    given[f"{API}/clusterroles"] = odd

    ((verdict, _),) = await found(in_folder, given)

    assert verdict == "warn"
