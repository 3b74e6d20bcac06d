"""Regions and their partitions, as the locked botocore knows them."""

from __future__ import annotations

import importlib.util

import pytest

from federation.model.regions import dns_suffix, partitions


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        ("us-east-1", "aws"),
        ("ap-southeast-2", "aws"),
        ("cn-north-1", "aws-cn"),
        ("cn-northwest-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("us-iso-east-1", "aws-iso"),
        ("us-isob-east-1", "aws-iso-b"),
        ("eu-isoe-west-1", "aws-iso-e"),
        ("us-isof-south-1", "aws-iso-f"),
        ("eusc-de-east-1", "aws-eusc"),
    ],
)
def test_a_region_belongs_to_its_partition(region: str, partition: str) -> None:
    assert partitions()[region] == partition


def test_what_stands_for_no_region_is_not_one() -> None:
    assert [name for name in partitions() if name.endswith("-global")] == []


@pytest.mark.parametrize(
    ("partition", "suffix"),
    [("aws", "amazonaws.com"), ("aws-us-gov", "amazonaws.com"), ("aws-cn", "amazonaws.com.cn")],
)
def test_names_of_services_end_as_their_partition_has_it(partition: str, suffix: str) -> None:
    assert dns_suffix(partition) == suffix


def test_without_botocore_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ModuleNotFoundError, match=r"^botocore is not installed$"):
        partitions.__wrapped__()
