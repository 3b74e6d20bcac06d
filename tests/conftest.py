"""What every test has: a home of its own, and an environment without traces of the machine's."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# The kernel of jsii starts with the first import of a binding, for all tests of the process.
from stacks import bindings

# Anyone who starts the tests in the background may have Ctrl+C ignored, and children inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

_HOME = Path.home()
_KEEP_IN_REAL_HOME = {
    "XDG_CACHE_HOME": _HOME / ".cache",
    "JSII_RUNTIME_PACKAGE_CACHE_ROOT": _HOME / ".cache" / "aws" / "jsii" / "package-cache",
    "GOPATH": _HOME / "go",
    "GOENV": _HOME / ".config" / "go" / "env",
}
"""What is slow to make again: built components, and what Go and jsii keep."""
for _name, _place in _KEEP_IN_REAL_HOME.items():
    os.environ.setdefault(_name, str(_place))
_MIRRORS = [os.environ.get("OIDC_IAM_PROVIDER_MIRRORS"), str(_HOME / ".terraform.d" / "plugins")]
os.environ["OIDC_IAM_PROVIDER_MIRRORS"] = os.pathsep.join(filter(None, _MIRRORS))

os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "18,20")
bindings.install()

# Terraform and its providers end before they need their memory back: a fifth of the time is spared.
os.environ.setdefault("GOGC", "400")

# Nor does a worker of pytest: looking for cycles after each 700 objects is a seventh of its time.
gc.set_threshold(200_000, 50, 100)

# No property is about time, and machines differ. 'make test' takes the first, 'make test-all' the
# second, and pytest by itself Hypothesis's own number of examples.
_unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("quick", _unhurried, max_examples=25)
settings.register_profile("breadth", _unhurried, max_examples=400)
settings.register_profile("unhurried", _unhurried)
settings.load_profile("unhurried")

_REMOVED = ("AWS_", "TF_VAR_", "TF_LOG", "KUBE", "OIDC_IAM_")
_KEPT = ("KUBEBUILDER_ASSETS", "OIDC_IAM_PROVIDER_MIRRORS")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the chains against the sandbox: the longest, which leave nobody waiting."""
    items.sort(key=lambda item: "e2e" not in item.path.parts)


@pytest.fixture(autouse=True)
def _hermetic(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path_factory.mktemp("home")
    for name in os.environ:
        if name.startswith(_REMOVED) and name not in _KEPT:
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def in_folder(tmp_path: Path) -> Iterator[Path]:
    """The test's own folder as the current one."""
    before = Path.cwd()
    os.chdir(tmp_path)
    yield tmp_path
    os.chdir(before)
