"""The name of the cluster that the questions offer."""

from __future__ import annotations

import pytest

from deployment.surroundings import Surroundings
from wizard.questions import questions

CLUSTER = next(question for question in questions() if question.key == "cluster")


@pytest.mark.parametrize(
    ("issuer", "name"),
    [
        ("https://prod.example.com/id/a", "prod"),
        (" Prod_1.example.com", "prod1"),
        ("https://-prod-.example.com", "prod"),
        (f"https://{'a' * 63}.example.com", "a" * 63),
        (f"https://{'a' * 64}.example.com", "a" * 63),
        (f"https://{'a' * 62}-b.example.com", "a" * 62),
        ("", ""),
    ],
)
def test_the_name_is_the_first_label_of_the_issuer_as_a_cluster_may_be_called(
    issuer: str, name: str
) -> None:
    assert CLUSTER.default({"issuer": issuer}, Surroundings()) == name
