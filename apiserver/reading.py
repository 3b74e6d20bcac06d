"""What runs now: the settings of an API server, read from what an engineer has at hand.

A static pod manifest or the pods themselves (`kubectl get pods -o yaml`), the output of `ps`, a
process's command line (`/proc/PID/cmdline`), a systemd unit, or the configuration of a
distribution. The kind is found by looking: `apiserver.command_lines` and
`apiserver.configurations` know them.
"""

from __future__ import annotations

import re

from apiserver.command_lines import PROGRAM, Reading, arrays, flag_lists, of_command, processes
from apiserver.configurations import documents
from apiserver.settings import AUDIENCES, ISSUER, KEY_FILE, Settings
from apiserver.systemd import units
from federation.errors import UserError
from federation.named_files import decoded

__all__ = ["Reading", "agreed", "read"]


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
    text = decoded(content, name, nul=True)
    if "\0" in text:
        arguments = [part for part in text.split("\0") if part]
        return (of_command(arguments, name, "a process's command line"),)
    if not text.strip():
        raise UserError(f"{name}: is empty. Did the command that should fill it fail?")
    if re.match(r"\s*-----BEGIN [A-Z ]*PRIVATE KEY-----", text):
        raise UserError(
            f"{name}: is a private key, which belongs on the control plane nodes alone. Nothing of "
            "it was kept. Give what starts kube-apiserver: its manifest, unit or command line."
        )
    for reader in (units, flag_lists, arrays, documents, processes):
        if found := tuple(reader(text, name)):
            return found
    raise _unknown(name)


def agreed(readings: tuple[Reading, ...]) -> Settings:
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
                    f"{first.name} and {other.name} differ in --{flag}: {seen}. A token that one "
                    "API server issues must be taken by all: make them alike first."
                )
    return first.settings


def _unknown(name: str) -> UserError:
    return UserError(
        f"{name}: is nothing that says how {PROGRAM} runs. Known are: a static pod manifest or "
        "'kubectl get pods -o yaml', a line of 'ps -ww', /proc/PID/cmdline, a systemd unit, a "
        "kubeadm ClusterConfiguration (or its ConfigMap), config.yaml of k3s or RKE2, a Talos "
        "machine configuration, k0s.yaml, a kOps Cluster, a KubeadmControlPlane, kubespray group "
        "variables."
    )
