"""What the doctor says: findings, and the rules whose texts they carry.

A rule is one thing that can be right or wrong with a federation. Its code is stable, and its texts
go into findings and into docs/doctor-codes.md. Checks make findings of rules; reports and the
terminal app show them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from doctor.reportable import reportable

Verdict = Literal["pass", "warn", "fail", "skip"]
VERDICTS: tuple[Verdict, ...] = ("pass", "warn", "fail", "skip")


@dataclass(frozen=True)
class Finding:
    """What one check found. All texts are safe to print, and none has a whole token.

    Attributes:
        code: The stable code of the rule, such as `discovery-forbidden`.
        verdict: `skip` means that nothing could be said; `seen` tells why.
        title: What should hold.
        seen: What was there.
        expected: What should have been there; empty where nothing is wrong.
        cause: Where the difference comes from; empty where there is none.
        fix: What to do about it; empty where there is nothing to do.
        layer: The layer of the rule, such as `discovery`.
        about: Which of several things it is about (`NAMESPACE/SERVICE-ACCOUNT`), or nothing.
        because: For a skip the code of the finding that is why, or nothing.
    """

    code: str
    verdict: Verdict
    title: str
    seen: str
    expected: str
    cause: str
    fix: str
    layer: str
    about: str = ""
    because: str = ""

    @property
    def page(self) -> str:
        """Where its code is explained."""
        return page(self.code)


@dataclass(frozen=True)
class Rule:
    """One thing that can be right or wrong.

    Attributes:
        code: Stable and unique, in kebab case, beginning with a word for the layer.
        layer: The name of the layer.
        title: What should hold, as a sentence without a full stop.
        meaning: What it is about and why it matters, with its source.
        cause: Where a violation usually comes from.
        fix: What to do about a violation.
    """

    code: str
    layer: str
    title: str
    meaning: str
    cause: str
    fix: str

    @property
    def page(self) -> str:
        """Where its code is explained."""
        return page(self.code)

    def passed(self, seen: str, about: str = "") -> Finding:
        """It holds."""
        return self._finding("pass", seen, "", "", "", about)

    def failed(
        self, seen: str, expected: str, about: str = "", *, cause: str = "", fix: str = ""
    ) -> Finding:
        """It does not hold, and pods get no role; a known `cause` and `fix` replace the usual."""
        return self._finding("fail", seen, expected, cause or self.cause, fix or self.fix, about)

    def warned(
        self, seen: str, expected: str, about: str = "", *, cause: str = "", fix: str = ""
    ) -> Finding:
        """It does not hold, but pods may get their roles all the same."""
        return self._finding("warn", seen, expected, cause or self.cause, fix or self.fix, about)

    def skipped(self, reason: str, about: str = "", because: str = "") -> Finding:
        """It could not be looked at; where a finding of a code is why, because of that."""
        return replace(self._finding("skip", reason, "", "", "", about), because=because)

    def _finding(
        self, verdict: Verdict, seen: str, expected: str, cause: str, fix: str, about: str
    ) -> Finding:
        return Finding(
            self.code,
            verdict,
            self.title,
            seen=reportable(seen),
            expected=reportable(expected),
            cause=reportable(cause),
            fix=reportable(fix),
            layer=self.layer,
            about=reportable(about),
        )


PAGE = "docs/doctor-codes.md"
"""Where the codes are explained, from the root of this project."""


def page(code: str) -> str:
    """Where a code is explained in this project."""
    return f"{PAGE}#{code}"
