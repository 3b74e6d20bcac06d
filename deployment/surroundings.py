"""What is known on this machine before anyone is asked: defaults for the questions.

Read from the environment, from the AWS configuration and from the kubeconfig; nothing is contacted.
"""

from __future__ import annotations

import configparser
import os
from dataclasses import dataclass
from pathlib import Path

from federation import named_files
from federation.errors import UserError
from federation.yaml.documents import objects


@dataclass(frozen=True)
class Surroundings:
    """Defaults that this machine offers."""

    region: str | None = None
    """The region that the AWS CLI would use."""
    context: str | None = None
    """The kubeconfig's current context."""
    contexts: tuple[str, ...] = ()
    """All contexts of the kubeconfig."""


def look() -> Surroundings:
    """Read the environment and the two tools' files; what cannot be read is left out."""
    current, contexts = _contexts()
    return Surroundings(_region(), current, contexts)


def kubeconfig_paths() -> tuple[str, ...]:
    """The files that kubectl would read: KUBECONFIG, or else ~/.kube/config."""
    named = tuple(filter(None, os.environ.get("KUBECONFIG", "").split(os.pathsep)))
    return named or (str(Path.home() / ".kube" / "config"),)


def _region() -> str | None:
    if region := os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION"):
        return region
    path = os.environ.get("AWS_CONFIG_FILE") or Path.home() / ".aws" / "config"
    profile = os.environ.get("AWS_PROFILE", "default")
    section = profile if profile == "default" else f"profile {profile}"
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(named_files.text(path, streams=False))
    except (configparser.Error, UserError):
        return None
    return parser.get(section, "region", fallback=None)


def _contexts() -> tuple[str | None, tuple[str, ...]]:
    current: str | None = None
    names: dict[str, None] = {}
    for path in kubeconfig_paths():
        try:
            [document] = objects(named_files.text(path, streams=False))
            current = current or document.get("current-context") or None
            names.update(
                dict.fromkeys(str(each["name"]) for each in document.get("contexts") or ())
            )
        except (UserError, ValueError, AttributeError, KeyError, TypeError):
            continue
    return current, tuple(names)
