"""An API server that someone starts with its flags: in a systemd unit, a script, or by hand.

`kube-apiserver --help` (Kubernetes 1.34); systemd.service(5).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from apiserver import systemd
from apiserver.distribution import (
    VARIABLES_OF_PODS,
    Distribution,
    Goal,
    RenderedFile,
    Schema,
    Tested,
    Writing,
)
from apiserver.orders import ONE_AT_A_TIME, PS
from apiserver.settings import Settings
from apiserver.writing import text_of
from formats.escaping import quoted

_DROP_IN = "/etc/systemd/system/kube-apiserver.service.d/oidc-iam.conf"
_IN_SNAP = re.compile(r"--[a-z-]+=(\$SNAP\w*|\$\{SNAP\w*\})[\w./-]*", re.ASCII)


def _render(writing: Writing) -> dict[str, RenderedFile]:
    if writing.goal.schema.has_all_flags:
        # An ExecStart replaces the one of the unit: it has to have every flag.
        flags = (*writing.others, *writing.after.oidc, *writing.after.flags())
        words = [systemd.argument(f"--{name}={value}") for name, value in flags]
        command = [systemd.program(writing.program), *words]
        text = text_of("systemd.conf.j2", writing, command=command)
        return {"oidc-iam.conf": RenderedFile(text, _DROP_IN)}
    lines = [_shell_word(f"--{name}={value}") for name, value in writing.flags]
    text = text_of("plain.flags.j2", writing, lines=lines)
    return {"kube-apiserver.flags": RenderedFile(text, writing.goal.distribution.place)}


def _shell_word(flag: str) -> str:
    """A flag as a shell and MicroK8s read it; the latter has variables for its own folders."""
    return flag if _IN_SNAP.fullmatch(flag) else shlex.quote(flag)


def _refuse(goal: Goal, before: Settings | None, after: Settings) -> Iterator[str]:
    if not goal.schema.has_all_flags:
        return
    if before is None:
        yield (
            "A drop-in replaces the unit's whole command, and its other flags are unknown: pass "
            "the unit with --from, or use the form 'flags'."
        )
    for name, value in after.others:
        if VARIABLES_OF_PODS[0] in value:
            yield (
                f"--{name} has {quoted(value)}, with '$(': a unit does not expand a pod's "
                "variables. Pass the running process with --from."
            )


def _caution(goal: Goal, before: Settings | None, after: Settings) -> Iterator[str]:
    if before is not None and goal.schema.has_all_flags:
        yield (
            "The drop-in repeats all flags of the unit, including its node's addresses: create "
            "one for each node, from that node's unit."
        )


PLAIN = Distribution(
    name="plain",
    title="flags, as in a systemd unit",
    schemas=(
        Schema(
            "flags",
            "kube-apiserver --help, Kubernetes 1.34",
            tested=Tested(
                "our end-to-end test starts kube-apiserver 1.34 with these flags",
                "tests/e2e/test_control_plane.py::"
                "test_with_the_binding_strangers_read_the_documents_and_what_rbac_grants_besides",
            ),
        ),
        Schema(
            "systemd",
            "systemd.service(5), a drop-in; kube-apiserver --help, Kubernetes 1.34",
            has_all_flags=True,
            tested=Tested(
                "our tests write the drop-in for a unit and read the same flags back",
                "tests/apiserver/test_apiserver_rendering.py::"
                "test_a_drop_in_of_systemd_has_all_flags_of_the_unit",
            ),
        ),
    ),
    place="the arguments of kube-apiserver (usually 'ExecStart' in "
    "/etc/systemd/system/kube-apiserver.service)",
    nodes="every control plane node, with the same values",
    order=(
        "Back up the unit.",
        "Set the flags listed under WHAT CHANGES, in that order.",
        f"{ONE_AT_A_TIME} 'systemctl daemon-reload && systemctl restart kube-apiserver'.",
    ),
    verify=(PS,),
    back=("Restore the unit, run 'systemctl daemon-reload', and restart kube-apiserver.",),
    render=_render,
    refuse=_refuse,
    caution=_caution,
    sets_issuer=False,
    elsewhere=(
        "MicroK8s: /var/snap/microk8s/current/args/kube-apiserver, then 'microk8s stop' and "
        "'microk8s start' (MicroK8s documentation, 'Configuring MicroK8s services')",
        "kind: kubeadmConfigPatches, as '--distribution kubeadm' shows them, before you create "
        "the cluster (kind documentation, 'Configuration')",
    ),
)
