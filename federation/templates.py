"""The jinja2 templates in `templates/`, with one environment for all.

An undefined name is an error. HTML and SVG are escaped by themselves, and nothing else is: YAML
templates put every value through `yaml`, and shell commands through `shell`.
"""

from __future__ import annotations

import functools
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from formats.escaping import yaml_text

if TYPE_CHECKING:
    import jinja2

_FOLDER = Path(__file__).resolve().parent.parent / "templates"


def render(template: str, **values: Any) -> str:
    """Render a template; `template` is its path below `templates/`."""
    return _environment().get_template(template).render(**values)


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
    )
    environment.filters["yaml"] = yaml_text
    environment.filters["plain_yaml"] = plain_yaml
    environment.filters["shell"] = shlex.quote
    return environment
