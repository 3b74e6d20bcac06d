"""What runs now: the settings of an API server, read from what an engineer can get.

A static pod manifest or the pods themselves (`kubectl get pods -o yaml`), the output of `ps`, a
process's command line (`/proc/PID/cmdline`), a systemd unit, or the configuration of a
distribution. The kind is found by looking. Only flags are taken over: a machine configuration or a
k3s configuration holds secrets, and nothing else of it is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from apiserver.commands import (
    OtherProgramError,
    Reading,
    arrays,
    flag_lists,
    processes,
    reading_of,
)
from apiserver.distributions import DISTRIBUTIONS
from apiserver.documents import items_of, mappings_in
from apiserver.flags import AUDIENCES, ISSUER, KEY_FILE, PROGRAM
from apiserver.pods import check_other_pods, pods_in
from apiserver.settings import Settings
from apiserver.systemd import units
from federation.errors import UserError
from federation.named_files import decoded

__all__ = ["Reading", "agreed_settings", "read", "readings_in"]


def read(content: bytes, name: str) -> tuple[Reading, ...]:
    """Read what runs now.

    Args:
        content: what the file holds.
        name: what errors call it.

    Returns:
        One reading for each API server in it.

    Raises:
        UserError: it is not of an API server, or of none of the kinds that are known here.
    """
    return readings_in(decoded(content, name, nul=True), name)


def readings_in(text: str, name: str) -> tuple[Reading, ...]:
    """As `read`, from text.

    Raises:
        UserError: as for `read`.
    """
    try:
        return _read(text, name)
    except OtherProgramError as error:
        known = dict(filter(None, (each.other_program for each in DISTRIBUTIONS.values())))
        if error.program not in known:
            raise
        raise UserError(f"{error} {known[error.program]}") from None


def _read(text: str, name: str) -> tuple[Reading, ...]:
    if "\0" in text:
        words = [part for part in text.split("\0") if part]
        return (reading_of(words, name, "a process's command line"),)
    if not text.strip():
        raise UserError(f"{name}: is empty. Check that the command that wrote it succeeded.")
    if re.match(r"\s*-----BEGIN [A-Z ]*PRIVATE KEY-----", text):
        raise UserError(
            f"{name}: is a private key, which belongs only on the control plane nodes. It was not "
            "stored. Pass what starts kube-apiserver: its manifest, unit or command line."
        )
    for reader in (units, flag_lists, arrays, _documents, processes):
        if found := tuple(reader(text, name)):
            return found
    raise _not_a_server(name)


def _documents(text: str, name: str) -> Iterator[Reading]:
    """YAML or JSON, of one document or several."""
    loaded = mappings_in(text, name)
    documents = list(items_of(loaded))
    readers = [each.read for each in DISTRIBUTIONS.values()]
    found = [reading for read in (*readers, pods_in) for reading in read(documents, name)]
    if not found:
        check_other_pods(documents, name)
    kinds = [str(each["kind"]) for each in loaded if "kind" in each]
    if kinds and not found:
        raise UserError(f"{name}: is a {kinds[0]}, which does not describe a {PROGRAM}.")
    yield from found


def agreed_settings(readings: tuple[Reading, ...]) -> Settings:
    """The settings that all API servers of a cluster have.

    Raises:
        UserError: they differ in what every API server of a cluster must have alike.
    """
    first = readings[0]
    for other in readings[1:]:
        for flag in (ISSUER, KEY_FILE, AUDIENCES):
            pair = first.settings.values(flag), other.settings.values(flag)
            if pair[0] != pair[1]:
                seen = " and ".join(", ".join(values) or "none" for values in pair)
                raise UserError(
                    f"{first.name} and {other.name} differ in --{flag}: {seen}. Every API server "
                    "must accept the tokens of the others: make the flags the same first."
                )
    return first.settings


def _not_a_server(name: str) -> UserError:
    configurations = filter(None, (each.configuration for each in DISTRIBUTIONS.values()))
    return UserError(
        f"{name}: does not describe a {PROGRAM}. Supported: a static pod manifest or 'kubectl get "
        "pods -o yaml', a line of 'ps -ww', /proc/PID/cmdline, a systemd unit, "
        f"{', '.join(configurations)}."
    )
