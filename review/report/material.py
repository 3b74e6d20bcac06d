"""What a document for reviewers is made of: a configuration, and what is known besides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from federation.keys.certificates import Certificate
from federation.keys.jwks import PublicKey
from federation.model.config import ClusterConfig
from review.facts.estate import Estate
from review.facts.matrix import Row
from review.facts.planned import Planned
from review.lint.linter import LintReport

_NO_FACTS = Estate()


@dataclass(frozen=True)
class Known:
    """What is known besides the configuration.

    Attributes:
        facts: Such as the chain that the issuer presents (`review.facts.evidence`).
        today: The day by which acceptances are judged; None where each counts, whatever its last
            day, so that the document depends on nothing but what is given.
    """

    facts: Estate = _NO_FACTS
    today: date | None = None


NOTHING_KNOWN = Known()


@dataclass(frozen=True)
class Material:
    """All that the sections are made of.

    Attributes:
        config: The configuration.
        rows: Its matrix of trust.
        chain: The certificates that the issuer presents, its own first; empty where not known.
        keys: The public keys that the bucket will serve; empty where there is no bucket.
        lint: The linter's findings.
        today: The day by which acceptances were judged; None where they count whatever the day.
        planned: What a deployment would change, where that was asked for.
    """

    config: ClusterConfig
    rows: tuple[Row, ...]
    chain: tuple[Certificate, ...]
    keys: tuple[PublicKey, ...]
    lint: LintReport
    today: date | None
    planned: Planned | None

    @property
    def open_rows(self) -> tuple[Row, ...]:
        """The roles that any service account may assume."""
        return tuple(row for row in self.rows if row.subject is None)
