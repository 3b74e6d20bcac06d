"""Places in the model, as messages, forms and templates look them up."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import BaseModel

from federation.model.config import ClusterConfig, LocalBackend, Role, S3Backend, Workload
from federation.model.places import Place, description, dotted, keys_at, model_at


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ((), ""),
        (("issuer",), "issuer"),
        (("workloads", 0, "role", "name"), "workloads[0].role.name"),
        (("audience", 1), "audience[1]"),
    ],
)
def test_a_place_is_written_with_dots_and_brackets(place: Place, text: str) -> None:
    assert dotted(place) == text


@pytest.mark.parametrize(
    ("place", "model"),
    [
        ((), ClusterConfig),
        (("workloads",), Workload),
        (("workloads", 3), Workload),
        (("workloads", 3, "role"), Role),
        (("workloads", "role"), Role),
        (("backend",), S3Backend),
        (("backend", "s3"), S3Backend),
        (("backend", "local"), LocalBackend),
        (("issuer",), None),
        (("nothing", "here"), None),
    ],
)
def test_a_model_stands_at_a_place(place: Place, model: type[BaseModel] | None) -> None:
    assert model_at(place) is model


def test_the_keys_of_a_backend_are_those_of_its_type() -> None:
    assert keys_at(("backend", "local")) == ("type",)
    assert keys_at(("backend", "s3")) == ("type", "bucket", "region", "key_prefix")
    assert keys_at(("nothing",)) == ()


def leaves(model: type[BaseModel], place: Place = ()) -> Iterator[Place]:
    """The place of each field below a model that is a value and no part of its own."""
    for name in model.model_fields:
        below = model_at((*place, name))
        if below is None:
            yield (*place, name)
        else:
            yield from leaves(below, (*place, name))


def test_every_value_says_what_it_means() -> None:
    silent = [dotted(place) for place in leaves(ClusterConfig) if not description(place)]
    assert silent == ["backend.type"]


def test_what_is_not_there_has_no_description() -> None:
    assert description(("nothing", "here")) == ""
