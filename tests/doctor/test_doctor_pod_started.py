"""A pod that still has the environment of yesterday is found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import stand_in_cluster
from kubernetes import client
from live_federation import LiveFederation
from stand_in_cluster import CONFIG_MAP_PATH, CONFIGURED

from doctor.examination import Options
from doctor.finding import Finding
from doctor.runner import examined
from federation.model.config import ClusterConfig
from federation.pod_environment import checksum

POD_PATH = "/api/v1/namespaces/default/pods/web-5d9c-x"
CODE = "control-plane-pod-environment"
OPTIONS = Options(pod="default/web-5d9c-x", only=frozenset({CODE}))
CURRENT, OTHER = checksum(CONFIGURED), checksum({**CONFIGURED, "AWS_REGION": "us-east-1"})
RESTART = "Restart it: kubectl --context stand-in rollout restart -n default deployment/web"
DELETE = (
    "Delete it: kubectl --context stand-in delete pod -n default web-5d9c-x. Then create it again; "
    "a test pod is created by 'python -m wizard deploy'."
)
TAKES = {"envFrom": [{"secretRef": {"name": "s"}}, {"configMapRef": {"name": "app-role"}}]}
TAKES_ONE = {
    "env": [
        {"name": "AWS_REGION", "valueFrom": {"configMapKeyRef": {"name": "app-role", "key": "r"}}}
    ]
}


def carrying(value: str) -> dict[str, Any]:
    return {**TAKES, "env": [{"name": "OIDC_IAM_ENVIRONMENT_SHA256", "value": value}]}


def pod(
    container: dict[str, Any],
    started: str | None = "2026-01-02T00:00:00Z",
    account: str = "app",
    owned: bool = True,
) -> dict[str, Any]:
    owner = {"kind": "ReplicaSet", "name": "web-5d9c", "controller": True}
    state = {"running": {"startedAt": started}} if started else {"waiting": {"reason": "x"}}
    return {
        "metadata": {
            "name": "web-5d9c-x",
            "namespace": "default",
            "labels": {"pod-template-hash": "5d9c"},
            **({"ownerReferences": [owner]} if owned else {}),
        },
        "spec": {
            "serviceAccountName": account,
            "containers": [{"name": "proxy"}, {"name": "web", **container}],
        },
        "status": {"containerStatuses": [{"name": "web", "state": state}]},
    }


def config_map(*managed: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    fields = [{"time": time, "fieldsV1": fields} for time, fields in managed]
    metadata = {"creationTimestamp": "2026-01-01T12:00:00Z", "managedFields": fields}
    return {"metadata": metadata, "data": CONFIGURED}


LABELS_LATER = config_map(
    ("2026-01-02T00:00:00Z", {"f:data": {"f:AWS_REGION": {}}}),
    ("2026-01-04T00:00:00Z", {"f:metadata": {"f:labels": {}}}),
)
DATA_LATER = config_map(("2026-01-03T00:00:00Z", {"f:data": {}, "f:metadata": {}}))
STARTED = "the container web started at 2026-01-02T00:00:00Z"
PASSED = ("pass", f"{STARTED}, after app-role was last written", "", "")
WARNED = ("warn", STARTED, "after 2026-01-03T00:00:00Z, when app-role was last written", RESTART)
FAILED = (
    "fail",
    f"OIDC_IAM_ENVIRONMENT_SHA256={OTHER} in the container web",
    f"{CURRENT}, of the configured environment",
    RESTART,
)


def skipped(reason: str) -> tuple[str, str, str, str]:
    return ("skip", reason, "", "")


CASES: dict[str, tuple[object, object, tuple[str, str, str, str]]] = {
    "the checksum of today": (
        pod(carrying(CURRENT)),
        DATA_LATER,
        ("pass", "the checksum of the configured environment", "", ""),
    ),
    "another checksum": (pod(carrying(OTHER)), LABELS_LATER, FAILED),
    "another checksum without an owner": (
        pod(carrying(OTHER), owned=False),
        LABELS_LATER,
        (*FAILED[:3], DELETE),
    ),
    "started later": (pod(TAKES), LABELS_LATER, PASSED),
    "started earlier": (pod(TAKES), DATA_LATER, WARNED),
    "one variable": (pod(TAKES_ONE), DATA_LATER, WARNED),
    "no managed fields": (pod(TAKES), config_map(), PASSED),
    "does not run": (pod(TAKES, None), DATA_LATER, skipped("the container web does not run")),
    "takes another": (
        pod({}),
        DATA_LATER,
        skipped("no container takes its environment from app-role"),
    ),
    "of another account": (
        pod(TAKES, account="other"),
        DATA_LATER,
        skipped("the pod runs as default/other"),
    ),
    "no time": (pod(TAKES, "now"), DATA_LATER, skipped("not a Kubernetes API response")),
    "no pod at all": ({"a": "b"}, DATA_LATER, skipped("not a Kubernetes API response")),
    "no time in the ConfigMap": (
        pod(TAKES),
        {"metadata": {}},
        skipped("not a Kubernetes API response"),
    ),
}


def told(findings: list[Finding]) -> list[tuple[str, str, str, str]]:
    return [(each.verdict, each.seen, each.expected, each.fix) for each in findings]


@pytest.mark.parametrize(("described", "environment", "found"), CASES.values(), ids=CASES)
async def test_a_pod_with_an_earlier_environment_is_found(
    described: object,
    environment: object,
    found: tuple[str, str, str, str],
    in_folder: Path,
) -> None:
    answers = {POD_PATH: described, CONFIG_MAP_PATH: environment}
    with stand_in_cluster.cluster(in_folder, answers) as config:
        findings = await examined(config, OPTIONS)

    assert told(findings) == [found]


async def test_without_the_account_the_environment_is_that_of_the_config_map(
    in_folder: Path,
) -> None:
    answers = {POD_PATH: pod(carrying(CURRENT)), CONFIG_MAP_PATH: DATA_LATER}
    with stand_in_cluster.cluster(in_folder, answers):
        config = stand_in_cluster.configuration(in_folder, account_id=None)
        options = Options(pod=OPTIONS.pod, only=OPTIONS.only, skip=frozenset({"aws"}))
        findings = await examined(config, options)

    assert told(findings) == [("pass", "the checksum of the ConfigMap's environment", "", "")]


async def test_what_is_not_there_is_named(in_folder: Path) -> None:
    with stand_in_cluster.cluster(in_folder, {}) as config:
        without_pod = await examined(config, OPTIONS)
        unasked = await examined(config, Options(only=OPTIONS.only))
    with stand_in_cluster.cluster(in_folder, {POD_PATH: pod(TAKES)}) as config:
        without_config_map = await examined(config, OPTIONS)

    assert told([*without_pod, *unasked, *without_config_map]) == [
        skipped("there is no pod default/web-5d9c-x"),
        skipped("needs --pod NAMESPACE/NAME"),
        skipped("there is no ConfigMap default/app-role"),
    ]


async def test_the_test_pod_of_before_a_changed_region_fails_on_a_real_api_server(
    live: LiveFederation,
) -> None:
    options = Options(pod="default/awscli", only=frozenset({CODE}))
    found: Any = client.CoreV1Api(live.api).read_namespaced_pod("awscli", "default")
    carried = {each.name: each.value for each in found.spec.containers[0].env}[
        "OIDC_IAM_ENVIRONMENT_SHA256"
    ]
    settings = live.config.model_dump(mode="json")
    settings["aws"]["region"] = "eu-north-1"
    moved = ClusterConfig.model_validate_json(json.dumps(settings))
    wanted = checksum(moved.environment(str(moved.role_arn(moved.workloads[0]))))

    before, after = await examined(live.config, options), await examined(moved, options)

    assert [(each.verdict, each.about, each.seen) for each in before] == [
        ("pass", "default/oidc-iam-pod", "the checksum of the configured environment"),
        ("skip", "reports/report-writer", "the pod runs as default/oidc-iam-pod"),
    ]
    assert [(each.verdict, each.seen, each.expected) for each in after] == [
        (
            "fail",
            f"OIDC_IAM_ENVIRONMENT_SHA256={carried} in the container awscli",
            f"{wanted}, of the configured environment",
        ),
        ("skip", "the pod runs as default/oidc-iam-pod", ""),
    ]
