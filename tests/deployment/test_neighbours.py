"""Configurations side by side in clusters/."""

from __future__ import annotations

from pathlib import Path

import pytest

from deployment.neighbours import neighbours
from federation.model.config import ClusterConfig
from federation.rules.configuration import Observation
from federation.yaml import files
from federation.yaml.files import save

NOTHING: dict[str, tuple[Observation, ...]] = {"same-cluster": (), "overlapping-name": ()}


def of_cluster(text: str) -> tuple[Observation, ...]:
    return (Observation(("cluster",), text),)


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
    assert neighbours(clusters / "prod.yaml", prod) == NOTHING


def test_both_sides_of_a_name_that_begins_with_another_are_warned(clusters: Path) -> None:
    prod = saved(clusters / "prod.yaml", "prod")
    europe = saved(clusters / "europe.yaml", "prod-eu")
    assert neighbours(clusters / "prod.yaml", prod) == NOTHING | {
        "overlapping-name": of_cluster(
            "\"cdktf deploy 'prod-*'\" also deploys 'prod-eu' of clusters/europe.yaml."
        )
    }
    assert neighbours(clusters / "europe.yaml", europe) == NOTHING | {
        "overlapping-name": of_cluster(
            "\"cdktf deploy 'prod-*'\" of clusters/prod.yaml also deploys this cluster."
        )
    }


def test_a_copy_that_kept_the_clusters_name_is_warned(clusters: Path) -> None:
    prod = saved(clusters / "prod.yaml", "prod")
    saved(clusters / "staging.yaml", "prod")
    assert neighbours(clusters / "prod.yaml", prod) == NOTHING | {
        "same-cluster": of_cluster("clusters/staging.yaml has the same name.")
    }


def test_what_cannot_be_read_and_what_stands_elsewhere_is_no_neighbour(
    clusters: Path, tmp_path: Path
) -> None:
    prod = saved(clusters / "prod.yaml", "prod")
    (clusters / "prod-eu.yaml").write_text("cluster: prod-eu\n")
    assert neighbours(clusters / "prod.yaml", prod) == NOTHING
    saved(clusters / "prod-us.yaml", "prod-us")
    assert neighbours(tmp_path / "prod.yaml", prod) == NOTHING
