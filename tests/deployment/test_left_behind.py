"""What earlier configurations have left to be done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from deployment import applied
from deployment.left_behind import left_behind, orphans
from federation.model.config import ClusterConfig
from federation.yaml import files

APP = {"namespace": "default", "service_account": "app", "test_pod": True}
OLD = {"namespace": "team", "service_account": "old", "create_namespace": True}


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "PROJECT", tmp_path)


def configured(
    apply: str,
    *workloads: dict[str, Any],
    context: str | None = "prod",
    exposure: str = "binding",
    bucket: bool = False,
) -> ClusterConfig:
    s3 = {"hosting": "s3", "s3": {"bucket": "documents", "keys": ["sa.pub"]}}
    return ClusterConfig.model_validate(
        {
            "cluster": "prod",
            "issuer": "https://documents.s3.eu-west-1.amazonaws.com",
            "discovery": {"exposure": exposure, **(s3 if bucket else {})},
            "aws": {"region": "eu-west-1"},
            "kubernetes": {"apply": apply, "context": context},
            "workloads": workloads or [APP],
        }
    )


def found(config: ClusterConfig) -> list[tuple[tuple[str, ...], str]]:
    """The stacks to take down with the name of their configuration."""
    return [
        (each.stacks, Path(each.environment["OIDC_IAM_CONFIG"] or "").name)
        for each in left_behind(config).projects
    ]


def test_each_stack_comes_with_its_configuration(tmp_path: Path) -> None:
    assert left_behind(configured("manifests")).projects == ()
    before = configured("terraform", bucket=True)
    applied.record(tmp_path, before)
    assert found(configured("manifests")) == [
        (("prod-workloads",), "prod-workloads.left-behind.yaml"),
        (("prod-discovery",), "prod-discovery.left-behind.yaml"),
    ]
    assert files.load(tmp_path / "state" / "prod-discovery.left-behind.yaml") == before


def test_a_stack_that_stays_is_not_taken_down(tmp_path: Path) -> None:
    applied.record(tmp_path, configured("terraform"))
    now = configured("manifests", bucket=True)
    assert found(now) == [(("prod-workloads",), "prod-workloads.left-behind.yaml")]
    applied.record(tmp_path, now)
    assert found(now) == []


def test_objects_that_the_manifests_have_are_no_orphans() -> None:
    assert orphans(configured("terraform", APP, OLD), configured("manifests", APP, OLD)) == ()


def test_what_the_manifests_do_not_have_is_nobodys() -> None:
    before = configured("terraform", APP, OLD)
    assert orphans(before, configured("manifests", OLD)) == (
        "ConfigMap default/app-role",
        "ServiceAccount default/app",
        "Pod default/awscli",
    )


def test_a_namespace_that_workloads_are_in_is_in_use() -> None:
    kept = {**OLD, "create_namespace": False}
    assert orphans(configured("terraform", OLD), configured("manifests", kept)) == ()


def test_a_binding_that_nobody_wants_is_nobodys_where_we_do_not_delete_it() -> None:
    before = configured("terraform")
    assert orphans(before, configured("manifests", exposure="none")) == ()
    for_gitops = configured("manifests", exposure="none", context=None)
    assert orphans(before, for_gitops) == ("ClusterRoleBinding oidc-reviewer",)
