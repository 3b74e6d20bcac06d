"""A plan as one text to read: what to do, and each file that goes with it."""

from __future__ import annotations

from collections.abc import Callable

from apiserver.distribution import Distribution, Goal, Schema
from apiserver.distributions import distribution_of
from apiserver.plan import FlagPlan, plan
from apiserver.rendering import Rendering, render_plan
from federation.errors import UserError
from federation.model.config import ClusterConfig


def page(made: FlagPlan, result: Rendering, place: Callable[[str], str] = str) -> str:
    """A plan without refusals, as text.

    Args:
        made: the plan.
        result: the same in the form of its distribution.
        place: where a file with a name is; by default the name itself.
    """
    parts = [result.instructions]
    if made.before is not None and made.diff:
        parts.append(f"\nDIFFERENCE\n{made.diff}\n")
    parts += [f"\n=== {place(name)}\n{file.text}" for name, file in result.files.items()]
    return "".join(parts)


def refusal_text(made: FlagPlan) -> str:
    """Why a plan is not shown."""
    head = "Refused, because it would stop an API server or lock clients out:"
    return "\n".join([head, *(f"  x {refusal}" for refusal in made.refusals)])


def page_of_configuration(config: ClusterConfig) -> str:
    """What to set for a configuration, where what runs now is not known.

    Raises:
        UserError: no form of the distribution fits the version of the API servers.
    """
    own = distribution_of(config)
    made = plan(Goal(config, own, newest_form(own, config)), None)
    return refusal_text(made) if made.refusals else page(made, render_plan(made))


def newest_form(own: Distribution, config: ClusterConfig) -> Schema:
    """The first form of a distribution that takes the version of the API servers.

    Raises:
        UserError: none does.
    """
    for schema in own.schemas:
        if schema.takes(config.kubernetes.minor):
            return schema
    raise UserError(
        f"No form of {own.title}'s configuration is known for Kubernetes "
        f"{config.kubernetes.version}. '--distribution plain' shows the flags."
    )
