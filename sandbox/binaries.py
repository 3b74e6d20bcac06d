"""Where the real components come from: `KUBEBUILDER_ASSETS`, the PATH, or Go modules.

What is built goes to a cache in the user's home, in a folder named after the files that pin it, so
that one build serves every checkout until the pinned versions change.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from federation.errors import WorldError

Report = Callable[[str], None]
"""Is told, in a line, what is going on."""

COMPONENTS = Path(__file__).resolve().parent / "components"
"""The Go modules that pin what is built."""

_KUBERNETES_VERSION = "v1.34.4"
_VERSION_PACKAGE = "k8s.io/component-base/version"
_BETWEEN_REPORTS = 10.0
_LAST_LINES = 5


class UnavailableError(WorldError):
    """A component that is not on this machine and cannot be built; says how to get it."""


@dataclass(frozen=True)
class Component:
    """A program that can be built from a pinned Go module.

    Attributes:
        name: the file's name.
        module: the folder below `components/` whose go.mod pins it.
        package: the Go package of the program.
        linker_flags: for `go build -ldflags`.
        folder: where in the module's cache it lies.
    """

    name: str
    module: str
    package: str
    linker_flags: str = "-s -w"
    folder: str = ""


def provider_platform() -> str:
    """This machine as Terraform names it: `linux_amd64`."""
    machines = {"x86_64": "amd64", "aarch64": "arm64"}
    machine = platform.machine().lower()
    return f"{platform.system().lower()}_{machines.get(machine, machine)}"


_VERSIONED = (
    f"-s -w -X {_VERSION_PACKAGE}.gitVersion={_KUBERNETES_VERSION} "
    f"-X {_VERSION_PACKAGE}.gitMajor=1 -X {_VERSION_PACKAGE}.gitMinor=34"
)
ETCD = Component("etcd", "kubernetes", "go.etcd.io/etcd/server/v3")
API_SERVER = Component(
    "kube-apiserver", "kubernetes", "k8s.io/kubernetes/cmd/kube-apiserver", _VERSIONED
)
CONTROLLER_MANAGER = Component(
    "kube-controller-manager",
    "kubernetes",
    "k8s.io/kubernetes/cmd/kube-controller-manager",
    _VERSIONED,
)
TLS_PROVIDER = Component(
    "terraform-provider-tls_v4.0.4",
    "tls",
    "github.com/hashicorp/terraform-provider-tls",
    folder=f"registry.terraform.io/hashicorp/tls/4.0.4/{provider_platform()}",
)


def find(component: Component, report: Report) -> Path:
    """The program, built if it is not on this machine.

    Raises:
        UnavailableError: it is not here and cannot be built.
    """
    return _installed(component.name) or build(component, report)


def build(component: Component, report: Report) -> Path:
    """The program from the cache, built into it if it is not there yet.

    Two processes that want the same build it once: the second reports that it waits. Building takes
    minutes; what it does is reported every ten seconds.

    Raises:
        UnavailableError: there is no Go, or the build failed.
    """
    home = module_cache(component.module)
    built = home / component.folder / component.name
    if built.exists():
        return built
    go = _go(component)
    home.mkdir(parents=True, exist_ok=True)
    with (home / f".{component.name}.lock").open("w") as lock:
        _take(lock, component, report)
        if not built.exists():
            with tempfile.TemporaryDirectory(dir=home, prefix=".building-") as folder:
                output = Path(folder) / component.name
                _build(go, component, output, report)
                built.parent.mkdir(parents=True, exist_ok=True)
                output.replace(built)
    return built


def _take(lock: TextIO, component: Component, report: Report) -> None:
    """Take the lock of a build, and say so if another process has it."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        report(
            f"waiting for another process that builds {component.name} "
            f"(it holds the lock {lock.name})"
        )
        fcntl.flock(lock, fcntl.LOCK_EX)


def cache() -> Path:
    """Our folder in the user's cache."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "oidc-iam"


def module_cache(module: str) -> Path:
    """Where what a module pins is kept: another place for other versions or other Go code."""
    pins = hashlib.sha256(_KUBERNETES_VERSION.encode())
    for name in ("go.mod", "go.sum"):
        pins.update((COMPONENTS / module / name).read_bytes())
    return cache() / f"{module}-{pins.hexdigest()[:12]}"


def _installed(name: str) -> Path | None:
    places = (os.environ.get("KUBEBUILDER_ASSETS"), os.environ.get("PATH"))
    found = shutil.which(name, path=os.pathsep.join(filter(None, places)))
    return Path(found) if found else None


def _go(component: Component) -> str:
    go = shutil.which("go")
    if go is None:
        raise UnavailableError(
            f"{component.name} is neither in KUBEBUILDER_ASSETS nor on the PATH, and there is no "
            "Go to build it with. Install Go 1.24 or newer, or run 'setup-envtest use' and set "
            "KUBEBUILDER_ASSETS to the folder that it names."
            if component.module == "kubernetes"
            else f"The Terraform provider {component.name} is in no mirror on this machine, its "
            "registry cannot be reached, and there is no Go to build it with. Install Go 1.24 or "
            "newer, or name a mirror in OIDC_IAM_PROVIDER_MIRRORS."
        )
    return go


def _build(go: str, component: Component, output: Path, report: Report) -> None:
    report(f"building {component.name} from its Go module: minutes, and once only")
    process = subprocess.Popen(
        [
            go,
            "build",
            "-v",
            "-trimpath",
            f"-ldflags={component.linker_flags}",
            f"-o={output}",
            component.package,
        ],
        cwd=COMPONENTS / component.module,
        env={
            **os.environ,
            "CGO_ENABLED": "0",
            "GOFLAGS": "-mod=readonly -buildvcs=false",
            "GOWORK": "off",
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        lines = _watched(process, component.name, report)
    except BaseException:
        # The compilers that it started are in its group.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait()
        raise
    if process.returncode != 0:
        last = "\n".join(lines[-_LAST_LINES:])
        raise UnavailableError(
            f"{component.name} could not be built with {go}:\n{last}\n"
            "Go's module proxy must be reachable (GOPROXY), with 6 GB free for Go's own cache."
        )


def _watched(process: subprocess.Popen[str], name: str, report: Report) -> list[str]:
    """What the compiler printed, one line a package."""
    lines: list[str] = []
    assert process.stderr is not None  # noqa: S101  (for the type checker: it is a pipe)
    reader = threading.Thread(target=lines.extend, args=(process.stderr,), daemon=True)
    started = time.monotonic()
    reader.start()
    while True:
        try:
            process.wait(_BETWEEN_REPORTS)
        except subprocess.TimeoutExpired:
            report(f"  {name}: {len(lines)} packages, {time.monotonic() - started:.0f} s")
        else:
            reader.join()
            return [line.rstrip() for line in lines]
