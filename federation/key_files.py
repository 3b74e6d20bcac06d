"""Reads the public keys that `discovery.s3.keys` names, for the documents in the bucket.

The stacks, the checks before a deploy and `python -m wizard jwks` read them here; what is in the
files is `federation.jwks`'s business.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from federation import jwks
from federation.config import ClusterConfig
from federation.errors import UserError
from federation.files import PROJECT
from federation.text import decoded

_SIZE_LIMIT = 1_000_000
"""Bytes; two hundred keys with their certificates have less."""


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
        UserError: a file cannot be read, or holds something else than public keys.
    """
    return tuple(key for name in names for key in jwks.public_keys(_text(name, folder), name))


def _text(name: str, folder: Path) -> str:
    path = folder / Path(name).expanduser()
    try:
        with path.open("rb") as file:
            content = file.read(_SIZE_LIMIT + 1)
    except OSError as error:
        raise UserError(f"{name}: cannot be read: {error.strerror}.") from error
    if len(content) > _SIZE_LIMIT:
        raise UserError(f"{name}: has more than {_SIZE_LIMIT} bytes: it is no file of keys.")
    try:
        return decoded(content)
    except UnicodeDecodeError:
        # The cause would carry the file's content along.
        raise UserError(f"{name}: is not text: PEM or the JSON of a key set is expected.") from None
