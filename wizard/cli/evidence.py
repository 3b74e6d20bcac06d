"""Options that name files about a federation, and what is read from them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from federation.errors import UserError
from wizard.cli.options import Command, read_text, relative

if TYPE_CHECKING:
    from review.facts.estate import Estate

SIZE_LIMIT = 100_000_000
"""Bytes of a file; plans of large estates have tens of millions."""


def file_option(name: str, what: str) -> Callable[[Command], Command]:
    """An option that names a file, as often as it is given."""
    return click.option(name, metavar="FILE", multiple=True, help=what)


def cluster_options(command: Command) -> Command:
    """The options for files about the cluster."""
    for name, what in reversed(_ABOUT_THE_CLUSTER.items()):
        command = file_option(name, what)(command)
    return command


def today_option(what: str) -> Callable[[Command], Command]:
    """`--today`, the day by which acceptances are judged."""
    return click.option(
        "--today",
        metavar="YYYY-MM-DD",
        callback=lambda _, __, given: _day(given) if given else None,
        help=what,
    )


def read(given: Mapping[str, tuple[str, ...]]) -> Iterator[Estate]:
    """The facts of every file, by the names of the options' parameters.

    Raises:
        UserError: a file cannot be read, or is not what its option is for.
    """
    from review.facts import evidence
    from review.plan.facts import plan_facts

    readers: Mapping[str, Callable[[str, str], Estate]] = {
        "trust_policy": evidence.trust_policy_file,
        "plan": plan_facts,
        "service_accounts": evidence.service_accounts,
        "apiserver_manifest": evidence.api_server,
        "chain": evidence.chain_file,
    }
    if [name for names in given.values() for name in names].count("-") > 1:
        raise UserError("stdin can be read once: give the others as files.")
    for option, names in given.items():
        for name in names:
            yield _facts(option, name, readers[option])


def _facts(option: str, name: str, read: Callable[[str, str], Estate]) -> Estate:
    try:
        text = read_text(f"--{option.replace('_', '-')}", name, SIZE_LIMIT)
        return read(text, "stdin" if name == "-" else relative(Path(name)))
    except UserError as error:
        raise UserError(f"{error}{_HINTS.get(option, '')}") from error


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UserError(f"--today {text!r} is not a day: write it like '2027-01-31'.") from None


_HINTS = {"plan": " A plan is read as 'terraform show -json PLAN' prints it."}
_ABOUT_THE_CLUSTER = {
    "--service-accounts": "What 'kubectl get serviceaccounts -A -o json' prints.",
    "--apiserver-manifest": "The manifest of kube-apiserver, or what 'apiserver --from' takes.",
    "--chain": "The certificates that the issuer presents, in PEM, its own first.",
}
