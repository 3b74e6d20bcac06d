"""What was applied last."""

from __future__ import annotations

from pathlib import Path

from federation import files
from federation.config import ClusterConfig
from wizard import applied


def config(audience: str = "sts.amazonaws.com") -> ClusterConfig:
    return files.validate(
        {
            "cluster": "prod",
            "issuer": "https://cluster.example.com",
            "audience": audience,
            "aws": {"region": "eu-west-1"},
            "kubernetes": {"context": "prod"},
            "workloads": [{"namespace": "default", "service_account": "app"}],
        }
    )


def test_a_new_configuration_was_never_applied(tmp_path: Path) -> None:
    assert applied.status(tmp_path, config()) == "never applied"
    assert applied.last(tmp_path, "prod") is None


def test_what_was_recorded_is_deployed(tmp_path: Path) -> None:
    applied.record(tmp_path, config())
    assert applied.status(tmp_path, config()) == "deployed"
    assert applied.last(tmp_path, "prod") == config()


def test_another_configuration_has_changed_since(tmp_path: Path) -> None:
    applied.record(tmp_path, config())
    assert applied.status(tmp_path, config("other")) == "changed since"


def test_a_state_with_resources_and_without_a_record_is_deployed(tmp_path: Path) -> None:
    state = tmp_path / "state" / "prod-identity.tfstate"
    state.parent.mkdir()
    state.write_text('{"resources": [{}]}')
    assert applied.status(tmp_path, config()) == "deployed"


def test_a_state_from_which_all_was_destroyed_is_not_deployed(tmp_path: Path) -> None:
    state = tmp_path / "state" / "prod-identity.tfstate"
    state.parent.mkdir()
    state.write_text('{"resources": []}')
    assert applied.status(tmp_path, config()) == "never applied"


def test_what_was_destroyed_is_forgotten(tmp_path: Path) -> None:
    applied.record(tmp_path, config())
    applied.forget(tmp_path, "prod")
    applied.forget(tmp_path, "prod")
    assert applied.status(tmp_path, config()) == "never applied"


def test_a_record_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "prod.applied.json").write_text("{")
    assert applied.last(tmp_path, "prod") is None
