"""A plan as a tree: stacks, the resources that change in them, and their attributes."""

from __future__ import annotations

from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from review.plan.changes import AttributeChange, ChangeAction, Plan, ResourceChange
from review.plan.words import fate

_SIGNS: dict[ChangeAction, str] = {
    "create": "+",
    "update": "~",
    "replace": "±",
    "delete": "-",
    "read": "<",
    "forget": ".",
    "import": "=",
    "unknown": "?",
}


class PlanTree(Tree[ChangeAction | None]):
    """Shows a plan; the sign of a change says what its colour says too."""

    COMPONENT_CLASSES: ClassVar = {
        "plan--create",
        "plan--update",
        "plan--replace",
        "plan--delete",
        "plan--read",
        "plan--forget",
        "plan--import",
        "plan--unknown",
    }

    def __init__(self) -> None:
        super().__init__("plan", None)
        self.show_root = False
        self.guide_depth = 2

    def show(self, plan: Plan) -> None:
        """Show a plan, with the stacks open and the resources closed."""
        self.clear()
        for stack in plan.stacks:
            if stack.changes:
                counts = f"+{stack.add} ~{stack.change} -{stack.destroy}"
                node = self.root.add(Text(f"{stack.stack}  {counts}", "bold"), None, expand=True)
                for change in stack.changes:
                    _add(node, change)

    def render_label(
        self, node: TreeNode[ChangeAction | None], base_style: Style, style: Style
    ) -> Text:
        """The label, with what a change does in its colour."""
        label = super().render_label(node, base_style, style)
        if node.data is not None and node is not self.cursor_node:
            label.stylize(self.get_component_rich_style(f"plan--{node.data}", partial=True))
        return label


def _add(stack: TreeNode[ChangeAction | None], change: ResourceChange) -> None:
    label = Text(f"{_SIGNS[change.action]} {change.address}{fate(change)}")
    if not change.attributes:
        stack.add_leaf(label, change.action)
        return
    node = stack.add(label, change.action)
    for attribute in change.attributes:
        node.add_leaf(Text(_attribute(attribute, change.action)), None)


def _attribute(change: AttributeChange, action: ChangeAction) -> str:
    forces = "  (forces replacement)" if change.replaces else ""
    if action == "create":
        return f"{change.path} = {change.after}"
    if action == "delete":
        return f"{change.path} = {change.before}"
    return f"{change.path}: {change.before or 'nothing'} → {change.after or 'nothing'}{forces}"
