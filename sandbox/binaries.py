"""Where the real components come from: `KUBEBUILDER_ASSETS`, the PATH, or Go modules.

What is built goes to a cache in the user's home, in a folder named after the lock file, so that one
build serves every checkout until the pinned versions change.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from federation.errors import WorldError

Report = Callable[[str], None]
"""Is told, in a line, what is going on."""

_COMPONENTS = Path(__file__).resolve().parent / "components"
_KUBERNETES_VERSION = "v1.34.4"
_VERSION_PACKAGE = "k8s.io/component-base/version"


@dataclass(frozen=True)
class Component:
    """A program that can be built from a pinned Go module."""

    name: str
    module: str
    """The folder below `components/` whose go.mod pins it."""
    package: str
    version_flags: str = ""


ETCD = Component("etcd", "kubernetes", "go.etcd.io/etcd/server/v3")
_VERSIONED = (
    f"-X {_VERSION_PACKAGE}.gitVersion={_KUBERNETES_VERSION} "
    f"-X {_VERSION_PACKAGE}.gitMajor=1 -X {_VERSION_PACKAGE}.gitMinor=34"
)
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
    "terraform-provider-tls_v4.0.4", "tls", "github.com/hashicorp/terraform-provider-tls"
)


def find(component: Component, report: Report) -> Path:
    """The program, built where it is not on this machine.

    Raises:
        WorldError: it is not here and cannot be built; the message says how to get it.
    """
    here = _installed(component.name)
    return here or build(component, report)


def build(component: Component, report: Report) -> Path:
    """The program from the cache, built into it where it is not there yet.

    Raises:
        WorldError: there is no Go, or the build failed.
    """
    built = _cache(component.module) / component.name
    if built.exists():
        return built
    built.parent.mkdir(parents=True, exist_ok=True)
    with (built.parent / f".{component.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not built.exists():
            report(f"building {component.name} from its Go module (minutes, once)")
            _build(component, built)
    return built


def _installed(name: str) -> Path | None:
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    places = [assets] if assets else []
    found = shutil.which(name, path=os.pathsep.join([*places, os.environ.get("PATH", "")]))
    return Path(found) if found else None


def _build(component: Component, target: Path) -> None:
    go = shutil.which("go")
    if go is None:
        raise WorldError(
            f"{component.name} is neither in KUBEBUILDER_ASSETS nor on the PATH, and there is no "
            "Go to build it with. Install Go (https://go.dev/dl), or "
            "'setup-envtest use' and set KUBEBUILDER_ASSETS."
        )
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        output = Path(folder) / component.name
        done = subprocess.run(
            [
                go,
                "build",
                "-mod=readonly",
                "-trimpath",
                f"-ldflags=-s -w {component.version_flags}",
                f"-o={output}",
                component.package,
            ],
            cwd=_COMPONENTS / component.module,
            env={**os.environ, "CGO_ENABLED": "0", "GOFLAGS": ""},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            last = "\n".join(done.stderr.strip().splitlines()[-5:])
            raise WorldError(
                f"{component.name} could not be built with Go:\n{last}\n"
                "The Go module proxy must be reachable (GOPROXY), and 6 GB of disk free."
            )
        output.replace(target)


def _cache(module: str) -> Path:
    lock = (_COMPONENTS / module / "go.sum").read_bytes()
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    version = hashlib.sha256(lock + _KUBERNETES_VERSION.encode()).hexdigest()[:12]
    return Path(home) / "oidc-iam" / f"{module}-{version}"


def provider_platform() -> str:
    """This machine as Terraform names it: `linux_amd64`."""
    machines = {"x86_64": "amd64", "aarch64": "arm64"}
    machine = platform.machine()
    return f"{platform.system().lower()}_{machines.get(machine, machine)}"
