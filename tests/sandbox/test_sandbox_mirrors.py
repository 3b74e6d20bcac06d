"""Provider mirrors that lie on a machine, and the CLI configuration that names them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sandbox import mirrors
from sandbox.binaries import UnavailableError, provider_platform

ELSEWHERE = "plan9_mips"


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with nothing on it: its home, and its shared folders."""
    for name in ("OIDC_IAM_PROVIDER_MIRRORS", "TF_CLI_CONFIG_FILE", "TF_PLUGIN_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(mirrors, "_SHARED_FOLDERS", (str(tmp_path / "opt"),))
    return tmp_path


@pytest.fixture
def no_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mirrors, "registry_reachable", lambda: False)


@pytest.fixture
def a_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mirrors, "registry_reachable", lambda: True)


def unpacked(mirror: Path, provider: str, version: str, platform: str | None = None) -> Path:
    platform = platform or provider_platform()
    folder = mirror / mirrors.REGISTRY / "hashicorp" / provider / version / platform
    folder.mkdir(parents=True)
    (folder / f"terraform-provider-{provider}_v{version}_x5").touch()
    return mirror


def packed(mirror: Path, provider: str, version: str) -> Path:
    folder = mirror / mirrors.REGISTRY / "hashicorp" / provider
    folder.mkdir(parents=True)
    (folder / f"terraform-provider-{provider}_{version}_{provider_platform()}.zip").touch()
    return mirror


def test_a_machine_may_have_none() -> None:
    assert mirrors.mirrors() == {}


@pytest.mark.parametrize(
    "place", ["home/.terraform.d/plugins", "home/.local/share/terraform/plugins"]
)
def test_terraforms_own_places_are_looked_into(machine: Path, place: str) -> None:
    mirror = unpacked(machine / place, "aws", "5.100.0")
    assert mirrors.mirrors() == {"aws": mirror}


@pytest.mark.parametrize("place", ["opt", "opt/plugins", "opt/terraform/mirror"])
def test_shared_folders_are_looked_into_two_levels_deep(machine: Path, place: str) -> None:
    mirror = unpacked(machine / place, "aws", "5.100.0")
    assert mirrors.mirrors() == {"aws": mirror}


def test_a_mirror_that_lies_deeper_is_not_found(machine: Path) -> None:
    unpacked(machine / "opt/a/b/c", "aws", "5.100.0")
    assert mirrors.mirrors() == {}


def test_the_data_folder_may_be_elsewhere(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mirror = unpacked(machine / "data/terraform/plugins", "aws", "5.100.0")
    monkeypatch.setenv("XDG_DATA_HOME", str(machine / "data"))
    assert mirrors.mirrors() == {"aws": mirror}


def test_named_mirrors_come_first(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unpacked(machine / "opt", "aws", "5.100.0")
    first = unpacked(machine / "first", "aws", "5.90.0")
    second = unpacked(packed(machine / "second", "tls", "4.1.0"), "aws", "5.91.0")
    named = os.pathsep.join([str(machine / "nowhere"), str(first), str(second)])
    monkeypatch.setenv("OIDC_IAM_PROVIDER_MIRRORS", named)
    assert mirrors.mirrors() == {"aws": first, "tls": second}


def test_the_mirrors_of_the_users_own_configuration_are_used(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror = unpacked(machine / "mine", "kubernetes", "2.38.0")
    file = machine / "mine.tfrc"
    file.write_text(
        "provider_installation {\n  filesystem_mirror {\n"
        f'    include = ["*/*/*"]\n    path    = "{mirror}"\n  }}\n}}\n'
    )
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(file))
    assert mirrors.mirrors() == {"kubernetes": mirror}


def test_the_users_download_cache_serves_as_a_mirror(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror = unpacked(machine / "downloads", "tls", "4.1.0")
    monkeypatch.setenv("TF_PLUGIN_CACHE_DIR", str(mirror))
    assert mirrors.mirrors() == {"tls": mirror}


@pytest.mark.parametrize(
    ("provider", "version", "taken"),
    [
        ("aws", "5.80.0", False),
        ("aws", "5.81.0", True),
        ("aws", "6.99.1", True),
        ("aws", "7.0.0", False),
        ("kubernetes", "2.19.0", False),
        ("kubernetes", "2.20.0", True),
        ("kubernetes", "3.2.1", True),
        ("kubernetes", "4.0.0", False),
        ("tls", "3.4.0", False),
        ("tls", "4.0.0", True),
        ("tls", "5.0.0", False),
        ("tls", "latest", False),
    ],
)
def test_only_versions_that_the_stacks_take_count(
    machine: Path, provider: str, version: str, taken: bool
) -> None:
    mirror = unpacked(machine / "opt", provider, version)
    assert mirrors.mirrors() == ({provider: mirror} if taken else {})


def test_another_platforms_provider_does_not_count(machine: Path) -> None:
    unpacked(machine / "opt", "aws", "5.100.0", ELSEWHERE)
    assert mirrors.mirrors() == {}


@pytest.mark.parametrize("link", ["hashicorp", "hashicorp/aws", "hashicorp/aws/5.100.0"])
def test_what_terraform_does_not_follow_does_not_count(machine: Path, link: str) -> None:
    real = unpacked(machine / "real", "aws", "5.100.0")
    place = machine / "opt" / mirrors.REGISTRY / link
    place.parent.mkdir(parents=True)
    place.symlink_to(real / mirrors.REGISTRY / link)
    assert mirrors.mirrors() == {}


def test_each_mirror_gets_a_block_and_the_rest_comes_from_the_registry(machine: Path) -> None:
    found = {"aws": Path("/one"), "tls": Path("/two"), "kubernetes": Path("/one")}
    assert mirrors.terraform_configuration(found) == (
        "disable_checkpoint = true\n"
        "provider_installation {\n"
        "  filesystem_mirror {\n"
        '    path = "/one"\n'
        '    include = ["registry.terraform.io/hashicorp/aws", '
        '"registry.terraform.io/hashicorp/kubernetes"]\n'
        "  }\n"
        "  filesystem_mirror {\n"
        '    path = "/two"\n'
        '    include = ["registry.terraform.io/hashicorp/tls"]\n'
        "  }\n"
        "  direct {\n"
        '    exclude = ["registry.terraform.io/hashicorp/aws", '
        '"registry.terraform.io/hashicorp/kubernetes", "registry.terraform.io/hashicorp/tls"]\n'
        "  }\n"
        "}\n"
    )


def test_what_is_downloaded_is_kept_for_the_next_stack(machine: Path) -> None:
    assert mirrors.terraform_configuration({}) == (
        "disable_checkpoint = true\n"
        "provider_installation {\n"
        "  direct {\n"
        "  }\n"
        "}\n"
        f'plugin_cache_dir = "{machine}/cache/oidc-iam/downloads"\n'
        "plugin_cache_may_break_dependency_lock_file = true\n"
    )
    assert (machine / "cache/oidc-iam/downloads").is_dir()


@pytest.mark.usefixtures("no_registry")
def test_a_provider_can_be_installed_from_a_mirror_alone(machine: Path) -> None:
    unpacked(machine / "opt", "kubernetes", "3.2.1")
    assert (mirrors.can_install("kubernetes"), mirrors.can_install("aws")) == (True, False)


@pytest.mark.usefixtures("a_registry")
def test_with_a_registry_every_provider_can_be_installed() -> None:
    assert mirrors.can_install("kubernetes")


@pytest.mark.usefixtures("a_registry")
def test_with_a_registry_the_tls_provider_is_not_built() -> None:
    said: list[str] = []
    assert (mirrors.with_tls({}, said.append), said) == ({}, [])


@pytest.mark.usefixtures("no_registry")
def test_the_tls_provider_of_a_mirror_is_not_built_again() -> None:
    found = {"tls": Path("/mirror")}
    assert mirrors.with_tls(found, print) == found


@pytest.mark.usefixtures("no_registry")
def test_without_go_the_message_says_how_to_get_the_tls_provider(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(machine))
    with pytest.raises(UnavailableError) as caught:
        mirrors.with_tls({}, print)
    assert str(caught.value) == (
        "The Terraform provider terraform-provider-tls_v4.0.4 is in no mirror on this machine, its "
        "registry cannot be reached, and there is no Go to build it with. Install Go 1.24 or "
        "newer, or name a mirror in OIDC_IAM_PROVIDER_MIRRORS."
    )
