"""Processes are started, read, interrupted and outlived, against real ones."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from deployment.process import (
    LONGEST_LINE,
    Captured,
    Command,
    LineSplitter,
    Log,
    capture,
    start_process,
)
from deployment.process import interrupts as interrupts_caught
from federation.errors import WorldError


def python(code: str, **environment: str) -> Command:
    return Command((sys.executable, "-u", "-c", code), environment=environment)


async def output(command: Command, log: Path | None = None) -> tuple[list[str], int]:
    with Log(log) as opened:
        async with start_process(command, opened) as child:
            lines = [line async for line in child.lines()]
            return lines, await child.wait()


PATIENT = """
import signal, sys, time
asked = 0
def ask(*_):
    global asked
    asked += 1
    print("asked", asked)
signal.signal(signal.SIGINT, ask)
print("ready")
signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
while not asked:
    time.sleep(0.01)
print("done after", asked)
"""
"""Stops cleanly when it is interrupted, as Terraform does. A waiting signal comes after "ready"."""


async def test_output_and_errors_come_as_lines_in_their_order() -> None:
    code = "import sys; print('one'); print('two', file=sys.stderr); print('three', end='')"
    assert await output(python(code)) == (["one", "two", "three"], 0)


async def test_the_exit_status_is_handed_on() -> None:
    assert await output(python("raise SystemExit(7)")) == ([], 7)


async def test_a_status_is_negative_where_a_signal_ended_it() -> None:
    code = "import os, signal; os.kill(os.getpid(), signal.SIGTERM)"
    assert await output(python(code)) == ([], -signal.SIGTERM)


async def test_arguments_are_not_read_by_a_shell() -> None:
    command = Command((sys.executable, "-c", "import sys; print(sys.argv[1:])", "$HOME; *", "a b"))
    assert await output(command) == (["['$HOME; *', 'a b']"], 0)


async def test_standard_input_is_empty() -> None:
    assert await output(python("print(repr(input('?')))")) != ([], 0)
    assert await output(python("import sys; print(repr(sys.stdin.read()))")) == (["''"], 0)


async def test_the_environment_is_changed_and_not_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEPT", "1")
    monkeypatch.setenv("REMOVED", "1")
    code = "import os; print([os.environ.get(n) for n in ('KEPT', 'REMOVED', 'ADDED')])"
    command = Command((sys.executable, "-c", code), environment={"REMOVED": None, "ADDED": "2"})
    assert await output(command) == (["['1', None, '2']"], 0)


async def test_a_line_of_a_megabyte_comes_in_bounded_pieces() -> None:
    lines, status = await output(python("print('x' * 1_000_000); print('after')"))
    assert [len(line) for line in lines] == [LONGEST_LINE] * 61 + [1_000_000 - 61 * LONGEST_LINE, 5]
    assert status == 0


async def test_output_that_is_not_utf8_is_replaced() -> None:
    code = r"import sys; sys.stdout.buffer.write(b'caf\xe9\n\xff\xfe\n')"
    assert await output(python(code)) == (["caf\ufffd", "\ufffd\ufffd"], 0)


async def test_ten_thousand_lines_arrive_whole() -> None:
    lines, _ = await output(python("for i in range(10_000): print(i)"))
    assert lines == [str(number) for number in range(10_000)]


async def test_the_log_holds_the_command_the_lines_and_the_status(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "run.log"
    command = Command((sys.executable, "-c", "print('hello')"), environment={"PASSWORD": "secret"})
    await output(command, log)
    assert (
        log.read_text()
        == f"$ {sys.executable} -c 'print('\"'\"'hello'\"'\"')'\nhello\nexit status 0\n"
    )


async def test_the_log_holds_what_nobody_read(tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    async with start_process(Command(("seq", "3")), Log(log)) as child:
        await child.wait()
    assert log.read_text() == "$ seq 3\n1\n2\n3\nexit status 0\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
async def test_a_full_disk_spoils_the_log_and_nothing_else() -> None:
    with Log(Path("/dev/full")) as log:
        async with start_process(Command(("seq", "3")), log) as child:
            assert [line async for line in child.lines()] == ["1", "2", "3"]
    assert log.error == "No space left on device"


async def test_a_folder_that_cannot_be_made_spoils_the_log_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file")
    with Log(tmp_path / "logs" / "run.log") as log:
        async with start_process(Command(("seq", "1")), log) as child:
            assert [line async for line in child.lines()] == ["1"]
    assert log.error == "File exists"


async def test_an_interrupt_is_sent_once() -> None:
    async with start_process(python(PATIENT)) as child:
        lines = child.lines()
        assert await anext(lines) == "ready"
        child.interrupt()
        child.interrupt()
        assert [line async for line in lines] == ["asked 1", "done after 1"]
        assert (await child.wait(), child.interrupted) == (0, True)


async def test_an_interrupt_after_the_end_does_nothing() -> None:
    async with start_process(Command(("seq", "1"))) as child:
        await child.wait()
        child.interrupt()
        assert child.interrupted is False


async def test_leaving_the_block_interrupts_and_waits(tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    async with start_process(python(PATIENT), Log(log)) as child:
        await anext(child.lines())
    assert log.read_text().splitlines()[-3:] == ["asked 1", "done after 1", "exit status 0"]


async def test_cancelling_interrupts_and_waits_however_often(tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    ready = asyncio.Event()
    stubborn = PATIENT.replace("print('done", "time.sleep(0.3)\nprint('done")

    async def read() -> None:
        async with start_process(python(stubborn), Log(log)) as child:
            async for _ in child.lines():
                ready.set()

    task = asyncio.create_task(read())
    await ready.wait()
    for _ in range(3):
        task.cancel()
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert log.read_text().splitlines()[-3:] == ["asked 1", "done after 1", "exit status 0"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_a_signal_to_us_becomes_one_interrupt_below(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    async with start_process(python(PATIENT)) as child:
        with interrupts_caught(child.interrupt):
            lines = child.lines()
            assert await anext(lines) == "ready"
            os.kill(os.getpid(), number)
            assert [line async for line in lines] == ["asked 1", "done after 1"]
    assert signal.getsignal(number) is before


def program(path: Path, code: str) -> Path:
    """A Python program under a name of its own, as the system shows it."""
    path.write_text(f"#!{sys.executable} -u\n{code}")
    path.chmod(0o755)
    return path


FRONT = """
import subprocess, sys
child = subprocess.Popen(sys.argv[1:], start_new_session=True)
print("front ends with", child.wait())
"""


async def test_an_interrupt_goes_to_the_named_program_below(tmp_path: Path) -> None:
    worker = program(tmp_path / "terraform", PATIENT)
    command = Command(
        (sys.executable, "-u", "-c", FRONT, str(worker)), interrupt_first=frozenset({"terraform"})
    )
    async with start_process(command) as child:
        lines = child.lines()
        assert await anext(lines) == "ready"
        child.interrupt()
        rest = [line async for line in lines]
    assert rest == ["asked 1", "done after 1", "front ends with 0"]


async def test_a_named_program_that_starts_after_the_interrupt_gets_it_too(tmp_path: Path) -> None:
    worker = program(tmp_path / "terraform", PATIENT)
    # Blocked until the child is ready for it, an early interrupt is not lost on its Python.
    blocked = "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])"
    twice = (
        f"{FRONT}\n{blocked}\nchild = subprocess.Popen(sys.argv[1:])\nprint('then', child.wait())"
    )
    twice = f"import signal\nsignal.signal(signal.SIGINT, lambda *_: None)\n{twice}"
    command = Command(
        (sys.executable, "-u", "-c", twice, str(worker)),
        interrupt_first=frozenset({"terraform"}),
    )
    async with start_process(command) as child:
        lines = child.lines()
        assert await anext(lines) == "ready"
        child.interrupt()
        rest = [line async for line in lines]
    assert rest == [
        *("asked 1", "done after 1", "front ends with 0"),
        *("ready", "asked 1", "done after 1", "then 0"),
    ]


async def test_a_wrapper_of_the_same_name_is_spared(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    worker = program(tmp_path / "terraform", PATIENT)
    wrapper = program(tmp_path / "bin" / "terraform", FRONT)
    command = Command(
        (sys.executable, "-u", "-c", FRONT, str(wrapper), str(worker)),
        interrupt_first=frozenset({"terraform"}),
    )
    async with start_process(command) as child:
        lines = child.lines()
        assert await anext(lines) == "ready"
        child.interrupt()
        rest = [line async for line in lines]
    assert rest == ["asked 1", "done after 1", "front ends with 0", "front ends with 0"]


async def test_an_interrupt_goes_to_the_process_where_no_such_program_runs() -> None:
    named = Command(python(PATIENT).args, interrupt_first=frozenset({"terraform"}))
    async with start_process(named) as child:
        lines = child.lines()
        assert await anext(lines) == "ready"
        child.interrupt()
        assert [line async for line in lines] == ["asked 1", "done after 1"]


async def test_a_missing_program_is_named() -> None:
    with pytest.raises(WorldError) as caught:
        await output(Command(("no-such-program",)))
    assert str(caught.value) == (
        "'no-such-program' cannot be started: there is no such program on the PATH. "
        "Install it, or add its folder to the PATH."
    )


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(WorldError) as caught:
        capture(Command(("seq", "1"), cwd=tmp_path / "none"), timeout=5)
    assert str(caught.value) == f"'seq' cannot run in {tmp_path / 'none'}: no such folder."


def test_a_program_that_may_not_be_run_is_named(tmp_path: Path) -> None:
    (tmp_path / "terraform").write_text("not a program")
    with pytest.raises(WorldError) as caught:
        capture(Command((str(tmp_path / "terraform"),)), timeout=5)
    assert str(caught.value) == f"'{tmp_path}/terraform' cannot be started: Permission denied."


def test_a_short_command_is_captured_whole() -> None:
    code = "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"
    assert capture(python(code), timeout=30) == Captured(3, "out\n", "err\n")


def test_a_command_without_an_answer_is_ended() -> None:
    with pytest.raises(WorldError) as caught:
        capture(Command(("sleep", "600")), timeout=0.1)
    assert str(caught.value) == "'sleep 600' gave no response within 0.1 s."
    assert [child for child in psutil.Process().children() if child.name() == "sleep"] == []


def test_a_command_shows_its_arguments_and_never_its_environment() -> None:
    command = Command(("aws", "a b"), environment={"AWS_SECRET_ACCESS_KEY": "hidden"})
    assert (str(command), "hidden" in repr(command)) == ("aws 'a b'", False)


@pytest.mark.parametrize(
    ("chunks", "lines"),
    [
        ([b"a\nb\n"], ["a", "b"]),
        ([b"a", b"b\n", b"c"], ["ab", "c"]),
        ([b"a\r", b"\nb\r\n"], ["a", "b"]),
        ([b"10%\r20%\rdone\n"], ["10%", "20%", "done"]),
        ([b"a\n\n\nb"], ["a", "", "", "b"]),
        (["é".encode()[:1], "é".encode()[1:]], ["é"]),
        ([b"half \xe2\x82"], ["half \ufffd"]),
        ([b"x" * LONGEST_LINE, b"\n"], ["x" * LONGEST_LINE]),
        ([b"x" * LONGEST_LINE, b"y\n"], ["x" * LONGEST_LINE, "y"]),
        ([b"a\r"], ["a"]),
        ([], []),
    ],
)
def test_chunks_become_lines(chunks: list[bytes], lines: list[str]) -> None:
    splitter = LineSplitter()
    fed = [line for chunk in chunks for line in splitter.feed(chunk)]
    assert fed + splitter.finish() == lines


async def test_a_log_is_private_and_neither_it_nor_the_lines_show_a_secret(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir(mode=0o755)
    log = tmp_path / "logs" / "run.log"
    log.touch(mode=0o644)
    key = "AKIA" + "IOSFODNN7EXAMPLE"
    code = f"print('+ \"note\" = \"{key}\"'); open('state', 'w').close()"
    with Log(log) as file:
        async with start_process(
            Command((sys.executable, "-c", code), cwd=tmp_path), file
        ) as child:
            lines = [line async for line in child.lines()]
    assert lines == ['+ "note" = "AKIA... (20 characters)"']
    assert key not in log.read_text().replace(str(code), "")
    assert [oct(path.stat().st_mode & 0o777) for path in (log.parent, log, tmp_path / "state")] == [
        "0o700",
        "0o600",
        "0o600",
    ]
