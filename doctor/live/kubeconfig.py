"""Kubeconfigs, read within the limits of `federation.named_files` and `federation.yaml.documents`.

The Kubernetes client would open whatever the path leads to, a pipe as well, and write out what
aliases repeat. What becomes of the files' content is the client's own.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from kubernetes import client
from kubernetes.config.config_exception import ConfigException
from kubernetes.config.kube_config import (
    KUBE_CONFIG_DEFAULT_LOCATION,
    ConfigNode,
    KubeConfigLoader,
    KubeConfigMerger,
)

from federation import named_files
from federation.named_files import FileError
from federation.yaml.documents import DocumentError, objects

_node: Any = ConfigNode
_PARTS = ("clusters", "contexts", "users")


def connection(
    paths: str | None,
    context: str | None,
    settings: client.Configuration | None = None,
    *,
    persist: bool = False,
) -> client.ApiClient:
    """The Kubernetes client's connection, as kubeconfigs have it.

    Args:
        paths: The files, as KUBECONFIG names them; None searches as kubectl does.
        context: The context in them; None is the current one.
        settings: More for the connection.
        persist: Whether a token that was renewed is written back.

    Raises:
        ConfigException: a file cannot be read, or is not a kubeconfig.
        OSError: a file that a kubeconfig names cannot be read.
    """
    settings = settings or client.Configuration()
    try:
        merged = Kubeconfigs(paths)
        loader = KubeConfigLoader(  # type: ignore[no-untyped-call]
            config_dict=merged.whole,
            config_base_path=None,
            active_context=context,
            config_persister=merged.save_changes if persist else None,
        )
        loader.load_and_set(settings)  # type: ignore[no-untyped-call]
    except (ConfigException, OSError):
        raise
    except Exception as error:
        # The client expects that a file has the form that it reads.
        raise ConfigException(f"The kubeconfig is malformed ({type(error).__name__})") from None
    return client.ApiClient(configuration=settings)


class Kubeconfigs(KubeConfigMerger):
    """Several files as one."""

    def __init__(self, paths: str | None) -> None:
        """Read the files that exist.

        Raises:
            ConfigException: a file cannot be read, or is not a kubeconfig.
        """
        self._paths = paths or KUBE_CONFIG_DEFAULT_LOCATION
        super().__init__(self._paths)  # type: ignore[no-untyped-call]

    @property
    def whole(self) -> Any:
        """All files together, each part with the path of its file.

        Raises:
            ConfigException: there is no file.
        """
        if self.config is None:
            files = list(filter(None, self._paths.split(os.pathsep)))
            verb = "does" if len(files) == 1 else "do"
            raise ConfigException(
                f"There is no kubeconfig: {' and '.join(files)} {verb} not exist."
            )
        return self.config

    def load_config(self, path: str) -> None:
        """Read a file and merge it: what came first counts."""
        loaded = _read(path)
        for user in loaded.get("users") or []:
            _check_token_file(path, user)
        self._take(path, loaded)

    def _take(self, path: str, loaded: dict[str, Any]) -> None:
        if self.config_merged is None:
            empty = {**loaded, **{part: [] for part in _PARTS}}
            self.config_merged = _node(path, empty, path)
        for part in _PARTS:
            for entry in loaded.get(part) or []:
                names = [each["name"] for each in self.config_merged.value[part]]
                if entry["name"] not in names:
                    name = f"{path}/{entry['name']}"
                    self.config_merged.value[part].append(_node(name, entry, path))
        if "current-context" in loaded:
            self.config_merged.value["current-context"] = loaded["current-context"]
        self.config_files[path] = loaded


def _read(path: str) -> dict[str, Any]:
    try:
        found = objects(named_files.text(path, streams=False))
    except FileError as error:
        raise ConfigException(f"The kubeconfig {path}: {error.problem}") from None
    except DocumentError as error:
        # What is wrong could quote a credential.
        message = f"The kubeconfig is malformed (line {error.line} of {path})"
        raise ConfigException(message) from None
    if len(found) != 1 or not isinstance(found[0], dict):
        raise ConfigException(f"The kubeconfig is empty, or not a mapping: {path}")
    return found[0]


def _check_token_file(path: str, entry: Any) -> None:
    """See that a file with a token can be read; the client waits for a pipe's other end."""
    user = entry.get("user") if isinstance(entry, dict) else None
    named = user.get("tokenFile") if isinstance(user, dict) else None
    if isinstance(named, str):
        try:
            named_files.content(Path(path).parent / named, called=f"{path}: {named}", streams=False)
        except FileError as error:
            raise ConfigException(str(error)) from None
