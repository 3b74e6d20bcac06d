"""A token goes nowhere over plain http but to this machine, unless the person says so."""

from __future__ import annotations

from pathlib import Path

import pytest
import stand_in_cluster

from doctor.examination import Options
from doctor.live.sts import Sts
from doctor.runner import examined

PLAIN = "http://sts.example.com:4566"
STS = frozenset({"sts"})


class Sent(Exception):  # noqa: N818
    """A token would have been sent."""


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Where tokens are sent to; nothing is."""
    places: list[str] = []

    def assume(self: Sts, *_: str) -> None:
        places.append(self.endpoint)
        raise Sent

    monkeypatch.setattr(Sts, "assume", assume)
    return places


@pytest.mark.parametrize("variable", ["", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS"])
@pytest.mark.parametrize("allow", [False, True])
async def test_a_token_is_sent_over_plain_http_only_if_that_is_allowed(
    variable: str,
    allow: bool,
    sent: list[str],
    in_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    record = stand_in_cluster.recording_cli(in_folder, monkeypatch)
    if variable:
        monkeypatch.setenv(variable, PLAIN)
    with stand_in_cluster.cluster(in_folder, {}):
        config = stand_in_cluster.configuration(in_folder, endpoint_url=None if variable else PLAIN)
        options = Options(only=STS, skip=frozenset({"aws"}), negative=True, allow_http=allow)
        found = await examined(config, options)

    verdicts = {each.code: (each.verdict, each.because) for each in found}
    assert (set(sent), record.exists()) == (({PLAIN}, True) if allow else (set(), False))
    if allow:
        assert verdicts["sts-endpoint"] == ("warn", "")
    else:
        assert verdicts == {
            "sts-endpoint": ("fail", ""),
            "sts-assume-role": ("skip", "sts-endpoint"),
            "sts-identity": ("skip", "sts-endpoint"),
            "sts-aws-cli": ("skip", "sts-endpoint"),
        }


async def test_this_machine_needs_no_permission(sent: list[str], in_folder: Path) -> None:
    with stand_in_cluster.cluster(in_folder, {}):
        config = stand_in_cluster.configuration(in_folder, endpoint_url="http://127.0.0.1:9")
        found = await examined(config, Options(only=STS | {"sts-endpoint"}))

    assert ("sts-endpoint", "pass") in {(each.code, each.verdict) for each in found}
    assert set(sent) == {"http://127.0.0.1:9"}
