"""The types that generated constructors check their arguments against, evaluated once.

jsii-pacmak writes the annotations of a constructor to a function beside it, and the constructor
calls `typing.get_type_hints` on that function each time: a third of Python's work for a resource.
"""

import typing
from functools import cache
from typing import Any

_STUB = "_typecheckingstub__"
_evaluate = typing.get_type_hints
_evaluate_once = cache(_evaluate)


def install() -> None:
    """Have `typing.get_type_hints` remember what it found for generated functions."""
    typing.get_type_hints = _get_type_hints  # the constructors look it up there


def _get_type_hints(obj: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
    if not args and not kwargs and getattr(obj, "__name__", "").startswith(_STUB):
        return _evaluate_once(obj)
    return _evaluate(obj, *args, **kwargs)
