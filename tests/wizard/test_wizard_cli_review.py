"""`wizard review`: what is said before anything slow; `tests/e2e` makes whole ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from federation.errors import UserError
from wizard.cli.review import review

CONFIGURATION = Path(__file__).parent.parent / "stacks" / "configurations" / "minimal.yaml"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(review, arguments, standalone_mode=False, catch_exceptions=False)


@pytest.mark.parametrize("options", [(), ("--zip", "--plan")])
def test_a_folder_of_others_is_refused_before_terraform_or_a_cluster_is_asked(
    in_folder: Path, options: tuple[str, ...]
) -> None:
    (in_folder / "out").mkdir()
    (in_folder / "out" / "theirs").touch()
    with pytest.raises(UserError) as caught:
        run("--config", str(CONFIGURATION), "--output", "out", *options)
    assert str(caught.value) == (
        "out is not empty, and holds no review of an earlier run: name a new folder with --output."
    )
    assert [path.name for path in in_folder.rglob("*")] == ["out", "theirs"]


def test_a_configuration_that_is_not_right_is_refused_first(in_folder: Path) -> None:
    (in_folder / "bad.yaml").write_text("cluster: a\n")
    with pytest.raises(UserError) as caught:
        run("--config", "bad.yaml", "--output", "out")
    assert str(caught.value).splitlines()[0] == "bad.yaml:1: aws: is missing: add it."
    assert [path.name for path in in_folder.iterdir()] == ["bad.yaml"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ("--today", "2026-13-01"),
            "--today '2026-13-01' is not a day: write it like '2027-01-31'.",
        ),
        (
            ("--chain", str(CONFIGURATION)),
            f"{CONFIGURATION} holds no certificate in PEM ('-----BEGIN CERTIFICATE').",
        ),
    ],
)
def test_a_file_or_day_that_is_not_right_is_refused_before_anything_is_written(
    in_folder: Path, options: tuple[str, ...], message: str
) -> None:
    with pytest.raises(UserError) as caught:
        run("--config", str(CONFIGURATION), "--output", "out", *options)
    assert str(caught.value) == message
    assert list(in_folder.iterdir()) == []
