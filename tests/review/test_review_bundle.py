"""Whole bundles but for their page, compared with what is kept in `bundles/`.

`OIDC_IAM_ACCEPT=1 pytest tests/review/test_review_bundle.py` writes them again; the difference is
then read before it is committed. The stacks are those that `tests/stacks` compares.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from federation.yaml.files import PROJECT, load, parse
from review.bundle import archive, bundle
from review.sealing.seal import CHECKSUMS

HERE = Path(__file__).parent
STACKS = HERE.parent / "stacks"
CONFIGURATIONS = sorted(path.stem for path in STACKS.glob("configurations/*.yaml"))
KEPT = ("article", "bucket", "gov", "manifests", "many", "minimal")
ACCEPT = bool(os.environ.get("OIDC_IAM_ACCEPT"))


def made(name: str) -> dict[str, str]:
    """The bundle of one of the configurations."""
    config = load(STACKS / "configurations" / f"{name}.yaml")
    return bundle(config, {stack: synthesized(name, stack) for stack in config.stacks})


def synthesized(name: str, stack: str) -> dict[str, Any]:
    path = STACKS / "expected" / name / "stacks" / stack / "cdk.tf.json"
    content: dict[str, Any] = json.loads(path.read_text())
    return content


def written(folder: Path) -> dict[str, str]:
    """Each file below a folder with its text."""
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in folder.rglob("*")
        if path.is_file()
    }


def write(texts: dict[str, str], folder: Path) -> None:
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


@pytest.mark.parametrize("name", KEPT)
def test_a_configuration_becomes_exactly_this_bundle(name: str) -> None:
    texts = made(name)
    # One page is kept, in `expected/fleet`: others say what their REVIEW.md says, by another test.
    texts.pop("review.html")
    if ACCEPT:
        shutil.rmtree(HERE / "bundles" / name, ignore_errors=True)
        write(texts, HERE / "bundles" / name)
    assert texts == written(HERE / "bundles" / name)


def test_terraform_fmt_leaves_every_bundle_as_it_is(tmp_path: Path) -> None:
    for name in CONFIGURATIONS:
        write(made(name), tmp_path / name)
    command = ["terraform", "fmt", "-check", "-diff", "-recursive", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_no_bundle_names_a_machine_or_the_tool_behind_it() -> None:
    texts = "".join(text for name in CONFIGURATIONS for text in made(name).values())
    for word in (str(PROJECT), str(Path.home()), "cdktf", "cdk.tf", '"//"', "../../"):
        assert (word, texts.find(word)) == (word, -1)


def test_a_folder_of_one_machine_that_the_configuration_names_is_not_told(tmp_path: Path) -> None:
    shutil.copytree(STACKS / "keys", tmp_path / "keys")
    text = (STACKS / "configurations" / "bucket.yaml").read_text()
    text = text.replace("tests/stacks/keys", str(tmp_path / "keys"))
    text = text.replace("context: edge", f"context: edge, kubeconfig: {tmp_path}/kubeconfig")
    config = parse(text, "bucket.yaml")
    texts = bundle(config, {stack: synthesized("bucket", stack) for stack in config.stacks})
    assert [path for path, text in texts.items() if str(tmp_path) in text] == []
    assert "| `rsa.pub` |" in texts["REVIEW.md"]


def test_the_checksums_are_those_that_sha256sum_reads(tmp_path: Path) -> None:
    texts = made("article")
    write(texts, tmp_path)
    command = ["sha256sum", "--check", "--strict", CHECKSUMS]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    others = sorted(set(texts) - {CHECKSUMS})
    assert done.stdout.splitlines() == [f"{path}: OK" for path in others]
    assert done.returncode == 0


def test_an_archive_holds_the_bundle_in_its_folder_without_a_time_of_its_own() -> None:
    texts = made("article")
    with zipfile.ZipFile(io.BytesIO(archive(texts, "article-review"))) as found:
        entries = found.infolist()
        assert {each.filename: found.read(each).decode() for each in entries} == {
            f"article-review/{path}": text for path, text in texts.items()
        }
    assert {(each.date_time, each.external_attr >> 16, each.compress_type) for each in entries} == {
        ((1980, 1, 1, 0, 0, 0), 0o100644, zipfile.ZIP_STORED)
    }


def documented(kind: str) -> list[str]:
    """The commands that docs/review.md gives for bash: the three checks, and the digest."""
    blocks = (PROJECT / "docs" / "review.md").read_text().split("```bash\n")[1:]
    checks, digest = (block.partition("```")[0] for block in blocks)
    return checks.replace("\\\n", "").splitlines() if kind == "checks" else [digest]


def ran(command: str, folder: Path) -> str:
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


def test_the_documented_commands_print_nothing_for_a_review_and_name_what_was_added(
    tmp_path: Path,
) -> None:
    write(made("article"), tmp_path)
    assert [ran(each, tmp_path) for each in documented("checks")] == ["", "", ""]
    (tmp_path / ".added").touch()
    (tmp_path / "terraform/ \nx").touch()
    (tmp_path / "terraform/link").symlink_to("/")
    (tmp_path / "empty").mkdir()
    (tmp_path / "picture.svg").unlink()
    (tmp_path / "picture.svg").symlink_to("REVIEW.md")
    (tmp_path / "REVIEW.md").write_text("other")
    sums, odd, added = (ran(each, tmp_path) for each in documented("checks"))
    assert sums.splitlines() == [
        "REVIEW.md: FAILED",
        "picture.svg: FAILED",
        "sha256sum: WARNING: 2 computed checksums did NOT match",
    ]
    assert sorted(odd.splitlines()) == ["./empty", "./picture.svg", "./terraform/link"]
    assert [line for line in added.splitlines() if line[0] in "<>"] == [
        "< ./.added",
        "> ./picture.svg",
        "< ./terraform/ ",
        "< x",
    ]


@pytest.mark.parametrize("name", KEPT)
def test_the_documented_command_computes_the_digest_that_is_signed(
    name: str, tmp_path: Path
) -> None:
    texts = made(name)
    write(texts, tmp_path)
    [command] = documented("digest")
    digest, file = ran(command, tmp_path).split()
    assert file == "configuration.json"
    assert texts["REVIEW.md"].count(f"`{digest}`") + texts["REVIEW.md"].count(f" {digest}") == 2
