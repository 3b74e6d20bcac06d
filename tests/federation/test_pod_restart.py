"""The command that restarts a pod is for what owns it."""

from __future__ import annotations

from typing import Any

import pytest

from federation.pod_restart import has_owner, restart_command


def pod(kind: str = "", name: str = "", **labels: str) -> dict[str, Any]:
    owner = {"kind": kind, "name": name, "controller": True}
    others = [{"kind": "Widget", "name": "w"}]
    return {
        "metadata": {
            "name": "web-5d9c-x",
            "namespace": "shop",
            "labels": labels,
            "ownerReferences": [*others, owner] if kind else others,
        }
    }


HASH = {"pod-template-hash": "5d9c"}


@pytest.mark.parametrize(
    ("described", "command"),
    [
        (pod("ReplicaSet", "web-5d9c", **HASH), "rollout restart -n shop deployment/web"),
        (pod("StatefulSet", "db"), "rollout restart -n shop statefulset/db"),
        (pod("DaemonSet", "log"), "rollout restart -n shop daemonset/log"),
        (pod("ReplicaSet", "web"), "delete pod -n shop web-5d9c-x"),
        (pod("ReplicaSet", "other", **HASH), "delete pod -n shop web-5d9c-x"),
        (pod("Job", "once"), "delete pod -n shop web-5d9c-x"),
        (pod(), "delete pod -n shop web-5d9c-x"),
    ],
)
def test_the_owner_of_a_pod_is_restarted_and_a_pod_without_one_deleted(
    described: dict[str, Any], command: str
) -> None:
    assert restart_command(described, None) == f"kubectl {command}"
    assert restart_command(described, "the prod") == f"kubectl --context 'the prod' {command}"


@pytest.mark.parametrize(("described", "owned"), [(pod(), False), (pod("Job", "once"), True)])
def test_a_pod_that_is_only_named_by_others_has_no_owner(
    described: dict[str, Any], owned: bool
) -> None:
    assert has_owner(described) is owned
