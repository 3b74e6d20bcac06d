"""The jinja2 templates in `templates/`, with one environment for all.

An undefined name is an error. HTML and SVG are escaped by themselves, and nothing else is: YAML
templates put every value through `tojson`, since JSON's strings are YAML's.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import jinja2

_FOLDER = Path(__file__).resolve().parent.parent / "templates"


def render(template: str, **values: Any) -> str:
    """Render a template; `template` is its path below `templates/`."""
    return _environment().get_template(template).render(**values)


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
    # jinja2's own tojson escapes for HTML: readable text is wanted here.
    environment.filters["tojson"] = lambda value: json.dumps(value, ensure_ascii=False)
    return environment
