"""`init`: the questions as options and, in a terminal, as prompts; writes a configuration."""

from __future__ import annotations

import shlex
import shutil
import sys
import textwrap
from pathlib import Path
from typing import Any

import click

from deployment.surroundings import Surroundings, look
from federation.errors import UserError
from federation.yaml import files
from wizard import printer
from wizard.cli.options import relative
from wizard.questions import BASICS, Question, configuration, questions


def _with_questions(command: click.Command) -> click.Command:
    for question in questions():
        command.params.append(
            click.Option(
                [question.flag, _name(question)], help=question.help, metavar=_form(question)
            )
        )
    return command


_FORMS = {
    "number": "NUMBER",
    "flag": "yes|no",
    "list": "A[,B...]",
    "audience": "A[,B...]",
    "tags": "KEY=VALUE[,...]",
    "issuer": "HOST",
    "thumbprint": "endpoint|omit|SHA1[,...]",
}


def _form(question: Question) -> str:
    """What an answer looks like, for `--help`."""
    return "|".join(question.choices) or _FORMS.get(question.kind, "TEXT")


def _name(question: Question) -> str:
    """What click calls the answer: a name without the dots of the key."""
    return question.key.replace(".", "__")


@click.command()
@click.option("--output", "-o", metavar="FILE", help="Where to; by default clusters/CLUSTER.yaml.")
@click.option("--force", is_flag=True, help="Replace a file that is there already.")
def init(output: str | None, force: bool, **given: Any) -> None:
    """Ask the questions and write a configuration.

    Each question is an option; what is missing is asked where there is a terminal. Everything else
    has a default, and can be changed in the file.
    """
    surroundings = look()
    answers = {
        question.key: given[_name(question)]
        for question in questions()
        if given[_name(question)] is not None
    }
    _check(answers)
    if sys.stdin.isatty():
        _ask(answers, surroundings)
    elif "issuer" not in answers and not questions()[0].default(answers, surroundings):
        raise UserError("--cluster-dns is missing: it is the one answer that has no default.")
    config = configuration(answers, surroundings)
    path = Path(output) if output else files.PROJECT / "clusters" / f"{config.cluster}.yaml"
    if path.exists() and not force and not _may_replace(path):
        raise UserError(
            f"{relative(path)} is there already: choose another --output, or --force to replace it."
        )
    files.save(config, path)
    shown = relative(path)
    if config.kubernetes.apply == "manifests" and "kubernetes.apply" not in answers:
        printer.say("No kubeconfig context is known: the Kubernetes objects come as manifests.")
    printer.say(f"Wrote {shown}. Next:")
    printer.say(f"  python -m wizard check --config {shlex.quote(shown)}")
    printer.say(f"  python -m wizard deploy --config {shlex.quote(shown)}")


init = _with_questions(init)


def _may_replace(path: Path) -> bool:
    """Ask where there is a terminal: all questions have been answered by then."""
    return sys.stdin.isatty() and _confirmed(f"{relative(path)} is there already. Replace it?")


def _confirmed(question: str) -> bool:
    printer.say()
    return printer.confirms(question)


def _check(answers: dict[str, str]) -> None:
    problems = []
    for question in questions():
        if question.key in answers:
            try:
                question.check(answers[question.key])
            except UserError as error:
                problems.append(f"{question.flag}: {error}")
    if problems:
        raise UserError("\n".join(problems))


def _ask(answers: dict[str, str], surroundings: Surroundings) -> None:
    for question in questions():
        default = question.default(answers, surroundings)
        wanted = question.group == BASICS or (question.key in _NEEDED and not default)
        if question.key not in answers and wanted:
            answers[question.key] = _prompt(question, default)


_NEEDED = ("cluster", "aws.region")


def _prompt(question: Question, default: str) -> str:
    printer.say("", *_wrapped(question.help))
    while True:
        text = printer.ask(question.label, default or None)
        try:
            question.check(text)
        except UserError as error:
            printer.say(*_wrapped(str(error), "  "))
        else:
            return text


def _wrapped(text: str, indent: str = "") -> list[str]:
    """A text in lines that the terminal does not have to cut within a word."""
    return textwrap.wrap(
        text,
        shutil.get_terminal_size().columns - 1,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
