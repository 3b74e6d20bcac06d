"""What the distributions' renderers have in common: the templates in `templates/apiserver/`."""

from __future__ import annotations

from typing import Any

from apiserver import patches
from apiserver.distribution import RenderedFile, Renderer, Writing
from federation.templates import render


def one_file(template: str, name: str) -> Renderer:
    """A renderer of one file."""

    def renderer(writing: Writing) -> dict[str, RenderedFile]:
        return {name: file_of(template, writing)}

    return renderer


def file_of(template: str, writing: Writing, **values: Any) -> RenderedFile:
    """A file that goes where the distribution's values go."""
    return RenderedFile(text_of(template, writing, **values), writing.goal.distribution.place)


def text_of(template: str, writing: Writing, **values: Any) -> str:
    """A template of `templates/apiserver/` with the values that all of them may use."""
    goal = writing.goal
    known = {
        "writing": writing,
        "config": goal.config,
        "distribution": goal.distribution,
        "schema": goal.schema,
        "after": writing.after,
        "flags": writing.flags,
        "first": writing.first,
        "further": writing.further,
        "by_name": writing.by_name,
        "authentication": writing.authentication,
        "patches": patches.FOLDER,
        "patch_file": patches.FILE,
    }
    return render(f"apiserver/{template}", **(known | values))
