"""What was applied last."""

from __future__ import annotations

import json
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


def state(project: Path, stack: str, *modes: str) -> None:
    path = project / "state" / f"prod-{stack}.tfstate"
    path.parent.mkdir(exist_ok=True)
    resources = [{"mode": mode, "instances": [{}]} for mode in modes]
    path.write_text(json.dumps({"resources": [*resources, {"mode": "managed", "instances": []}]}))


def test_states_with_resources_and_without_a_record_are_deployed(tmp_path: Path) -> None:
    for stack in ("discovery", "identity"):
        state(tmp_path, stack, "managed")
        assert applied.status(tmp_path, config()) == "deployed in part"
    state(tmp_path, "workloads", "data", "managed")
    assert applied.status(tmp_path, config()) == "deployed"


def test_states_from_which_all_was_destroyed_are_not_deployed(tmp_path: Path) -> None:
    applied.record(tmp_path, config())
    state(tmp_path, "identity")
    state(tmp_path, "workloads", "data")
    assert applied.status(tmp_path, config()) == "never applied"


def test_what_has_begun_is_deployed_in_part_until_it_is_recorded(tmp_path: Path) -> None:
    applied.begin(tmp_path, "prod", "deploy")
    assert applied.status(tmp_path, config()) == "never applied"
    state(tmp_path, "discovery", "managed")
    assert applied.status(tmp_path, config()) == "deployed in part"
    applied.record(tmp_path, config())
    assert applied.status(tmp_path, config()) == "deployed"


def test_a_later_deployment_that_does_not_end_is_one_in_part(tmp_path: Path) -> None:
    applied.record(tmp_path, config("before"))
    applied.begin(tmp_path, "prod", "deploy")
    assert applied.status(tmp_path, config()) == "deployed in part"


def test_taking_down_that_does_not_end_is_done_in_part_until_nothing_is_left(
    tmp_path: Path,
) -> None:
    applied.record(tmp_path, config())
    state(tmp_path, "identity", "managed")
    applied.begin(tmp_path, "prod", "destroy")
    assert applied.status(tmp_path, config()) == "destroyed in part"
    state(tmp_path, "identity")
    assert applied.status(tmp_path, config()) == "never applied"


def test_where_the_state_is_elsewhere_what_has_begun_counts(tmp_path: Path) -> None:
    backend = {"type": "s3", "bucket": "states", "region": "eu-west-1"}
    elsewhere = files.validate({**config().model_dump(mode="json"), "backend": backend})
    assert applied.status(tmp_path, elsewhere) == "never applied"
    applied.begin(tmp_path, "prod", "deploy")
    assert applied.status(tmp_path, elsewhere) == "deployed in part"


def test_what_was_destroyed_is_forgotten(tmp_path: Path) -> None:
    applied.record(tmp_path, config())
    applied.begin(tmp_path, "prod", "destroy")
    applied.forget(tmp_path, "prod")
    applied.forget(tmp_path, "prod")
    assert applied.status(tmp_path, config()) == "never applied"
    assert list((tmp_path / "state").iterdir()) == []


def test_notes_that_cannot_be_read_are_none(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    for name in ("prod.applied.json", "prod.begun.json", "prod-identity.tfstate"):
        (tmp_path / "state" / name).write_text("[")
    assert applied.last(tmp_path, "prod") is None
    assert applied.status(tmp_path, config()) == "never applied"
