"""The answers about one configuration, from the first key to the saved file.

The form screens change a draft by making the next one, `drafts` keeps it on disk, and
`wizard.questions` makes a configuration of it. Nothing here touches a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from deployment.surroundings import Surroundings
from federation.errors import UserError
from federation.model.config import ClusterConfig
from federation.yaml import files
from federation.yaml.files import ConfigError
from wizard.questions import Question, answers, configuration, questions

_AT = re.compile(r"workloads\.(\d+)\.(.+)")


@dataclass(frozen=True)
class Draft:
    """Answers, and the file they are about.

    Attributes:
        name: What the draft is kept as: the file's stem, or a name of its own for a new one.
        answers: `Question.key` to the text as it was typed.
        workloads: How many workloads there are.
        path: The file; None while there is none.
        opened: The file's text when it was opened; what was changed is found by it.
    """

    name: str
    answers: Mapping[str, str] = field(default_factory=dict)
    workloads: int = 1
    path: Path | None = None
    opened: str | None = None

    @property
    def questions(self) -> tuple[Question, ...]:
        """The questions that it answers."""
        return questions(self.workloads)

    @property
    def changed(self) -> bool:
        """Whether something would be lost with it."""
        if self.opened is None or self.path is None:
            return True
        return self != open_draft(self.path, self.opened)

    def answer(self, key: str) -> str:
        """The answer to a question, or an empty text."""
        return self.answers.get(key, "")

    def default(self, question: Question) -> str:
        """What an empty answer to a question stands for, as far as other answers give it."""
        return question.default(self.answers, Surroundings())

    def with_answer(self, key: str, text: str) -> Draft:
        """The draft with another answer to one question."""
        return replace(self, answers={**self.answers, key: text})

    def configuration(self) -> ClusterConfig:
        """The configuration that the answers make.

        Raises:
            ConfigError: an answer breaks a rule, or two do not go together.
        """
        return configuration(self.answers, Surroundings(), self.workloads)

    def problems(self) -> dict[str, str]:
        """What is wrong, by the key of the question whose answer would have to change."""
        found = dict(_own_problems(self))
        if not found:
            try:
                self.configuration()
            except ConfigError as error:
                for place, problem in zip(error.places, error.problems, strict=True):
                    text = problem.partition(": ")[2]
                    found.setdefault(self._nearest(place), text[:1].upper() + text[1:])
        return found

    def with_workload(self) -> Draft:
        """The draft with one workload more, whose questions are unanswered."""
        return replace(self, workloads=self.workloads + 1)

    def with_copy(self, at: int) -> Draft:
        """The draft with a copy of a workload behind the last one.

        The copy has no role name, since no two workloads may have the same.
        """
        more = self.with_workload()
        copied = {
            f"workloads.{self.workloads}.{rest}": text
            for place, rest, text in self._workload_answers()
            if place == at and rest != "role.name"
        }
        return replace(more, answers={**more.answers, **copied})

    def without_workload(self, at: int) -> Draft:
        """The draft without one of its workloads, of which at least one stays."""
        kept = {key: text for key, text in self.answers.items() if not _AT.fullmatch(key)}
        for place, rest, text in self._workload_answers():
            if place != at:
                kept[f"workloads.{place - (place > at)}.{rest}"] = text
        return replace(self, answers=kept, workloads=self.workloads - 1)

    def onto(self, text: str) -> Draft:
        """The same changes, made to another text of the file.

        Where both changed an answer, or the workloads, this draft's stay.

        Raises:
            ConfigError: the text is not a configuration.
        """
        theirs = open_draft(self._path, text)
        base = open_draft(self._path, self.opened or text)
        workloads = theirs if _of_workloads(self) == _of_workloads(base) else self
        merged = dict(_of_workloads(workloads))
        for key, answer in theirs.answers.items():
            if not _AT.fullmatch(key):
                mine = self.answer(key)
                merged[key] = answer if mine == base.answer(key) else mine
        return replace(theirs, answers=merged, workloads=workloads.workloads)

    def overrules_workloads_of(self, text: str) -> bool:
        """Whether both changed the workloads, so that `onto` leaves theirs out.

        Raises:
            ConfigError: the text is not a configuration.
        """
        base = _of_workloads(open_draft(self._path, self.opened or text))
        theirs = _of_workloads(open_draft(self._path, text))
        return base not in (theirs, _of_workloads(self)) and theirs != _of_workloads(self)

    @property
    def _path(self) -> Path:
        assert self.path is not None  # noqa: S101
        return self.path

    def _workload_answers(self) -> Iterator[tuple[int, str, str]]:
        for key, text in self.answers.items():
            if found := _AT.fullmatch(key):
                yield int(found[1]), found[2], text

    def _nearest(self, place: files.Place) -> str:
        """The question about a place, or about the first field below or above it."""
        keys = [question.key for question in self.questions]
        for length in range(len(place), 0, -1):
            key = ".".join(map(str, place[:length]))
            for known in keys:
                if known == key or known.startswith(f"{key}."):
                    return known
        return keys[0]


def begin_draft(name: str, surroundings: Surroundings) -> Draft:
    """A new draft, with what is known here as its first answers."""
    known = {
        question.key: question.default({}, surroundings)
        for question in questions()
        # What follows from other answers goes on following them.
        if question.kind != "choice"
    }
    return Draft(name, {key: text for key, text in known.items() if text})


def open_draft(path: Path, text: str) -> Draft:
    """The draft that says what a file says.

    Raises:
        ConfigError: the text is not a configuration.
    """
    config = files.parse(text, str(path))
    return Draft(path.stem, answers(config), len(config.workloads), path, text)


def _of_workloads(draft: Draft) -> dict[str, str]:
    return {key: text for key, text in draft.answers.items() if _AT.fullmatch(key)}


def _own_problems(draft: Draft) -> Iterator[tuple[str, str]]:
    for question in draft.questions:
        try:
            question.check(draft.answer(question.key) or draft.default(question))
        except UserError as error:
            yield question.key, str(error)
