"""A plan in the form of a distribution: its files, and what to do with them.

Rendered from `templates/apiserver/`; shown and written by the command `apiserver`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apiserver.authentication import authentication_configuration
from apiserver.distribution import JINJA, Distribution, RenderedFile, Writing
from apiserver.distributions import may_use_kubeadm
from apiserver.flags import ISSUER, KEY_FILE, PROGRAM, Flags
from apiserver.plan import FlagPlan
from apiserver.refusals import can_limit_paths
from apiserver.settings import Settings, flags_to_write
from federation.errors import UserError
from federation.templates import render
from formats.escaping import yaml_text

AUTHENTICATION_FILE = "authentication-config.yaml"
"""What the AuthenticationConfiguration is called among the files."""


@dataclass(frozen=True)
class Rendering:
    """A plan in the form of a distribution.

    Attributes:
        files: by their names.
        instructions: what to do with them, as text.
    """

    files: Mapping[str, RenderedFile]
    instructions: str


@dataclass(frozen=True)
class Existing:
    """What else runs now.

    Attributes:
        others: all further flags, for a form that has to say them again.
        program: the path of kube-apiserver.
        authentication: the content of the AuthenticationConfiguration that is in use.
    """

    others: Flags = ()
    program: str = PROGRAM
    authentication: Mapping[str, Any] | None = None


def render_plan(plan: FlagPlan, existing: Existing | None = None) -> Rendering:
    """Render a plan that has no refusals.

    Raises:
        UserError: the AuthenticationConfiguration that is in use is malformed, or was not given.
    """
    existing = existing or Existing()
    own = plan.goal.distribution
    files = own.render(_writing(plan, existing))
    if plan.limits_anonymous and not own.embeds_authentication:
        place = (
            f"{plan.after.authentication_config}, on every control plane node, before the API "
            "server uses it"
        )
        text = _authentication(plan, existing)
        files[AUTHENTICATION_FILE] = RenderedFile(text, place)
    instructions = render(
        "apiserver/instructions.txt.j2",
        plan=plan,
        goal=plan.goal,
        distribution=own,
        schema=plan.goal.schema,
        files=files,
        reaches_server=plan.goal.reaches_server,
        can_limit_paths=can_limit_paths(plan.goal),
        allowlist_changes=_allowlist_changes(plan, existing),
        removed=[f"--{change.flag}" for change in plan.changes if not change.after],
        fewer=[f"--{name}" for name in (ISSUER, KEY_FILE) if _has_fewer(plan, name)],
    )
    return Rendering(files, instructions)


def _writing(plan: FlagPlan, existing: Existing) -> Writing:
    return Writing(
        plan.goal,
        plan.after,
        flags_to_write(plan.before or Settings(), plan.after),
        existing.others,
        existing.program,
        _document(plan, existing) if plan.limits_anonymous else None,
    )


def _allowlist_changes(plan: FlagPlan, existing: Existing) -> bool:
    """Whether the AuthenticationConfiguration changes, although no flag may do."""
    return plan.limits_anonymous and _document(plan, existing) != existing.authentication


def _has_fewer(plan: FlagPlan, name: str) -> bool:
    """Whether further values, which some forms keep in a place of their own, have to go."""
    before = plan.before.values(name) if plan.before else ()
    return len(before) > len(plan.after.values(name))


def _authentication(plan: FlagPlan, existing: Existing) -> str:
    return render(
        "apiserver/authentication-config.yaml.j2",
        document=_document(plan, existing),
        config=plan.goal.config,
    )


def _document(plan: FlagPlan, existing: Existing) -> dict[str, Any]:
    in_use = plan.before.authentication_config if plan.before else None
    if in_use and existing.authentication is None:
        raise UserError(
            f"{in_use} is in use: pass its content with --authentication-config FILE, so that it "
            "is kept."
        )
    document = authentication_configuration(
        plan.goal.minor,
        existing.authentication,
        uses_kubeadm=may_use_kubeadm(plan.goal.config),
    )
    _check_jinja(plan.goal.distribution, yaml_text(document))
    return document


def _check_jinja(own: Distribution, document: str) -> None:
    found = [text for text in JINJA if own.jinja and text in document]
    if found:
        raise UserError(
            f"The file of --authentication-config has {found[0]!r}, which {own.jinja} would "
            "replace: remove it."
        )
