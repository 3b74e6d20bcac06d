"""The jinja2 templates in `templates/`, with one environment for all.

An undefined name is an error. Each value is escaped for the kind of its template, unless it is in
that form already: for Markdown (`formats.escaping.markdown`), for HTML and SVG. A whole text
(`.txt`) is made safe to print. YAML templates put every value through `yaml`, and shell commands
through `shell`.
"""

from __future__ import annotations

import functools
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from formats import escaping
from formats.escaping import yaml_text

if TYPE_CHECKING:
    import jinja2
    import jinja2.runtime

_FOLDER = Path(__file__).resolve().parent.parent / "templates"


def render(template: str, **values: Any) -> str:
    """Render a template; `template` is its path below `templates/`."""
    text = _environment().get_template(template).render(**values)
    return escaping.page(text) if template.endswith(".txt.j2") else text


def plain_yaml(value: Any) -> str:
    """As `formats.escaping.yaml_text`, without the quotes that a text does not need."""
    is_plain = isinstance(value, str) and _PLAIN.fullmatch(value)
    return value if is_plain and value.lower() not in _NOT_TEXT else yaml_text(value)


_PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9._/-]*")
_NOT_TEXT = ("true", "false", "yes", "no", "on", "off", "y", "n", "null")


@functools.cache
def _environment() -> jinja2.Environment:
    import jinja2  # most commands render nothing

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        autoescape=jinja2.select_autoescape(("html.j2", "svg.j2"), default_for_string=False),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=jinja2.pass_context(_escaped),
    )
    environment.filters["yaml"] = yaml_text
    environment.filters["plain_yaml"] = plain_yaml
    environment.filters["shell"] = shlex.quote
    environment.filters["code"] = escaping.markdown_code
    environment.filters["block"] = escaping.markdown_block
    environment.filters["literal"] = lambda value: escaping.Escaped(escaping.printable(value))
    return environment


def _escaped(context: jinja2.runtime.Context, value: Any) -> Any:
    """A value for the kind of the template that it goes into; HTML's own escapes come after it."""
    name = context.name or ""
    if (
        not isinstance(value, str)
        or isinstance(value, escaping.Escaped)
        or hasattr(value, "__html__")
    ):
        return value
    if name.endswith(".md.j2"):
        return escaping.markdown(value)
    return escaping.printable(value) if name.endswith((".html.j2", ".svg.j2")) else value
