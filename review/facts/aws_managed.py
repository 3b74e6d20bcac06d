"""What AWS writes in its managed policies, offline.

moto carries a copy of all of them, refreshed with each release. Its module is read, not imported:
that would load a web server's worth of code for one text.
"""

from __future__ import annotations

import ast
import functools
import importlib.util
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_MODULE = "iam/aws_managed_policies.py"


def document(name: str) -> Mapping[str, Any] | None:
    """The default version of a policy; None if it is not known here.

    Args:
        name: The policy's path and name, as in its ARN: `job-function/ViewOnlyAccess`.
    """
    policy = _policy(name)
    found: Mapping[str, Any] | None = policy["Document"] if policy else None
    return found


def version(name: str) -> tuple[str, str] | None:
    """Which version that text is of, like `v46`, and the day on which AWS made it.

    Args:
        name: The policy's path and name.
    """
    policy = _policy(name)
    return (policy["DefaultVersionId"], policy["UpdateDate"][:10]) if policy else None


def _policy(name: str) -> Mapping[str, Any] | None:
    path, slash, own = name.rpartition("/")
    policy: Mapping[str, Any] | None = _policies().get(own)
    return policy if policy and policy["Path"] == f"/{path}{slash}" else None


@functools.cache
def _policies() -> Mapping[str, Any]:
    spec = importlib.util.find_spec("moto")
    if spec is None or spec.origin is None:
        return {}
    try:
        module = ast.parse((Path(spec.origin).parent / _MODULE).read_text(encoding="utf-8"))
    except (OSError, SyntaxError):
        return {}
    texts = (node.value for node in module.body if isinstance(node, ast.Assign))
    found: Mapping[str, Any] = json.loads(ast.literal_eval(next(texts)))
    return found
