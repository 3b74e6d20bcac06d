"""Terraform's CLI configuration: provider mirrors that lie on this machine, and the registry.

Each mirror gets a `filesystem_mirror` block of its own, which names the providers it has, since
Terraform looks nowhere else for a provider that a block includes, and follows no links inside one
(https://developer.hashicorp.com/terraform/cli/config/config-file#provider-installation).
"""

from __future__ import annotations

import functools
import json
import os
import re
import urllib.request
from collections.abc import Iterable, Mapping
from pathlib import Path

from federation import named_files
from federation.named_files import FileError
from federation.providers import PROVIDERS, Version
from sandbox.binaries import TLS_PROVIDER, Report, build, cache, provider_platform

REGISTRY = "registry.terraform.io"
"""The host part of a provider's address, and of its folder in a mirror."""

_SHARED_FOLDERS = ("/opt", "/srv", "/usr/local/share", "/usr/share", "/var/lib")
_MIRROR_PATH = re.compile(r'filesystem_mirror\s*\{[^}]*?path\s*=\s*"([^"]+)"', re.DOTALL)
_TIMEOUT = 2.0


def mirrors() -> dict[str, Path]:
    """The providers that lie on this machine, each with the mirror that holds it.

    Looked at, in this order: the folders in OIDC_IAM_PROVIDER_MIRRORS (a path list), the mirrors in
    the user's own CLI configuration, TF_PLUGIN_CACHE_DIR, the folders that Terraform looks into by
    itself, and folders named like the registry in the usual shared places.
    """
    found: dict[str, Path] = {}
    for mirror in _candidates():
        for provider in PROVIDERS:
            if provider not in found and _holds(mirror, provider):
                found[provider] = mirror
    return found


def with_tls(found: Mapping[str, Path], report: Report) -> dict[str, Path]:
    """The same with the tls provider, built into a mirror if it is not to be had otherwise.

    Raises:
        UnavailableError: it has to be built and cannot be.
    """
    if "tls" in found or registry_reachable():
        return dict(found)
    built = build(TLS_PROVIDER, report)
    return {**found, "tls": built.parents[len(Path(TLS_PROVIDER.folder).parts)]}


def can_install(provider: str) -> bool:
    """Whether `terraform init` finds a provider: `aws`, `kubernetes` or `tls`."""
    return provider in mirrors() or registry_reachable()


@functools.cache
def registry_reachable() -> bool:
    """Whether the public registry answers, through a proxy if one is set; asked once."""
    document = f"https://{REGISTRY}/.well-known/terraform.json"
    try:
        urllib.request.urlopen(document, timeout=_TIMEOUT).close()
    except OSError:
        return False
    return True


def terraform_configuration(found: Mapping[str, Path]) -> str:
    """The text of a Terraform CLI configuration file that uses the mirrors, and the registry."""
    blocks = [
        _block("filesystem_mirror", "include", providers, mirror)
        for mirror, providers in _by_mirror(found)
    ]
    blocks.append(_block("direct", "exclude", sorted(found), None))
    text = "disable_checkpoint = true\nprovider_installation {\n" + "".join(blocks) + "}\n"
    if set(found) < set(PROVIDERS):
        text += _download_cache()
    return text


def _download_cache() -> str:
    """So that what is downloaded is downloaded once: each stack is initialized by itself."""
    folder = cache() / "downloads"
    # Terraform wants the folder to exist.
    folder.mkdir(parents=True, exist_ok=True)
    return (
        f"plugin_cache_dir = {json.dumps(str(folder))}\n"
        "plugin_cache_may_break_dependency_lock_file = true\n"
    )


def _by_mirror(found: Mapping[str, Path]) -> Iterable[tuple[Path, list[str]]]:
    for mirror in sorted(set(found.values())):
        yield mirror, sorted(name for name, place in found.items() if place == mirror)


def _block(kind: str, verb: str, providers: list[str], path: Path | None) -> str:
    names = json.dumps([f"{REGISTRY}/hashicorp/{name}" for name in providers])
    place = f"    path = {json.dumps(str(path))}\n" if path else ""
    listed = f"    {verb} = {names}\n" if providers else ""
    return f"  {kind} {{\n{place}{listed}  }}\n"


def _candidates() -> Iterable[Path]:
    home = Path.home()
    data = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    named = os.environ.get("OIDC_IAM_PROVIDER_MIRRORS", "").split(os.pathsep)
    downloads = os.environ.get("TF_PLUGIN_CACHE_DIR", "")
    yield from map(Path, filter(None, named))
    yield from _configured(Path(os.environ.get("TF_CLI_CONFIG_FILE") or home / ".terraformrc"))
    yield from map(Path, filter(None, [downloads]))
    yield home / ".terraform.d" / "plugins"
    yield data / "terraform" / "plugins"
    yield Path("/usr/local/share/terraform/plugins")
    yield Path("/usr/share/terraform/plugins")
    for shared in map(Path, _SHARED_FOLDERS):
        for depth in ("", "*/", "*/*/"):
            yield from (found.parent for found in sorted(shared.glob(f"{depth}{REGISTRY}")))


def _configured(file: Path) -> Iterable[Path]:
    """The mirrors in a CLI configuration file."""
    try:
        text = named_files.text(file, streams=False)
    except FileError:
        return ()
    return map(Path, _MIRROR_PATH.findall(text))


def _holds(mirror: Path, provider: str) -> bool:
    folder = mirror / REGISTRY / "hashicorp" / provider
    if any(part.is_symlink() for part in (folder, folder.parent, folder.parent.parent)):
        return False
    return any(map(PROVIDERS[provider].has, _versions(folder)))


def _versions(folder: Path) -> Iterable[Version]:
    """What a provider's folder in a mirror has for this machine, unpacked or as archives."""
    here = provider_platform()
    for unpacked in folder.glob(f"*/{here}/terraform-provider-*"):
        version = unpacked.parent.parent
        if not version.is_symlink():
            yield _version(version.name)
    for packed in folder.glob(f"terraform-provider-*_{here}.zip"):
        yield _version(packed.name.split("_")[1])


def _version(text: str) -> Version:
    match = re.match(r"(\d+)\.(\d+)\.", text)
    return (int(match[1]), int(match[2])) if match else (0, 0)
