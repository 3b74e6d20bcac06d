"""What a deployment would change, and what it would break first."""

from __future__ import annotations

from collections.abc import Iterator

from review.breaks import Break
from review.facts.planned import Planned
from review.plan.changes import StackPlan
from review.plan.words import sentence
from review.report.material import Material
from review.report.model import (
    Block,
    Cell,
    Code,
    Paragraph,
    Section,
    Strong,
    Table,
    prose,
)


def breaks(planned: Planned | None) -> Iterator[Paragraph]:
    """An alert for each change that keeps something from working."""
    for each in planned.breaks if planned else ():
        yield Paragraph(
            prose(
                "{} {} ({} in {})",
                Strong(f"{_whom(each)}."),
                Strong(each.text),
                each.address,
                each.stack,
            ),
            alert=True,
        )


def changes(material: Material) -> Section:
    """The changes of each stack, in a line each; there is a plan."""
    blocks: list[Block] = []
    if material.planned is not None:
        plan = material.planned.plan
        details = (
            " The differences in each resource are in `PLAN.md`, and in `plan.json` for "
            "programs; sensitive values are left out."
        )
        shown = "" if plan.empty else details
        blocks.append(Paragraph(prose(f"{material.planned.summary}{shown}")))
        blocks += [_stack(stack) for stack in plan.stacks if _change_rows(stack)]
    return Section("What a deployment will change", tuple(blocks))


def _whom(each: Break) -> str:
    return f"The deployment breaks {each.scope}"


def _stack(stack: StackPlan) -> Table:
    return Table(f"Changes in {stack.stack}", ("Resource", "What happens"), _change_rows(stack))


def _change_rows(stack: StackPlan) -> tuple[tuple[Cell, ...], ...]:
    return tuple(
        (((Code(change.address),),), ((f"{sentence(change)}.",),))
        for change in stack.changes
        if change.action != "read"
    )
