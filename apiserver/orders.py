"""Steps and commands that several distributions have in common."""

from __future__ import annotations

from apiserver.flags import PROGRAM

ONE_AT_A_TIME = "On one control plane node at a time, verifying each before the next:"

PS = f"ps -ww -o args= -C {PROGRAM}"

STATIC_POD_LABEL = f"component={PROGRAM}"
"""What kubeadm labels the static pod with, and RKE2."""

STATIC_POD = (
    f"kubectl -n kube-system get pods -l {STATIC_POD_LABEL} "
    "-o jsonpath='{range .items[*]}{.spec.containers[0].command}{.spec.containers[0].args}"
    '{"\\n"}{end}\''
)
