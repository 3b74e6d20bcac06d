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
