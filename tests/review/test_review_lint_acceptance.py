"""Findings that somebody decided to live with: until when, for whom, and what remains of it."""

from __future__ import annotations

from datetime import date

import pytest
from review_examples import SAFE, TODAY, found, ours, workload

from federation.errors import UserError
from federation.model.config import Acceptance
from federation.rules.configuration import Observation
from federation.rules.registry import check_codes
from federation.yaml import files
from review.facts.configured import configured
from review.facts.estate import Estate, PublicBucket, Where, joined
from review.lint.linter import LintReport, lint


def acceptance(code: str, until: str = "2027-01-31", **more: str) -> Acceptance:
    return Acceptance.model_validate({"code": code, "reason": "a trial", "until": until, **more})


def judged(*accept: Acceptance, estate: Estate | None = None, today: date = TODAY) -> LintReport:
    return lint(estate or ours(backend={"type": "local"}), accept, today)


def test_an_accepted_finding_is_set_aside_until_its_last_day() -> None:
    report = judged(acceptance("local-state"))
    assert (report.findings, report.unused) == ((), ())
    assert [(each.finding.rule.code, each.reason, each.until) for each in report.accepted] == [
        ("local-state", "a trial", "2027-01-31")
    ]
    assert not report.fails(strict=True)


def test_after_its_last_day_it_is_a_finding_again() -> None:
    report = judged(acceptance("local-state"), today=date(2027, 2, 1))
    assert [(finding.rule.code, finding.note) for finding in report.findings] == [
        ("local-state", "It was accepted until 2027-01-31 (a trial), which is over.")
    ]
    assert (report.accepted, report.unused) == ((), ())
    assert report.fails(strict=True)


def test_of_several_acceptances_the_longest_counts() -> None:
    estate = joined(
        [workload(trust="audience-only", service_account="web"), ours(backend={"type": "local"})]
    )
    report = judged(
        acceptance("audience-only-trust", "2026-12-31"),
        acceptance("audience-only-trust", "2027-06-30", workload="prod/web"),
        estate=estate,
    )
    assert [each.until for each in report.accepted] == ["2027-06-30"]
    assert [finding.rule.code for finding in report.findings] == ["local-state"]


def test_what_is_accepted_for_one_workload_is_found_for_another() -> None:
    estate = ours(
        workloads=[
            {"namespace": "prod", "service_account": name, "trust": "audience-only"}
            for name in ("web", "api")
        ]
    )
    report = judged(acceptance("audience-only-trust", workload="prod/web"), estate=estate)
    assert [finding.seen.about for finding in report.findings] == ["prod/api"]
    assert [each.finding.seen.about for each in report.accepted] == ["prod/web"]


def test_an_acceptance_of_nothing_is_named() -> None:
    unused = acceptance("shared-role")
    report = judged(acceptance("local-state"), unused)
    assert report.unused == (unused,)


def test_an_acceptance_of_what_was_not_looked_for_is_not_called_unused() -> None:
    alone = acceptance("same-cluster")
    assert (judged(alone).unused, judged(alone).unjudged) == ((), (alone,))
    beside = configured(files.validate(SAFE), "prod.yaml", looked={"same-cluster": ()})
    report = judged(alone, estate=beside)
    assert (report.unused, report.unjudged) == ((alone,), ())


def test_what_was_looked_for_elsewhere_takes_the_place_of_what_the_configuration_shows() -> None:
    seen = Observation(("discovery", "thumbprint"), "two differ.")
    looked = {"endpoint-thumbprint": (seen,)}
    estate = configured(files.validate(SAFE), "prod.yaml", looked=looked)
    assert found(estate, "endpoint-thumbprint") == ["discovery.thumbprint (): two differ."]


@pytest.mark.parametrize("code", ["public-bucket", "open-bucket"])
def test_the_code_of_an_earlier_version_goes_on_accepting_an_open_bucket(code: str) -> None:
    bucket = Estate(buckets=(PublicBucket(Where("plan.json", "b"), "", "the ACL 'public-read'"),))
    report = judged(acceptance(code), estate=bucket)
    assert [each.finding.rule.code for each in report.accepted] == ["open-bucket"]
    assert (report.findings, report.unused) == ((), ())


def test_accepting_public_documents_leaves_an_open_bucket_an_error() -> None:
    bucket = Estate(buckets=(PublicBucket(Where("plan.json", "b"), "", "the ACL 'public-read'"),))
    report = judged(acceptance("public-documents"), estate=bucket)
    assert [each.rule.code for each in report.findings] == ["open-bucket"]


def test_the_code_of_an_earlier_version_is_named_with_those_that_replace_it() -> None:
    assert check_codes([acceptance("local-state"), acceptance("public-bucket")], "prod.yaml") == (
        "prod.yaml: lint.accept[1].code: 'public-bucket' is now 'open-bucket' (a bucket is open to "
        "everyone for more than the discovery documents) and 'public-documents' (anyone can read "
        "the two discovery documents in the bucket). It accepts both: write the one that you mean.",
    )


@pytest.mark.parametrize(
    ("code", "hint"), [("local-stat", " Did you mean 'local-state'?"), ("everything", "")]
)
def test_an_acceptance_of_an_unknown_code_is_refused(code: str, hint: str) -> None:
    with pytest.raises(UserError) as refusal:
        check_codes([acceptance("local-state"), acceptance(code)], "prod.yaml")
    said, _, known = str(refusal.value).partition(" Known: ")
    assert said == f"prod.yaml: lint.accept[1].code: unknown code {code!r}.{hint}"
    assert known.startswith("anonymous-binding, anonymous-requests-off, anonymous-role, ")


@pytest.mark.parametrize(
    ("estate", "plain", "strict"),
    [
        (ours(), False, False),
        (ours(aws={"region": "eu-west-1"}), False, False),
        (ours(backend={"type": "local"}), False, True),
        (workload(trust="audience-only"), True, True),
    ],
    ids=["nothing", "a note", "a warning", "an error"],
)
def test_errors_fail_a_run_and_warnings_a_strict_one(
    estate: Estate, plain: bool, strict: bool
) -> None:
    report = lint(estate, (), TODAY)
    assert (report.fails(strict=False), report.fails(strict=True)) == (plain, strict)
