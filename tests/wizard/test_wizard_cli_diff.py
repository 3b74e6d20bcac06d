"""`wizard diff`: of files and of git's revisions, as text and as JSON."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from federation.errors import UserError
from wizard.cli.diff import diff

OLD = """\
cluster: prod
issuer: https://c.example.com
aws: {region: eu-west-1}
kubernetes: {context: prod}
workloads:
  - {namespace: prod, service_account: web}
"""
NEW = OLD.replace("https://c.", "https://d.") + "  - {namespace: prod, service_account: api}\n"
TEXT = """\
Breaks what works:
  issuer: 'https://d.example.com' instead of 'https://c.example.com': the OIDC provider is \
replaced, and no role can be assumed until pods have tokens of the new issuer.
Lets in or allows more:
  prod/api: role: gains the role 'prod_prod_api': the service account may assume it for 3600 s; \
policies: 'job-function/ViewOnlyAccess'.
"""


def run(*arguments: str) -> Result:
    return CliRunner().invoke(diff, arguments, standalone_mode=False, catch_exceptions=False)


def git(folder: Path, *words: str) -> None:
    who = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.com"]
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def folder(in_folder: Path) -> Path:
    """A repository with a configuration in a folder: committed, tagged, committed, changed."""
    (in_folder / "clusters").mkdir()
    path = in_folder / "clusters" / "prod.yaml"
    git(in_folder, "init", "-b", "main")
    path.write_text(OLD)
    git(in_folder, "add", ".")
    git(in_folder, "commit", "-m", "first")
    git(in_folder, "tag", "first")
    path.write_text(OLD.replace("web}", "web, test_pod: true}"))
    git(in_folder, "commit", "-am", "second")
    path.write_text(NEW)
    return in_folder


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    "arguments",
    [
        ("first", "clusters/prod.yaml"),
        ("first",),
        ("HEAD~1:clusters/prod.yaml",),
        ("first:clusters/prod.yaml", "clusters/prod.yaml"),
    ],
)
def test_files_and_revisions_are_compared(arguments: tuple[str, ...]) -> None:
    result = run(*arguments, "--config=clusters/prod.yaml")
    assert (result.return_value, result.output) == (1, TEXT)


@pytest.mark.usefixtures("folder")
def test_two_revisions_are_compared() -> None:
    result = run("first", "HEAD", "--config=clusters/prod.yaml")
    assert (result.return_value, result.output) == (
        1,
        "Changes:\n  prod/web: test_pod: true instead of false.\n",
    )


def test_what_says_the_same_in_other_words_is_the_same(folder: Path) -> None:
    (folder / "same.yaml").write_text(f"# Ours.\naudience: [sts.amazonaws.com]\n{OLD}")
    result = run("first:clusters/prod.yaml", "same.yaml")
    assert (result.return_value, result.output) == (
        0,
        "first:clusters/prod.yaml and same.yaml say the same.\n",
    )


def test_a_file_comes_before_a_revision_of_its_name(folder: Path) -> None:
    (folder / "first").write_text(NEW)
    assert run("first", "clusters/prod.yaml").return_value == 0


@pytest.mark.usefixtures("folder")
def test_json_has_both_values_of_each_difference() -> None:
    result = run("first", "HEAD", "--config=clusters/prod.yaml", "--json")
    assert json.loads(result.output) == {
        "old": "first",
        "new": "HEAD",
        "same": False,
        "differences": [
            {
                "effect": "changes",
                "about": "prod/web",
                "field": "test_pod",
                "text": "true instead of false.",
                "old": False,
                "new": True,
            }
        ],
    }


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("old", "message"),
    [
        ("", "OLD and NEW cannot be empty: is a variable unset that should be one?"),
        (
            "nowhere",
            "nowhere:./prod.yaml is not a file, and git cannot read it either: invalid object name "
            "'nowhere'.",
        ),
        (
            "HEAD:prod.yaml",
            "HEAD:prod.yaml is not a file, and git cannot read it either: path 'prod.yaml' does "
            "not exist in 'HEAD'.",
        ),
        (
            "none.yaml",
            "none.yaml: there is no such file. Check the name. 'python -m wizard init' makes one.",
        ),
    ],
)
def test_refuses_what_it_cannot_read(old: str, message: str) -> None:
    with pytest.raises(UserError) as refusal:
        run(old, "--config=clusters/prod.yaml")
    assert str(refusal.value) == message


@pytest.mark.usefixtures("folder")
def test_an_argument_is_never_an_option_of_git() -> None:
    with pytest.raises(UserError) as refusal:
        run("--config=clusters/prod.yaml", "--", "--batch:x")
    assert str(refusal.value) == "'--batch:x' is not a revision: they do not begin with '-'."


def test_no_program_runs_that_a_repository_names_as_its_monitor(folder: Path) -> None:
    """Reading from the index (`:PATH`) asks git's file system monitor otherwise."""
    git(folder, "config", "core.fsmonitor", f"touch {folder}/ran; true")
    (folder / "ran").unlink(missing_ok=True)
    assert run(":clusters/prod.yaml", ":clusters/prod.yaml").exit_code == 0
    assert not (folder / "ran").exists()


def test_a_mistake_in_a_revision_names_it(folder: Path) -> None:
    (folder / "clusters" / "prod.yaml").write_text(OLD.replace("prod\n", "Prod\n"))
    git(folder, "commit", "-am", "third")
    (folder / "clusters" / "prod.yaml").write_text(OLD)
    with pytest.raises(UserError) as refusal:
        run("HEAD", "--config=clusters/prod.yaml")
    assert str(refusal.value).startswith("HEAD:clusters/prod.yaml:1: cluster: 'Prod' is not")


def test_without_git_a_revision_cannot_be_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(folder))
    with pytest.raises(UserError) as refusal:
        run("HEAD", "--config=clusters/prod.yaml")
    assert str(refusal.value) == (
        "'git' cannot be started: there is no such program on the PATH. Install it, or add its "
        "folder to the PATH."
    )
