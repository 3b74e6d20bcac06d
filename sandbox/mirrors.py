"""Terraform's CLI configuration: provider mirrors that lie on this machine, and the registry.

Each mirror gets a `filesystem_mirror` block of its own, which names the providers it has, since
Terraform looks nowhere else for a provider that a block includes
(https://developer.hashicorp.com/terraform/cli/config/config-file#provider-installation).
"""

from __future__ import annotations

import json
import os
import re
import socket
from collections.abc import Iterable
from pathlib import Path

from sandbox.binaries import TLS_PROVIDER, Report, build, provider_platform

REGISTRY = "registry.terraform.io"
_RANGES = {
    "aws": ((5, 81), (7, 0)),
    "kubernetes": ((2, 20), (4, 0)),
    "tls": ((4, 0), (5, 0)),
}
_SHARED_FOLDERS = ("/opt", "/srv", "/usr/local/share", "/usr/share", "/var/lib")


def mirrors() -> dict[str, Path]:
    """The providers that lie on this machine, each with the mirror that holds it."""
    found: dict[str, Path] = {}
    for mirror in _candidates():
        for provider in _RANGES:
            if provider not in found and _holds(mirror, provider):
                found[provider] = mirror
    return found


def with_tls(found: dict[str, Path], folder: Path, report: Report) -> dict[str, Path]:
    """The same with the tls provider, built into a mirror where it is not to be had otherwise.

    Raises:
        WorldError: it has to be built and cannot be.
    """
    if "tls" in found or registry_reachable():
        return found
    place = folder / REGISTRY / "hashicorp" / "tls" / "4.0.4" / provider_platform()
    place.mkdir(parents=True, exist_ok=True)
    link = place / TLS_PROVIDER.name
    if not link.exists():
        # A link to the program works; one to a folder is not followed by Terraform.
        link.symlink_to(build(TLS_PROVIDER, report))
    return {**found, "tls": folder}


def registry_reachable() -> bool:
    """Whether a connection to the public registry can be made within two seconds."""
    try:
        socket.create_connection((REGISTRY, 443), timeout=2).close()
    except OSError:
        return False
    return True


def terraform_configuration(found: dict[str, Path]) -> str:
    """The text of a Terraform CLI configuration file that uses the mirrors, and the registry."""
    blocks = [
        _block("filesystem_mirror", "include", providers, mirror)
        for mirror, providers in _by_mirror(found)
    ]
    blocks.append(_block("direct", "exclude", sorted(found), None))
    return "provider_installation {\n" + "".join(blocks) + "}\n"


def _by_mirror(found: dict[str, Path]) -> Iterable[tuple[Path, list[str]]]:
    for mirror in sorted(set(found.values())):
        yield mirror, sorted(name for name, place in found.items() if place == mirror)


def _block(kind: str, verb: str, providers: list[str], path: Path | None) -> str:
    names = json.dumps([f"{REGISTRY}/hashicorp/{name}" for name in providers])
    place = f"    path = {json.dumps(str(path))}\n" if path else ""
    listed = f"    {verb} = {names}\n" if providers else ""
    return f"  {kind} {{\n{place}{listed}  }}\n"


def _candidates() -> Iterable[Path]:
    named = os.environ.get("OIDC_IAM_PROVIDER_MIRRORS", "").split(os.pathsep)
    named.append(os.environ.get("TF_PLUGIN_CACHE_DIR", ""))
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    places = [
        *(Path(name) for name in named if name),
        Path.home() / ".terraform.d" / "plugins",
        Path(data) / "terraform" / "plugins",
        Path("/usr/local/share/terraform/plugins"),
        Path("/usr/share/terraform/plugins"),
    ]
    yield from (place for place in places if (place / REGISTRY).is_dir())
    for shared in _SHARED_FOLDERS:
        for depth in ("", "*/", "*/*/"):
            for registry in sorted(Path(shared).glob(f"{depth}{REGISTRY}")):
                yield registry.parent


def _holds(mirror: Path, provider: str) -> bool:
    folder = mirror / REGISTRY / "hashicorp" / provider
    platform = provider_platform()
    lowest, highest = _RANGES[provider]
    unpacked = (path.parent.name for path in folder.glob(f"*/{platform}"))
    packed = (
        path.name.split("_")[1] for path in folder.glob(f"terraform-provider-*_{platform}.zip")
    )
    return any(lowest <= _version(text) < highest for text in (*unpacked, *packed))


def _version(text: str) -> tuple[int, int]:
    match = re.match(r"(\d+)\.(\d+)\.", text)
    return (int(match[1]), int(match[2])) if match else (0, 0)
