"""Where requests to AWS go, and whether others can read them."""

from __future__ import annotations

from collections.abc import Iterator

from federation.model.endpoints import is_unencrypted
from review.facts.estate import Estate
from review.lint.finding import Rule, Seen


def _unencrypted(estate: Estate) -> Iterator[Seen]:
    for endpoint in estate.endpoints:
        if is_unencrypted(endpoint.url):
            yield Seen.of(endpoint, f"requests to AWS go to {endpoint.url}, without encryption.")


RULES = (
    Rule(
        "unencrypted-endpoint",
        "error",
        "Requests to AWS are not encrypted",
        "Anyone on the way to this address can read the tokens of workloads and the answers of "
        "STS, which are credentials, and can answer in place of AWS.",
        "Write an 'https://' address in aws.endpoint_url; plain http is only for this machine "
        "(127.0.0.1, ::1, localhost).",
        "AWS Well-Architected Framework, SEC09-BP02 'Enforce encryption in transit'",
        _unencrypted,
    ),
)
