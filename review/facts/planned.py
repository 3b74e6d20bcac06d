"""A plan as a reviewer reads it: what stops working first, then each change in words.

Made from the records of `review.plan.changes`, for `PLAN.md` and `plan.json` of the bundle and for
the top of its report. What looks like a secret is masked in the records.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from federation.templates import render
from formats import escaping
from review.breaks import SCOPES, Break, breaks, json_in
from review.plan.changes import AttributeChange, Plan, ResourceChange
from review.plan.words import happening, name


@dataclass(frozen=True)
class Planned:
    """What a deployment would change.

    Attributes:
        plan: The changes; secrets are masked.
        breaks: Those that keep something from working, the weightiest first.
    """

    plan: Plan
    breaks: tuple[Break, ...]

    @property
    def summary(self) -> str:
        plan = self.plan
        if plan.empty:
            return "No changes: everything matches the configuration."
        return f"{plan.counts}."


def judge_plan(plan: Plan, *, reads_bucket: bool = False) -> Planned:
    """What a reviewer has to know of a plan.

    Args:
        plan: The plan.
        reads_bucket: Whether AWS reads the discovery documents from a bucket: what the API server
            shows strangers then breaks nothing.
    """
    found = [
        each
        for stack in plan.stacks
        for change in stack.changes
        for each in breaks(stack.stack, change, reads_bucket=reads_bucket)
    ]
    return Planned(plan, tuple(sorted(found, key=lambda each: SCOPES.index(each.scope))))


def documents(cluster: str, planned: Planned) -> dict[str, str]:
    """The plan as Markdown and as JSON, by the names of the files."""
    changes = {
        stack.stack: [
            (happening(change), name(change), change.address, list(_lines(change)))
            for change in stack.changes
            if change.action != "read"
        ]
        for stack in planned.plan.stacks
    }
    document = {
        "cluster": cluster,
        "add": planned.plan.add,
        "change": planned.plan.change,
        "destroy": planned.plan.destroy,
        "breaks": [asdict(each) for each in planned.breaks],
        **asdict(planned.plan),
    }
    return {
        "PLAN.md": render("review/plan.md.j2", cluster=cluster, planned=planned, changes=changes),
        "plan.json": escaping.json_text(document, indent=2) + "\n",
    }


def _lines(change: ResourceChange) -> Iterator[str]:
    """The arguments that differ, as the lines of a diff."""
    for each in change.attributes:
        for path, before, after in _leaves(each):
            reason = "  # forces replacement" if each.replaces else ""
            if before is not None:
                yield f"- {path} = {before}{reason}"
            if after is not None:
                yield f"+ {path} = {after}{reason}"


def _leaves(change: AttributeChange) -> Iterator[tuple[str, str | None, str | None]]:
    """An argument, or each part of a policy that differs, with its values before and after."""
    before, after = json_in(change.before), json_in(change.after)
    if before is None and after is None:
        yield change.path, change.before, change.after
        return
    old = _parts(change.path, before, change.before)
    new = _parts(change.path, after, change.after)
    for path in [*new, *(path for path in old if path not in new)]:
        if old.get(path) != new.get(path):
            yield path, old.get(path), new.get(path)


def _parts(path: str, document: Any, text: str | None) -> dict[str, str]:
    if document is None:
        return {} if text is None else {path: text}
    return dict(_parts_of(path, document))


def _parts_of(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for key, each in value.items():
            yield from _parts_of(f"{path}.{key}", each)
    elif isinstance(value, list) and value:
        for at, each in enumerate(value):
            yield from _parts_of(f"{path}[{at}]", each)
    else:
        yield path, json.dumps(value, ensure_ascii=False)
