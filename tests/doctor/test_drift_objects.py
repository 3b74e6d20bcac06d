"""Which fields of an object count, and which are left to the API server and to others."""

from __future__ import annotations

from typing import Any

import pytest

from doctor.drift.objects import differences

POD: dict[str, Any] = {
    "metadata": {"name": "awscli", "labels": {"managed-by": "us"}},
    "spec": {
        "containers": [{"name": "awscli", "args": ["3600"]}],
        "volumes": [{"name": "token", "projected": {"sources": [{"path": "token"}]}}],
    },
}
BINDING: dict[str, Any] = {
    "roleRef": {"kind": "ClusterRole", "name": "discovery"},
    "subjects": [{"kind": "Group", "name": "everyone"}, {"kind": "User", "name": "probe"}],
}
SETTINGS = {"data": {"AWS_REGION": "eu-west-1"}}

CASES: dict[str, tuple[dict[str, Any], dict[str, Any], list[tuple[str, str, str]]]] = {
    "the same": (POD, POD, []),
    "defaults, and what others add": (
        {
            "metadata": {
                "name": "awscli",
                "labels": {"managed-by": "us", "x": "y"},
                "uid": "1",
            },
            "spec": {
                "containers": [
                    {"name": "proxy", "args": ["run"]},
                    {"name": "awscli", "args": ["3600"], "imagePullPolicy": "Always"},
                ],
                "volumes": [
                    {"name": "injected"},
                    {
                        "name": "token",
                        "projected": {"sources": [{"path": "token"}], "defaultMode": 420},
                    },
                ],
            },
        },
        POD,
        [],
    ),
    "a part that is not there": (
        {"metadata": POD["metadata"], "spec": {"containers": POD["spec"]["containers"]}},
        POD,
        [
            ("spec.volumes[token].name", "nothing", "'token'"),
            ("spec.volumes[token].projected.sources[0].path", "nothing", "'token'"),
        ],
    ),
    "another value in a list": (
        {**POD, "spec": {**POD["spec"], "containers": [{"name": "awscli", "args": ["60"]}]}},
        POD,
        [("spec.containers[awscli].args", "\"['60']\"", "\"['3600']\"")],
    ),
    "no spec at all": (
        {"metadata": {"name": "awscli", "labels": None}, "spec": "none"},
        {"metadata": {"labels": {"managed-by": "us"}}, "spec": {"containers": []}},
        [
            ("metadata.labels.managed-by", "nothing", "'us'"),
            ("spec", "'none'", "\"{'containers': []}\""),
        ],
    ),
    "subjects in another order": ({**BINDING, "subjects": BINDING["subjects"][::-1]}, BINDING, []),
    "a group with a namespace, as Terraform writes it": (
        {**BINDING, "subjects": [{**each, "namespace": "default"} for each in BINDING["subjects"]]},
        BINDING,
        [],
    ),
    "a subject less": (
        {**BINDING, "subjects": BINDING["subjects"][:1]},
        BINDING,
        [("subjects", "'Group everyone'", "'Group everyone', 'User probe'")],
    ),
    "a subject of a namespace more": (
        {
            **BINDING,
            "subjects": [
                *BINDING["subjects"],
                {"kind": "ServiceAccount", "namespace": "shop", "name": "web"},
            ],
        },
        BINDING,
        [
            (
                "subjects",
                "'Group everyone', 'ServiceAccount shop/web', 'User probe'",
                "'Group everyone', 'User probe'",
            )
        ],
    ),
    "no subjects, and another role": (
        {"roleRef": {"kind": "ClusterRole", "name": "cluster-admin"}, "subjects": None},
        BINDING,
        [
            ("roleRef.name", "'cluster-admin'", "'discovery'"),
            ("subjects", "none", "'Group everyone', 'User probe'"),
        ],
    ),
    "a further setting, whose value is not repeated": (
        {"data": {"AWS_REGION": "eu-west-1", "PASSWORD\x1b[0m": "hunter2"}},
        SETTINGS,
        [("data.PASSWORD\\x1b[0m", "exists", "no such setting")],
    ),
    "binary data": (
        {**SETTINGS, "binaryData": {"LD_PRELOAD": "AAAA"}},
        SETTINGS,
        [("binaryData.LD_PRELOAD", "exists", "no such setting")],
    ),
    "a volume of another kind": (
        {"volumes": [{"name": "tmp", "hostPath": {"path": "/"}}]},
        {"volumes": [{"name": "tmp", "emptyDir": {}}]},
        [("volumes[tmp].emptyDir", "nothing", "'{}'")],
    ),
    "what no API server answers": (
        {"data": "AWS_REGION", "subjects": 5},
        {**SETTINGS, "subjects": []},
        [("data", "'AWS_REGION'", "\"{'AWS_REGION': 'eu-west-1'}\""), ("subjects", "'5'", "'[]'")],
    ),
    "no settings": ({"data": None}, SETTINGS, [("data.AWS_REGION", "nothing", "'eu-west-1'")]),
}


@pytest.mark.parametrize(("live", "described", "apart"), CASES.values(), ids=CASES)
def test_what_is_described_counts(
    live: dict[str, Any], described: dict[str, Any], apart: list[tuple[str, str, str]]
) -> None:
    assert [tuple(each) for each in differences(live, described)] == apart
