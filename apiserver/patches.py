"""Patches of the static pod that kubeadm applies (kubeadm documentation, Patches)."""

from __future__ import annotations

import re
from typing import Any

from apiserver.flags import PROGRAM, Flags, parse_flags

FOLDER = "/etc/kubernetes/patches"
"""Where our patch goes."""
FILE = f"{PROGRAM}0+json.yaml"
"""`TARGET[SUFFIX][+TYPE].EXTENSION`."""
_JSON_PATCH = re.compile(rf"/{PROGRAM}[^/]*\+json\.(json|yaml)$")


def is_json_patch(path: str) -> bool:
    """Whether a file is a JSON patch of the API server's static pod."""
    return bool(_JSON_PATCH.search(path))


def appended_flags(patch: Any, place: str) -> Flags:
    """The flags that a JSON patch appends to the command.

    Raises:
        UserError: one of them has no value.
    """
    operations = patch if isinstance(patch, list) else []
    values = [str(each.get("value")) for each in operations if isinstance(each, dict)]
    return parse_flags([value for value in values if value.startswith("--")], place)
