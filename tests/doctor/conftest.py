"""One real sandbox with a working federation, for all tests of this room that need one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from live_federation import ISSUER, LiveFederation, make

from sandbox.sandbox import Sandbox


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveFederation]:
    folder = tmp_path_factory.mktemp("doctor") / ".sandbox"
    with Sandbox(folder, ISSUER) as sandbox:
        if sandbox.missing:
            pytest.skip("\n".join(sandbox.missing))
        yield make(sandbox)


@pytest.fixture(autouse=True)
def _credentials(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, _hermetic: None
) -> None:
    """A test of the live federation has the access key of its sandbox in the environment."""
    if "live" not in request.fixturenames:
        return
    # In some tests it is the name of a parameter.
    federation = request.getfixturevalue("live")
    if isinstance(federation, LiveFederation):
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", federation.sandbox.access_key.id)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", federation.sandbox.access_key.secret)
