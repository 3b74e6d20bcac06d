"""Where components come from, with programs of one line in place of the real ones."""

from __future__ import annotations

import fcntl
import multiprocessing
import re
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from sandbox.binaries import ETCD, TLS_PROVIDER, UnavailableError, build, find, module_cache

# Writes the arguments it got where it was told to put the program.
GO = """#!/bin/sh
for argument; do case $argument in -o=*) out=${argument#-o=};; esac; done
echo "$GOFLAGS|$GOWORK|$CGO_ENABLED|$(basename "$PWD")|$1|${*##*/}" > "$out"
echo built >> "$BUILDS"
"""
FAILING_GO = """#!/bin/sh
for number in 1 2 3 4 5 6 7; do echo "line $number" >&2; done
exit 1
"""


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with no component, whose cache is empty."""
    monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setenv("BUILDS", str(tmp_path / "builds"))
    return tmp_path


def program(folder: Path, name: str, text: str = "#!/bin/sh\n") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(text)
    path.chmod(0o755)
    return path


def test_the_test_assets_come_first(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(machine / "bin", "etcd")
    asset = program(machine / "assets", "etcd")
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(machine / "assets"))
    assert find(ETCD, print) == asset


def test_assets_without_a_component_leave_it_to_the_path(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(machine / "assets"))
    on_path = program(machine / "bin", "etcd")
    assert find(ETCD, print) == on_path


def test_what_is_nowhere_is_built_from_its_pinned_module(machine: Path) -> None:
    program(machine / "bin", "go", GO)
    said: list[str] = []
    built = find(ETCD, said.append)
    assert built == module_cache("kubernetes") / "etcd"
    assert built.read_text() == "-mod=readonly -buildvcs=false|off|0|kubernetes|build|v3\n"
    assert said == ["building etcd from its Go module: minutes, and once only"]


def test_it_is_built_once(machine: Path) -> None:
    program(machine / "bin", "go", GO)
    said: list[str] = []
    assert find(ETCD, said.append) == find(ETCD, said.append)
    assert said == ["building etcd from its Go module: minutes, and once only"]


def test_two_processes_build_it_once(machine: Path) -> None:
    program(machine / "bin", "go", GO)
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        built = pool.starmap(build, [(ETCD, print), (ETCD, print)])
    assert built == [module_cache("kubernetes") / "etcd"] * 2
    assert (machine / "builds").read_text() == "built\n"


def test_a_build_says_that_it_waits_for_another(machine: Path) -> None:
    program(machine / "bin", "go", GO)
    home = module_cache("kubernetes")
    home.mkdir(parents=True)
    said: list[str] = []
    with (home / ".etcd.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        def report(line: str) -> None:
            said.append(line)
            fcntl.flock(lock, fcntl.LOCK_UN)

        build(ETCD, report)
    assert said == [
        f"waiting for another process that builds etcd (it holds the lock {home}/.etcd.lock)",
        "building etcd from its Go module: minutes, and once only",
    ]


def test_the_tls_provider_is_laid_out_as_a_mirror(machine: Path) -> None:
    program(machine / "bin", "go", GO)
    built = build(TLS_PROVIDER, print)
    assert built == module_cache("tls") / TLS_PROVIDER.folder / TLS_PROVIDER.name


def test_without_go_the_message_says_how_to_get_it(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(machine))
    with pytest.raises(UnavailableError) as caught:
        find(ETCD, print)
    assert str(caught.value) == (
        "etcd is neither in KUBEBUILDER_ASSETS nor on the PATH, and there is no Go to build it "
        "with. Install Go 1.24 or newer, or run 'setup-envtest use' and set KUBEBUILDER_ASSETS to "
        "the folder that it names."
    )


def test_a_failed_build_shows_its_last_lines_and_leaves_nothing(machine: Path) -> None:
    go = program(machine / "bin", "go", FAILING_GO)
    with pytest.raises(UnavailableError) as caught:
        find(ETCD, print)
    assert str(caught.value) == (
        f"etcd could not be built with {go}:\nline 3\nline 4\nline 5\nline 6\nline 7\n"
        "Go's module proxy must be reachable (GOPROXY), with 6 GB free for Go's own cache."
    )
    assert [path.name for path in module_cache("kubernetes").iterdir()] == [".etcd.lock"]


def test_a_long_build_is_seen_to_go_on(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.binaries._BETWEEN_REPORTS", 0.01)
    seen = machine / "seen"
    wait = f"until [ -e {seen} ]; do sleep 0.01; done\n"
    program(machine / "bin", "go", GO + wait)
    said: list[str] = []

    def report(line: str) -> None:
        said.append(line)
        if len(said) > 1:
            seen.touch()

    find(ETCD, report)
    assert re.sub(r"\d+ s$", "N s", said[1]) == "  etcd: 0 packages, N s"


def test_an_interrupted_build_ends_the_compiler_and_leaves_nothing(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.binaries._BETWEEN_REPORTS", 0.01)
    program(machine / "bin", "go", f"#!/bin/sh\necho $$ > {machine}/pid\nexec sleep 600\n")

    def interrupt(line: str) -> None:
        if (machine / "pid").exists() and (machine / "pid").read_text().strip():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        find(ETCD, interrupt)
    assert not psutil.pid_exists(int((machine / "pid").read_text()))
    assert [path.name for path in module_cache("kubernetes").iterdir()] == [".etcd.lock"]
