"""What was applied last."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import pytest

from deployment import applied
from federation.model.config import ClusterConfig
from federation.yaml import files


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
    applied.begin(tmp_path, config(), "deploy")
    assert applied.status(tmp_path, config()) == "never applied"
    state(tmp_path, "discovery", "managed")
    assert applied.status(tmp_path, config()) == "deployed in part"
    applied.record(tmp_path, config())
    assert applied.status(tmp_path, config()) == "deployed"


def test_a_later_deployment_that_does_not_end_is_one_in_part(tmp_path: Path) -> None:
    applied.record(tmp_path, config("before"))
    applied.begin(tmp_path, config(), "deploy")
    assert applied.status(tmp_path, config()) == "deployed in part"


def test_taking_down_that_does_not_end_is_done_in_part_until_nothing_is_left(
    tmp_path: Path,
) -> None:
    applied.record(tmp_path, config())
    state(tmp_path, "identity", "managed")
    applied.begin(tmp_path, config(), "destroy")
    assert applied.status(tmp_path, config()) == "destroyed in part"
    state(tmp_path, "identity")
    assert applied.status(tmp_path, config()) == "never applied"


def test_where_the_state_is_elsewhere_what_has_begun_counts(tmp_path: Path) -> None:
    backend = {"type": "s3", "bucket": "states", "region": "eu-west-1"}
    elsewhere = files.validate({**config().model_dump(mode="json"), "backend": backend})
    assert applied.status(tmp_path, elsewhere) == "never applied"
    applied.begin(tmp_path, elsewhere, "deploy")
    assert applied.status(tmp_path, elsewhere) == "deployed in part"


def test_what_was_destroyed_is_forgotten(tmp_path: Path) -> None:
    applied.record(tmp_path, config())
    applied.begin(tmp_path, config(), "destroy")
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


def deployed_with(
    hosting: str = "apiserver", apply: str = "manifests", exposure: str = "none"
) -> ClusterConfig:
    """A configuration whose documents a bucket serves, or the API server."""
    document = config().model_dump(mode="json")
    document["kubernetes"]["apply"] = apply
    document["discovery"]["exposure"] = exposure
    if hosting == "s3":
        document["issuer"] = "https://documents.s3.eu-west-1.amazonaws.com"
        document["discovery"] |= {
            "hosting": "s3",
            "s3": {"bucket": "documents", "keys": ["sa.pub"]},
        }
    return files.validate(document)


BUCKET = deployed_with("s3")
NO_BUCKET = deployed_with()

APPLIES = ("terraform", "manifests")
HOSTINGS = ("apiserver", "s3")
LEFT = {
    # Before (hosting, apply), and now.
    (("apiserver", "terraform"), ("apiserver", "manifests")): ("workloads", "discovery"),
    (("apiserver", "terraform"), ("s3", "manifests")): ("workloads",),
    (("s3", "terraform"), ("apiserver", "manifests")): ("workloads", "discovery"),
    (("s3", "terraform"), ("s3", "manifests")): ("workloads",),
    (("s3", "manifests"), ("apiserver", "manifests")): ("discovery",),
}
"""What is left behind; nothing by any other change: all the stacks are in the configuration."""


@pytest.mark.parametrize("exposures", list(product(("binding", "none"), repeat=2)))
@pytest.mark.parametrize("now", list(product(HOSTINGS, APPLIES)))
@pytest.mark.parametrize("before", list(product(HOSTINGS, APPLIES)))
def test_what_a_change_leaves_behind(
    before: tuple[str, str], now: tuple[str, str], exposures: tuple[str, str], tmp_path: Path
) -> None:
    """The exposure decides what is in a stack, and not whether there is one."""
    known, wanted = deployed_with(*before, exposures[0]), deployed_with(*now, exposures[1])
    applied.record(tmp_path, known)
    stacks = [f"prod-{kind}" for kind in LEFT.get((before, now), ())]
    left = applied.left_behind(tmp_path, wanted)
    assert list(left) == stacks
    assert left == dict.fromkeys(stacks, known)


def test_a_stack_is_left_behind_until_a_deployment_ends_well(tmp_path: Path) -> None:
    applied.record(tmp_path, BUCKET)
    place = tmp_path / "state" / "prod-discovery.left-behind.yaml"
    assert applied.keep_left_behind(tmp_path, NO_BUCKET) == {"prod-discovery": place}
    assert files.load(place) == BUCKET

    applied.begin(tmp_path, NO_BUCKET, "deploy")

    assert applied.left_behind(tmp_path, NO_BUCKET) == {"prod-discovery": BUCKET}
    applied.record(tmp_path, NO_BUCKET)
    assert applied.left_behind(tmp_path, NO_BUCKET) == {}
    assert [path.name for path in (tmp_path / "state").iterdir()] == ["prod.applied.json"]


def test_each_stack_is_taken_down_with_the_configuration_that_made_it(tmp_path: Path) -> None:
    """A bucket that came after the objects is unknown to the configuration that had these."""
    with_objects = deployed_with("apiserver", "terraform", "binding")
    applied.record(tmp_path, with_objects)
    applied.begin(tmp_path, BUCKET, "deploy")  # and it did not end well
    assert applied.left_behind(tmp_path, BUCKET) == {"prod-workloads": with_objects}

    applied.begin(tmp_path, NO_BUCKET, "deploy")

    assert applied.left_behind(tmp_path, NO_BUCKET) == {
        "prod-workloads": with_objects,
        "prod-discovery": BUCKET,
    }


def test_what_has_begun_counts_also_where_its_configuration_cannot_be_read(tmp_path: Path) -> None:
    state(tmp_path, "identity", "managed")
    (tmp_path / "state" / "prod.begun.json").write_text('{"doing": "destroy"}')
    assert applied.status(tmp_path, config()) == "destroyed in part"
    assert applied.left_behind(tmp_path, NO_BUCKET) == {}


def test_a_stack_that_is_in_the_configuration_again_is_not_left_behind(tmp_path: Path) -> None:
    applied.record(tmp_path, BUCKET)
    applied.begin(tmp_path, NO_BUCKET, "deploy")

    assert applied.keep_left_behind(tmp_path, BUCKET) == {}
    assert not (tmp_path / "state" / "prod-discovery.left-behind.yaml").exists()


def test_what_is_destroyed_leaves_nothing_behind(tmp_path: Path) -> None:
    applied.record(tmp_path, BUCKET)
    applied.begin(tmp_path, NO_BUCKET, "destroy")
    applied.forget(tmp_path, "prod")
    assert applied.left_behind(tmp_path, NO_BUCKET) == {}


@pytest.mark.parametrize(
    ("aws", "workload", "names"),
    [
        ({}, {}, []),
        ({"tags": {"a": "b"}}, {}, []),
        ({"region": "eu-north-1"}, {}, ["app", "web"]),
        ({"account_id": "123456789012"}, {}, ["app", "web"]),
        ({}, {"role": {"name": "other"}}, ["web"]),
        ({}, {"service_account": "new"}, []),
    ],
    ids=["nothing", "tags", "region", "account", "role", "service account"],
)
def test_what_a_deploy_changes_in_environments_is_known_by_workload(
    tmp_path: Path, aws: dict[str, object], workload: dict[str, object], names: list[str]
) -> None:
    def made(aws: dict[str, object], workload: dict[str, object]) -> ClusterConfig:
        document = config().model_dump(mode="json")
        document["aws"] |= aws
        document["workloads"] = [
            {"namespace": "default", "service_account": "app"},
            {"namespace": "default", "service_account": "web", **workload},
        ]
        return files.validate(document)

    applied.record(tmp_path, made({}, {}))

    changed = applied.changed_workloads(tmp_path, made(aws, workload))

    assert [each.service_account for each in changed] == names


@pytest.mark.parametrize(
    ("backend", "names"),
    [({"type": "local"}, []), ({"type": "s3", "bucket": "states", "region": "eu-west-1"}, ["app"])],
)
def test_without_a_record_all_environments_may_have_changed_but_with_a_local_state(
    tmp_path: Path, backend: dict[str, str], names: list[str]
) -> None:
    document = config().model_dump(mode="json")
    made = files.validate({**document, "backend": backend})

    changed = applied.changed_workloads(tmp_path, made)

    assert [each.service_account for each in changed] == names
