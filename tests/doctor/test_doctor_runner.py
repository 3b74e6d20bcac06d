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
from doctor.runner import examined

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
        ("fail tls-one", "no answer within 0.05 s", ""),
        ("skip tls-two", "see tls-one", "tls-one"),
        ("skip keys-other", "see tls-one", "tls-one"),
    ]


async def test_a_check_that_waits_by_itself_answers_for_itself(
    checks: dict[str, tuple[Check, ...]],
) -> None:
    checks["tls"] = (Check(ONE, _waits), needs(silence, TWO))

    assert told(await examined(CONFIG, QUICK)) == [
        ("pass tls-one", "before", ""),
        ("fail tls-one", "no answer within 0.05 s", ""),
        ("fail tls-two", "no answer within 0.05 s", ""),
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
