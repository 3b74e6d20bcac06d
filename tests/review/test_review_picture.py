"""The picture of who trusts whom."""

from __future__ import annotations

import itertools
from typing import Any
from xml.etree import ElementTree

import pytest
from review_examples import SAFE

from federation.yaml import files
from review.facts.matrix import Row, matrix
from review.report.picture import TALLEST, pictures

SVG = "{http://www.w3.org/2000/svg}"


def rows(number: int, **workload: Any) -> tuple[Row, ...]:
    workloads = [
        {"namespace": "shop", "service_account": f"web-{each:03}", **workload}
        for each in range(number)
    ]
    return matrix(files.validate(SAFE | {"workloads": workloads}), lambda _: None)


def boxes(svg: str, x: int) -> list[tuple[int, int]]:
    """Top and bottom of the boxes that begin at an x."""
    return [
        (int(box.attrib["y"]), int(box.attrib["y"]) + int(box.attrib["height"]))
        for box in ElementTree.fromstring(svg).iter(f"{SVG}rect")
        if box.attrib.get("x") == str(x)
    ]


@pytest.mark.parametrize(("number", "heights"), [(1, 1), (40, 1), (41, 2), (100, 3)])
def test_forty_workloads_fit_on_a_page_and_more_go_to_another(number: int, heights: int) -> None:
    drawn = pictures(rows(number))
    assert len(drawn) == heights
    assert sum(len(boxes(svg, 46)) for svg in drawn) == number
    for svg in drawn:
        assert int(ElementTree.fromstring(svg).attrib["height"]) <= TALLEST


def test_boxes_of_a_column_do_not_touch() -> None:
    (svg,) = pictures(rows(15, role={"managed_policy_arns": ["A", "B", "C"]}))
    for column in (46, 394, 654):
        for (_, bottom), (top, _) in itertools.pairwise(boxes(svg, column)):
            assert bottom < top


def test_a_long_name_is_cut_in_its_middle_and_whole_in_its_title() -> None:
    long = "a" * 40 + "." + "b" * 40
    config = SAFE | {"workloads": [{"namespace": "shop", "service_account": long}]}
    (svg,) = pictures(matrix(files.validate(config), lambda _: None))
    texts = [
        ("".join(text.itertext()), text.findtext(f"{SVG}title"))
        for text in ElementTree.fromstring(svg).iter(f"{SVG}text")
        if "…" in "".join(text.itertext())
    ]
    cut = ("shop/aaaaaaaaaa…bbbbbbbbbbbbbbb", f"shop/{long}")
    assert texts[0] == (cut[1] + cut[0], cut[1])


def test_a_picture_says_in_words_what_it_shows() -> None:
    (svg,) = pictures(rows(1, trust="audience-only"))
    assert ElementTree.fromstring(svg).findtext(f"{SVG}desc") == (
        "The issuer https://oidc.example.com signs tokens for service accounts. The OIDC provider "
        "arn:aws:iam::111111111111:oidc-provider/oidc.example.com trusts the issuer's keys, and "
        "roles trust the provider: shop/web-000 and any other service account may assume "
        "prod_shop_web-000 with job-function/ViewOnlyAccess."
    )
