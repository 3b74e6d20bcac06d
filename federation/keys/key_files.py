"""Reads the public keys that `discovery.s3.keys` names, for the documents in the bucket.

The stacks, the checks before a deploy and `python -m wizard jwks` read them here; what is in the
files is `federation.keys.jwks`'s business.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from federation import named_files
from federation.keys import jwks
from federation.model.config import ClusterConfig
from federation.named_files import FileError
from federation.yaml.files import PROJECT


def documents(config: ClusterConfig) -> dict[str, str]:
    """The text of each document in the bucket, by its path below the issuer.

    Raises:
        UserError: a file cannot be read, or holds what may not be published.
    """
    named = config.discovery.s3.keys if config.discovery.s3 else ()
    # A relative path starts where that of kubernetes.kubeconfig does.
    return jwks.documents(config.issuer, read(named, PROJECT))


def check(config: ClusterConfig) -> None:
    """See that the bucket's documents can be made, if a bucket serves them.

    Raises:
        UserError: a file cannot be read, or holds what may not be published.
    """
    if config.discovery.s3 is not None:
        documents(config)


def read(names: Iterable[str], folder: Path) -> tuple[jwks.PublicKey, ...]:
    """The keys of several files, in their order; relative names start at a folder.

    Raises:
        UserError: a file cannot be read (only regular files are), or holds something else than
            public keys.
    """
    return tuple(key for name in names for key in jwks.public_keys(_text(name, folder), name))


def _text(name: str, folder: Path) -> str:
    # Terraform's program reads them again, with nothing of ours open.
    content = named_files.content(folder / _expanded(name), called=name, streams=False)
    try:
        return named_files.decoded(content, name)
    except FileError:
        raise FileError(name, "is not text: PEM or the JSON of a key set is expected.") from None


def _expanded(name: str) -> Path:
    try:
        return Path(name).expanduser()
    except RuntimeError:
        raise FileError(name, "names the home of a user that is not known here.") from None
