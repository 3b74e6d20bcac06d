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


def with_bucket(apply: str = "manifests", bucket: str | None = "documents") -> ClusterConfig:
    """A configuration whose documents a bucket serves, or the API server."""
    document = config().model_dump(mode="json")
    document["kubernetes"]["apply"] = apply
    if bucket:
        document["issuer"] = f"https://{bucket}.s3.eu-west-1.amazonaws.com"
        document["discovery"] = {
            "hosting": "s3",
            "exposure": "none",
            "s3": {"bucket": bucket, "keys": ["sa.pub"]},
        }
    return files.validate(document)


def test_the_stack_of_a_bucket_is_left_behind_until_it_is_taken_down(tmp_path: Path) -> None:
    before, now = with_bucket(), with_bucket(bucket=None)
    applied.record(tmp_path, before)
    assert applied.left_behind(tmp_path, before) == ()
    assert applied.left_behind(tmp_path, now) == ("prod-discovery",)

    applied.record(tmp_path, now)  # by whom does not take it down

    assert applied.left_behind(tmp_path, now) == ("prod-discovery",)
    place = applied.keep_left_behind(tmp_path, now)
    assert place == tmp_path / "state" / "prod.left-behind.yaml"
    assert files.load(place) == before
    applied.forget_left_behind(tmp_path, "prod")
    assert applied.left_behind(tmp_path, now) == ()


def test_a_stack_that_is_in_the_configuration_again_is_not_left_behind(tmp_path: Path) -> None:
    for each in (with_bucket(), with_bucket(bucket=None), with_bucket()):
        applied.record(tmp_path, each)

    assert applied.keep_left_behind(tmp_path, with_bucket()) is None
    assert not (tmp_path / "state" / "prod.left-behind.yaml").exists()


def test_objects_that_become_manifests_are_not_left_behind(tmp_path: Path) -> None:
    applied.record(tmp_path, with_bucket("terraform", bucket=None))
    assert applied.left_behind(tmp_path, with_bucket(bucket=None)) == ()
