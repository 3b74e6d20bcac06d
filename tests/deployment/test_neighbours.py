"""Configurations side by side in clusters/."""

from __future__ import annotations

from pathlib import Path

import pytest

from deployment.neighbours import neighbour_advice
from federation.model.config import ClusterConfig
from federation.rules.advice import Advice
from federation.yaml import files
from federation.yaml.files import save

INSTEAD = (
    "type \"OIDC_IAM_CONFIG=clusters/prod.yaml cdktf deploy 'prod-*'\", or "
    "'python -m wizard deploy', which keeps them apart."
)


@pytest.fixture
def clusters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of configurations of a project of its own."""
    monkeypatch.setattr(files, "PROJECT", tmp_path)
    return tmp_path / "clusters"


def saved(path: Path, cluster: str) -> ClusterConfig:
    config = ClusterConfig.model_validate(
        {
            "cluster": cluster,
            "issuer": f"https://{cluster}.example.com",
            "aws": {"region": "eu-west-1"},
            "kubernetes": {"context": cluster},
            "workloads": [{"namespace": "default", "service_account": "app"}],
        }
    )
    save(config, path)
    return config


def test_names_of_which_none_begins_with_another_are_apart(clusters: Path) -> None:
    saved(clusters / "production.yaml", "production")
    saved(clusters / "staging.yaml", "staging")
    prod = saved(clusters / "prod.yaml", "prod")
    assert neighbour_advice(clusters / "prod.yaml", prod) == ()


def test_both_sides_of_a_name_that_begins_with_another_are_warned(clusters: Path) -> None:
    prod = saved(clusters / "prod.yaml", "prod")
    europe = saved(clusters / "europe.yaml", "prod-eu")
    assert neighbour_advice(clusters / "prod.yaml", prod) == (
        Advice(
            "overlapping-name",
            "cluster",
            "the plain \"cdktf deploy 'prod-*'\" deploys 'prod-eu' of clusters/europe.yaml too: "
            f"{INSTEAD}",
        ),
    )
    assert neighbour_advice(clusters / "europe.yaml", europe) == (
        Advice(
            "overlapping-name",
            "cluster",
            "the plain \"cdktf deploy 'prod-*'\" of clusters/prod.yaml deploys this cluster too: "
            f"{INSTEAD}",
        ),
    )


def test_a_copy_that_kept_the_clusters_name_is_warned(clusters: Path) -> None:
    prod = saved(clusters / "prod.yaml", "prod")
    saved(clusters / "staging.yaml", "prod")
    assert neighbour_advice(clusters / "prod.yaml", prod) == (
        Advice(
            "same-cluster",
            "cluster",
            "clusters/staging.yaml has the same, so that a deploy of the one changes what the "
            "other made: give each cluster a name of its own.",
        ),
    )


def test_what_cannot_be_read_and_what_stands_elsewhere_is_no_neighbour(
    clusters: Path, tmp_path: Path
) -> None:
    prod = saved(clusters / "prod.yaml", "prod")
    (clusters / "prod-eu.yaml").write_text("cluster: prod-eu\n")
    assert neighbour_advice(clusters / "prod.yaml", prod) == ()
    saved(clusters / "prod-us.yaml", "prod-us")
    assert neighbour_advice(tmp_path / "prod.yaml", prod) == ()
