"""Runs a command with what Hypothesis drew, and judges all that can be seen of it."""

from __future__ import annotations

import resource
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from command_runs import Ran, run
from hostile_texts import complaints, in_html, in_markdown
from hypothesis import HealthCheck, Phase, settings
from surroundings import Surroundings

SECONDS = 10.0
"""Of the processor, for a command. In all it may take what `command_runs` allows."""

_JUDGES: dict[str, Callable[[str], list[str]]] = {".md": in_markdown, ".html": in_html}

PROFILE = settings.get_current_profile_name()


def examples(*, share: float) -> Callable[[Any], Any]:
    """Settings of a property of which each example is a process of its own.

    In `make test` and `make test-all` the examples are the same at each run. Pytest by itself, with
    `--hypothesis-seed`, tries others.

    Args:
        share: How many of the examples that other properties get.
    """
    return settings(
        max_examples=max(2, int(settings().max_examples * share)),
        derandomize=PROFILE in ("quick", "breadth"),
        print_blob=True,
        phases=(Phase.explicit, Phase.reuse, Phase.generate),  # shrinking takes minutes
        suppress_health_check=list(HealthCheck),
    )


@dataclass(frozen=True)
class Judged:
    """Runs commands in surroundings of their own."""

    surroundings: Surroundings

    def run(
        self,
        arguments: Sequence[str],
        given: Mapping[str, bytes],
        *,
        terminal: bool = False,
        history: Mapping[str, bytes] | None = None,
        writes: bool = True,
        names: bool = True,
        stdin: str = "",
        environment: Mapping[str, str] | None = None,
    ) -> Ran:
        """Run `python -m wizard ARGUMENTS` where these files are, and judge it.

        Args:
            arguments: As a shell hands them on.
            given: Files of its folder, by name.
            terminal: Whether it runs on a terminal.
            history: Files as git has them in the one commit of its folder; no repository without.
            writes: Whether it may write at all.
            names: Whether it chooses the names of what it writes.
            stdin: What it reads, or is typed.
            environment: Changes to the environment.

        Raises:
            AssertionError: it broke, took too long, printed what acts, or changed what it must not.
        """
        around = self.surroundings
        around.reset(given)
        if history is not None:
            around.commit(history)
        before, used = around.listing(all_of_it=not writes), _used()
        ran = run(
            arguments,
            around.work,
            terminal=terminal,
            stdin=stdin,
            environment={"HOME": str(around.home), **(environment or {})},
        )
        drawn = terminal and arguments[0] == "doctor"  # rich moves its cursor there
        if faults := list(self._faults(ran, drawn, before, _used() - used, writes, names)):
            raise AssertionError("\n".join([shlex.join(arguments), *faults, ran.output[-3000:]]))
        return ran

    def _faults(
        self,
        ran: Ran,
        drawn: bool,
        before: Mapping[str, str],
        taken: float,
        writes: bool,
        names: bool,
    ) -> Iterator[str]:
        around = self.surroundings
        yield from complaints(ran.output, drawn=drawn)
        if ran.status not in (0, 1, 2):
            yield f"exit status {ran.status}"
        if taken > SECONDS:
            yield f"{taken} s of the processor"
        after = around.listing(all_of_it=not writes)
        for path in sorted({*before, *after}):
            if before.get(path) != after.get(path):
                yield f"{path!a}: was {before.get(path)}, is {after.get(path)}"
        for written in around.written() if writes else ():
            yield from complaints(str(written.relative_to(around.work))) if names else ()
            if written.suffix != ".zip":  # it has what the folder has
                judge = _JUDGES.get(written.suffix, complaints)
                yield from judge(written.read_text("utf-8", "surrogateescape"))


def _used() -> float:
    """Seconds of the processor that the children of this process have taken."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
