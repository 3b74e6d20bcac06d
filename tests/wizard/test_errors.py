"""Each kind of error becomes its message and its exit code, in one place."""

from __future__ import annotations

import errno
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from deployment.causes import Cause
from deployment.cdktf.events import Extent, Failed, Interrupted, Succeeded
from federation.errors import UserError, WorldError
from wizard.errors import ErrorReport, InterruptedRunError, completed, guarded, report

TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl"


def raising(error: BaseException) -> Callable[[], object]:
    def run() -> object:
        raise error

    return run


@pytest.fixture
def log_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("deployment.logs.new_log", lambda what: tmp_path / "logs" / f"{what}.log")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "logs"


@pytest.mark.parametrize(
    ("error", "message", "code"),
    [
        (UserError("clusters/a.yaml:3: no."), "clusters/a.yaml:3: no.\n", 2),
        (WorldError("AWS said no."), "AWS said no.\n", 1),
        (InterruptedRunError("Interrupted. Kept."), "Interrupted. Kept.\n", 130),
        (KeyboardInterrupt(), "Interrupted.\n", 130),
        (click.Abort(), "Interrupted.\n", 130),
        (
            OSError(errno.ENOSPC, "No space left on device", "state/a.tfstate"),
            "state/a.tfstate: No space left on device. Free some space, then repeat the command.\n",
            1,
        ),
        (
            PermissionError(errno.EACCES, "Permission denied", "clusters/a.yaml"),
            "clusters/a.yaml: Permission denied. Check its permissions, and those of its folder.\n",
            1,
        ),
        (
            OSError(errno.ENAMETOOLONG, "File name too long", "a" * 301),
            f"'{'a' * 60}'... (301 characters): File name too long. Give another path.\n",
            2,
        ),
        (
            NotADirectoryError(errno.ENOTDIR, "Not a directory", "a.yaml/b"),
            "'a.yaml/b': Not a directory. Give another path.\n",
            2,
        ),
        (click.ClickException("not so"), "Error: not so\n", 2),
        (click.UsageError("wrong"), "Error: wrong\n", 2),
    ],
)
def test_an_error_becomes_a_message_and_an_exit_code(
    error: BaseException, message: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit_:
        guarded(raising(error))
    output = capsys.readouterr()
    assert (output.out, output.err, exit_.value.code) == ("", message, code)


@pytest.mark.parametrize(("result", "code"), [(None, 0), (0, 0), (1, 1), ("text", 0)])
def test_a_result_that_is_a_number_is_the_exit_code(result: object, code: int) -> None:
    with pytest.raises(SystemExit) as exit_:
        guarded(lambda: result)
    assert exit_.value.code == code


def test_a_defect_leaves_its_traceback_in_a_log(
    log_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit_:
        guarded(raising(KeyError("oops")))
    assert capsys.readouterr().err == (
        "This is a bug in oidc-iam, not in your input (KeyError). "
        "The traceback is in logs/defect.log.\n"
    )
    lines = (log_folder / "defect.log").read_text().splitlines()
    assert (lines[0], lines[-1]) == ("Traceback (most recent call last):", "KeyError: 'oops'")
    assert exit_.value.code == 70


def test_the_log_of_a_defect_has_no_whole_token(
    log_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        guarded(raising(RuntimeError(f"cannot send {TOKEN}")))
    lines = (log_folder / "defect.log").read_text().splitlines()
    assert lines[-1] == f"RuntimeError: cannot send eyJh... ({len(TOKEN)} characters)"
    assert TOKEN not in capsys.readouterr().err


def test_a_defect_is_shown_where_no_log_can_be_written(log_folder: Path) -> None:
    log_folder.write_text("a file where the folder should be")
    shown = report(KeyError("oops"))
    assert shown == ErrorReport(
        "A bug in oidc-iam",
        "KeyError: 'oops'\nThis is a bug in oidc-iam, not in your input; no log could be written.",
        70,
    )


def test_a_reader_who_leaves_early_is_no_error() -> None:
    code = (
        "from wizard.errors import guarded\n"
        "guarded(lambda: [print('x' * 1000, flush=True) for _ in range(1000)])"
    )
    process = subprocess.Popen(
        (sys.executable, "-c", code), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert (process.stderr.read(), process.wait()) == ("", 1)


def test_a_failed_run_says_the_causes_the_remedies_and_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    causes = (
        Cause("AWS refused access", "AccessDenied", "Use other credentials.", "aws_iam_role.a"),
        Cause("The disk is full", "no space left", "Free some space."),
    )
    with pytest.raises(WorldError) as caught:
        completed(Failed(1, causes, tmp_path / "logs" / "deploy.log"))
    assert str(caught.value) == (
        "AWS refused access (aws_iam_role.a).\n"
        "  Message: AccessDenied\n"
        "  To do: Use other credentials.\n"
        "The disk is full.\n"
        "  Message: no space left\n"
        "  To do: Free some space.\n"
        "The log: logs/deploy.log"
    )


def test_a_failed_run_without_a_reason_says_its_status() -> None:
    with pytest.raises(WorldError) as caught:
        completed(Failed(127, (), Path("/elsewhere/deploy.log")))
    assert str(caught.value) == (
        "The program ended with exit status 127 and gave no reason.\nThe log: /elsewhere/deploy.log"
    )


def test_an_interrupted_run_says_that_its_work_is_kept() -> None:
    with pytest.raises(InterruptedRunError) as caught:
        completed(Interrupted(Path("/elsewhere/deploy.log")))
    assert str(caught.value) == (
        "Interrupted. The state has what was done; the next run continues from there.\n"
        "The log: /elsewhere/deploy.log"
    )


def test_an_interrupted_plan_says_that_nothing_was_changed() -> None:
    with pytest.raises(InterruptedRunError) as caught:
        completed(Interrupted(Path("/elsewhere/plan.log"), harmless="planning"))
    assert str(caught.value) == (
        "Interrupted while planning. Nothing was changed.\nThe log: /elsewhere/plan.log"
    )


@pytest.mark.parametrize("ended", ["failed", "interrupted"])
def test_a_run_that_ended_early_names_what_is_not_finished(ended: str) -> None:
    extent = Extent(("prod-workloads",), ("prod-identity", "prod-discovery"))
    log = Path("/elsewhere/destroy.log")
    outcome = Failed(1, (), log, extent) if ended == "failed" else Interrupted(log, extent)
    with pytest.raises(WorldError if ended == "failed" else InterruptedRunError) as caught:
        completed(outcome)
    assert str(caught.value).splitlines()[1:] == [
        "Finished: prod-workloads. Not finished: prod-identity, prod-discovery.",
        "The log: /elsewhere/destroy.log",
    ]


def test_a_run_that_did_all_of_it_is_handed_on() -> None:
    outcome = Succeeded({"a-identity": {"provider_arn": "arn"}})
    assert completed(outcome) is outcome


def test_logs_are_named_by_time_and_purpose() -> None:
    from deployment.logs import new_log
    from federation.yaml.files import PROJECT

    path = new_log("deploy-prod")
    assert path.parent == PROJECT / "logs"
    assert re.fullmatch(r"\d{8}T\d{6}Z-deploy-prod\.log", path.name)
