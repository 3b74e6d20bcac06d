"""What answers in the place of AWS, and is not AWS."""

from __future__ import annotations

from pathlib import Path

import pytest
import stand_in_cluster
from stand_in_server import answering, respond

from doctor.examination import Options
from doctor.runner import examined

ONLY = Options(only=frozenset({"aws-access", "sts-assume-role"}))
NOT_AWS = "'not an AWS response'"


@pytest.mark.parametrize("body", ["", "<html></html>", '{"Account": 5}', "<x", "\0"])
async def test_an_answer_of_something_else_is_no_error_of_ours(body: str, in_folder: Path) -> None:
    with (
        answering(lambda handler: respond(handler, 200, body)) as port,
        stand_in_cluster.cluster(in_folder, {}),
    ):
        url = f"http://127.0.0.1:{port}"
        config = stand_in_cluster.configuration(in_folder, endpoint_url=url)
        found = await examined(config, ONLY)

    assert [(each.verdict, each.code, each.seen) for each in found] == [
        ("fail", "aws-access", NOT_AWS),
        ("fail", "sts-assume-role", NOT_AWS),
    ]
