"""A plan in the form of a distribution: its files, and what to do with them.

Rendered from `templates/apiserver/`; shown and written by the command `apiserver`.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from apiserver import systemd
from apiserver.authentication import authentication_configuration
from apiserver.command_lines import PROGRAM
from apiserver.distributions import JINJA, Distribution
from apiserver.plan import Plan
from apiserver.settings import (
    ANONYMOUS_AUTH,
    AUTHENTICATION_CONFIG,
    FEATURE_GATES,
    ISSUER,
    KEY_FILE,
    Flags,
    Settings,
    flags_to_write,
)
from apiserver.target import AUTHENTICATION_FILE
from federation.errors import UserError
from federation.templates import render
from formats.escaping import yaml_text

_KUBEADM_PATCH = "kube-apiserver0+json.yaml"
"""`TARGET[SUFFIX][+TYPE].EXTENSION` (kubeadm documentation, Patches)."""
_IN_SNAP = re.compile(r"--[a-z-]+=(\$SNAP\w*|\$\{SNAP\w*\})[\w./-]*", re.ASCII)
_PATCHES = "/etc/kubernetes/patches"


@dataclass(frozen=True)
class File:
    """A file to bring to the control plane.

    Attributes:
        text: what is in it.
        place: where it goes, or into what it is merged.
    """

    text: str
    place: str


@dataclass(frozen=True)
class Rendering:
    """A plan in the form of a distribution.

    Attributes:
        files: by their names.
        instructions: what to do with them, as text.
    """

    files: Mapping[str, File]
    instructions: str


@dataclass(frozen=True)
class Existing:
    """What runs now besides the settings.

    Attributes:
        others: all further flags, for a form that has to say them again.
        program: the path of kube-apiserver.
        authentication: the content of the AuthenticationConfiguration that is in use.
    """

    others: Flags = ()
    program: str = PROGRAM
    authentication: Mapping[str, Any] | None = None


def rendered(plan: Plan, existing: Existing | None = None) -> Rendering:
    """Render a plan that has no refusals.

    Raises:
        UserError: the AuthenticationConfiguration that is in use is none, or not at hand.
    """
    existing = existing or Existing()
    files = _RENDERERS[plan.target.distribution.name](plan, existing)
    own = plan.target.distribution
    if plan.limits_anonymous and own.name not in ("talos", "kubespray", "cluster-api"):
        place = (
            f"{plan.after.authentication_config}, on every control plane node, before the API "
            "server needs it"
        )
        files[AUTHENTICATION_FILE] = File(_authentication(plan, existing), place)
    instructions = render(
        "apiserver/instructions.txt.j2",
        plan=plan,
        target=plan.target,
        distribution=own,
        schema=plan.target.schema,
        files=files,
        reaches_server=plan.target.reaches_server,
        allowlist_changes=_allowlist_changes(plan, existing),
        removed=[f"--{change.flag}" for change in plan.changes if not change.after],
        fewer=[f"--{name}" for name in (ISSUER, KEY_FILE) if _has_fewer(plan, name)],
    )
    return Rendering(files, instructions)


def written(plan: Plan) -> Flags:
    """The flags that a file has to say."""
    return flags_to_write(plan.before or Settings(), plan.after)


def _allowlist_changes(plan: Plan, existing: Existing) -> bool:
    """Whether the AuthenticationConfiguration changes, although no flag may do."""
    return plan.limits_anonymous and _document(plan, existing) != existing.authentication


def _has_fewer(plan: Plan, name: str) -> bool:
    """Whether further values, which some forms keep in a place of their own, have to go."""
    before = plan.before.values(name) if plan.before else ()
    return len(before) > len(plan.after.values(name))


def _authentication(plan: Plan, existing: Existing) -> str:
    return render(
        "apiserver/authentication-config.yaml.j2",
        document=_document(plan, existing),
        config=plan.target.config,
    )


def _document(plan: Plan, existing: Existing) -> dict[str, Any]:
    in_use = plan.before.authentication_config if plan.before else None
    if in_use and existing.authentication is None:
        raise UserError(
            f"{in_use} is in use: give its content with --authentication-config FILE, so that what "
            "is in it stays."
        )
    document = authentication_configuration(plan.target.config.kubernetes, existing.authentication)
    _check_jinja(plan.target.distribution, yaml_text(document))
    return document


def _check_jinja(own: Distribution, document: str) -> None:
    found = [text for text in JINJA if own.jinja and text in document]
    if found:
        raise UserError(
            f"The file of --authentication-config has {found[0]!r}, which {own.jinja} would "
            "replace: write it without."
        )


def _shell_word(flag: str) -> str:
    """A flag as a shell and MicroK8s read it; the latter has variables for its own folders."""
    return flag if _IN_SNAP.fullmatch(flag) else shlex.quote(flag)


def _one(template: str, name: str) -> Callable[[Plan, Existing], dict[str, File]]:
    """A renderer of one file."""

    def renderer(plan: Plan, existing: Existing) -> dict[str, File]:
        return {name: _file(template, plan, existing)}

    return renderer


def _file(template: str, plan: Plan, existing: Existing) -> File:
    text = render(f"apiserver/{template}", **_values(plan, existing))
    return File(text, plan.target.distribution.place)


def _values(plan: Plan, existing: Existing) -> dict[str, Any]:
    flags = written(plan)
    first: dict[str, str] = {}
    further: list[tuple[str, str]] = []
    for name, value in flags:
        if name in first:
            further.append((name, value))
        else:
            first[name] = value
    by_name: dict[str, list[str]] = {}
    for name, value in flags:
        by_name.setdefault(name, []).append(value)
    return {
        "plan": plan,
        "config": plan.target.config,
        "distribution": plan.target.distribution,
        "schema": plan.target.schema,
        "after": plan.after,
        "flags": flags,
        "first": first,
        "further": further,
        "by_name": by_name,
        "program": existing.program,
        "authentication": _document(plan, existing) if plan.limits_anonymous else None,
        "patches": _PATCHES,
        "patch_file": _KUBEADM_PATCH,
    }


def _plain(plan: Plan, existing: Existing) -> dict[str, File]:
    if plan.target.schema.name == "systemd":
        place = "/etc/systemd/system/kube-apiserver.service.d/oidc-iam.conf"
        # An ExecStart replaces the one of the unit: it has to have every flag.
        flags = (*existing.others, *plan.after.oidc, *plan.after.flags())
        words = [systemd.argument(f"--{name}={value}") for name, value in flags]
        command = [systemd.program(existing.program), *words]
        text = render("apiserver/systemd.conf.j2", **_values(plan, existing), command=command)
        return {"oidc-iam.conf": File(text, place)}
    lines = [_shell_word(f"--{name}={value}") for name, value in written(plan)]
    text = render("apiserver/plain.flags.j2", lines=lines)
    return {"kube-apiserver.flags": File(text, plan.target.distribution.place)}


def _kubeadm(plan: Plan, existing: Existing) -> dict[str, File]:
    values = _values(plan, existing)
    form = plan.target.schema.name
    text = render("apiserver/kubeadm.yaml.j2", **values, version=form.removesuffix("-patch"))
    files = {"cluster-configuration.yaml": File(text, plan.target.distribution.place)}
    if form.endswith("-patch") and values["further"]:
        patch = render("apiserver/kubeadm.patch.yaml.j2", **values)
        files[_KUBEADM_PATCH] = File(
            patch,
            f"{_PATCHES}/{_KUBEADM_PATCH} on every control plane node, for good: 'kubeadm upgrade' "
            f"needs it too, with '--patches {_PATCHES}'",
        )
    return files


def _talos(plan: Plan, existing: Existing) -> dict[str, File]:
    template = "talos-documents.yaml.j2" if plan.target.schema.name == "v1.14" else "talos.yaml.j2"
    return {"talos-patch.yaml": _file(template, plan, existing)}


def _kubespray(plan: Plan, existing: Existing) -> dict[str, File]:
    values = _values(plan, existing)
    has_own = (AUTHENTICATION_CONFIG, FEATURE_GATES, ANONYMOUS_AUTH)
    values["first"] = {
        name: value for name, value in values["first"].items() if name not in has_own
    }
    text = render("apiserver/kubespray.yaml.j2", **values)
    return {"k8s-cluster.yml": File(text, plan.target.distribution.place)}


_RENDERERS: Mapping[str, Callable[[Plan, Existing], dict[str, File]]] = {
    "plain": _plain,
    "kubeadm": _kubeadm,
    "k3s": _one("config.yaml.j2", "config.yaml"),
    "rke2": _one("config.yaml.j2", "config.yaml"),
    "talos": _talos,
    "kops": _one("kops.yaml.j2", "cluster.yaml"),
    "k0s": _one("k0s.yaml.j2", "k0s.yaml"),
    "kubespray": _kubespray,
    "cluster-api": _one("cluster-api.yaml.j2", "kubeadm-control-plane.yaml"),
}
