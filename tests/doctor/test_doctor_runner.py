"""How an examination runs: evidence is shared, and what gives no answer is told once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from stand_in_issuer import config_for

from doctor import runner
from doctor.examination import Check, Examination, Missing, Options
from doctor.finding import Finding, Rule
from doctor.pages import page
from doctor.reports.junit import junit
from doctor.reports.sarif import Examined, sarif
from doctor.reports.summary import document, is_proven
from doctor.runner import examined
from federation.yaml import documents

CONFIG = config_for(443)
QUICK = Options(timeout=0.05)


def rule(code: str, layer: str = "tls") -> Rule:
    return Rule(code, layer, "title", "meaning", "cause", "fix")


ONE, TWO, OTHER = rule("tls-one"), rule("tls-two"), rule("keys-other", "keys")


async def silence(_: Examination) -> str:
    """Evidence that never comes."""
    await asyncio.Event().wait()
    return ""


async def through_another(examination: Examination) -> str:
    return await examination.once(silence)


async def bad(_: Examination) -> str:
    raise Missing.because(ONE.failed("bad", "good"))


def needs(fetch: object, of: Rule) -> Check:
    async def look(examination: Examination) -> AsyncIterator[Finding]:
        yield of.passed(await examination.once(fetch))  # type: ignore[arg-type]

    return Check(of, look)


async def _waits(_: Examination) -> AsyncIterator[Finding]:
    yield ONE.passed("before")
    await asyncio.Event().wait()


def told(findings: list[Finding]) -> list[tuple[str, str, str]]:
    return [(f"{each.verdict} {each.code}", each.seen, each.because) for each in findings]


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[Check, ...]]:
    """The checks that run, to be filled by a test."""
    made: dict[str, tuple[Check, ...]] = {}
    monkeypatch.setattr(runner, "CHECKS", made)
    return made


async def test_what_gives_no_answer_is_told_once_and_is_the_reason_of_the_others(
    checks: dict[str, tuple[Check, ...]],
) -> None:
    checks["tls"] = (needs(silence, ONE), needs(through_another, TWO))
    checks["keys"] = (needs(through_another, OTHER),)

    assert told(await examined(CONFIG, QUICK)) == [
        ("fail tls-one", "no response within 0.05 s", ""),
        ("skip tls-two", "see tls-one", "tls-one"),
        ("skip keys-other", "see tls-one", "tls-one"),
    ]


async def test_a_check_that_waits_by_itself_answers_for_itself(
    checks: dict[str, tuple[Check, ...]],
) -> None:
    checks["tls"] = (Check(ONE, _waits), needs(silence, TWO))

    assert told(await examined(CONFIG, QUICK)) == [
        ("pass tls-one", "before", ""),
        ("fail tls-one", "no response within 0.05 s", ""),
        ("fail tls-two", "no response within 0.05 s", ""),
    ]


async def test_missing_evidence_is_told_by_its_own_layer_and_is_the_reason_elsewhere(
    checks: dict[str, tuple[Check, ...]],
) -> None:
    checks["tls"] = (needs(bad, ONE), needs(bad, TWO))
    checks["keys"] = (needs(bad, OTHER),)

    assert told(await examined(CONFIG)) == [
        ("fail tls-one", "bad", ""),
        ("skip tls-two", "see tls-one", "tls-one"),
        ("skip keys-other", "see tls-one", "tls-one"),
    ]


@pytest.mark.parametrize(
    ("options", "codes"),
    [
        (Options(only=frozenset({"keys"})), ["fail tls-one", "skip keys-other"]),
        (Options(only=frozenset({"keys-other"})), ["fail tls-one", "skip keys-other"]),
        (Options(skip=frozenset({"tls-one"})), ["skip tls-two", "skip keys-other"]),
        (Options(only=frozenset({"keys"}), skip=frozenset({"tls-one"})), ["skip keys-other"]),
    ],
)
async def test_why_evidence_is_missing_is_told_unless_its_code_is_left_out(
    checks: dict[str, tuple[Check, ...]], options: Options, codes: list[str]
) -> None:
    checks["tls"] = (needs(bad, ONE), needs(bad, TWO))
    checks["keys"] = (needs(bad, OTHER),)

    findings = await examined(CONFIG, options)

    assert [f"{each.verdict} {each.code}" for each in findings] == codes


async def test_evidence_is_fetched_once_for_all(checks: dict[str, tuple[Check, ...]]) -> None:
    fetched = []

    async def evidence(_: Examination) -> str:
        fetched.append(1)
        return "here"

    checks["tls"] = (needs(evidence, ONE), needs(evidence, TWO))

    findings = await examined(CONFIG, replace(QUICK, timeout=20))

    assert ([each.seen for each in findings], fetched) == (["here", "here"], [1])


async def test_leaving_early_gives_up_what_still_runs(
    checks: dict[str, tuple[Check, ...]],
) -> None:
    ended = asyncio.Event()

    async def endless(_: Examination) -> str:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return ""

    checks["tls"] = (Check(ONE, _waits), needs(endless, TWO))
    findings = runner.examine(CONFIG)

    assert (await anext(findings)).seen == "before"
    await findings.aclose()  # type: ignore[attr-defined]
    assert ended.is_set()


def raising(error: BaseException, of: Rule, *, before: bool = False) -> Check:
    async def look(_: Examination) -> AsyncIterator[Finding]:
        if before:
            yield of.passed("before")
        raise error

    return Check(of, look)


ERRORS: dict[str, BaseException] = {
    "a bug": ValueError("embedded null byte"),
    "a library that exits": SystemExit(3),
    "a library that cancels": asyncio.CancelledError(),
    "a group": BaseExceptionGroup("several", [asyncio.CancelledError(), KeyError("data")]),
    "no memory": MemoryError(),
}


@pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS)
async def test_a_check_that_raises_is_a_finding_and_the_others_are_reported(
    error: BaseException, checks: dict[str, tuple[Check, ...]]
) -> None:
    kept: list[BaseException] = []

    def keep(given: BaseException) -> str:
        kept.append(given)
        return "logs/defect.log"

    checks["tls"] = (raising(error, ONE, before=True), needs(bad, TWO))
    checks["keys"] = (Check(OTHER, _passes),)

    findings = await examined(CONFIG, replace(QUICK, timeout=5, keep_traceback=keep))

    seen = f"tls-one raised {type(error).__name__}; the traceback is in logs/defect.log"
    assert told(findings) == [
        ("fail doctor-error", seen, ""),
        ("pass tls-one", "before", ""),
        ("fail tls-one", "bad", ""),
        ("skip tls-two", "see tls-one", "tls-one"),
        ("pass keys-other", "good", ""),
    ]
    assert (findings[0].layer, kept) == ("tls", [error])


@pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS)
async def test_evidence_that_raises_is_a_finding_once(
    error: BaseException, checks: dict[str, tuple[Check, ...]]
) -> None:
    async def evidence(_: Examination) -> str:
        raise error

    checks["tls"] = (needs(evidence, ONE), needs(evidence, TWO))
    checks["keys"] = (Check(OTHER, _passes),)

    findings = await examined(CONFIG, replace(QUICK, timeout=5))

    assert [(f"{each.verdict} {each.code}", each.layer) for each in findings] == [
        ("fail doctor-error", "tls"),
        ("skip tls-two", "tls"),
        ("pass keys-other", "keys"),
    ]
    assert findings[1].because == "doctor-error"
    assert not is_proven(findings)


async def test_a_timeout_of_a_client_is_an_error_of_the_check(
    checks: dict[str, tuple[Check, ...]],
) -> None:
    checks["tls"] = (raising(TimeoutError("secret"), ONE),)

    assert told(await examined(CONFIG, replace(QUICK, timeout=5))) == [
        ("fail doctor-error", "tls-one raised TimeoutError; no log", "")
    ]


async def test_an_error_is_in_every_report(checks: dict[str, tuple[Check, ...]]) -> None:
    checks["tls"] = (raising(ValueError(), ONE),)
    findings = await examined(CONFIG)
    place = Examined(CONFIG, documents.read("a: 1"), "cluster.yaml")

    log = sarif(findings, place)["runs"][0]
    assert [each["ruleId"] for each in log["results"]] == ["doctor-error"]
    assert "doctor-error" in [each["id"] for each in log["tool"]["driver"]["rules"]]
    assert '<failure type="doctor-error"' in junit(findings)
    assert document(CONFIG, findings)["counts"] == {"pass": 0, "warn": 0, "fail": 1, "skip": 0}
    assert "\n### doctor-error\n" in page()


async def test_an_interrupt_ends_an_examination(checks: dict[str, tuple[Check, ...]]) -> None:
    checks["tls"] = (Check(ONE, _waits),)
    task = asyncio.ensure_future(examined(CONFIG))
    await asyncio.sleep(0.05)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


async def _passes(_: Examination) -> AsyncIterator[Finding]:
    yield OTHER.passed("good")
