"""The bundle: everything that a reviewer gets, as texts by their paths.

Computed from a configuration, its synthesized stacks and what else is given: the same ones give the
same bytes everywhere. `review.bundle_folder` puts it on the disk.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import Any

from federation.model.config import ClusterConfig
from review import report
from review.facts.cluster_objects import cluster_objects
from review.facts.planned import Planned, documents
from review.report.material import NOTHING_KNOWN, Known
from review.sealing.seal import CHECKSUMS, checksum, listing
from review.terraform.folder import terraform

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip archive can tell."""
_READABLE_FILE = 0o100644


def bundle(
    config: ClusterConfig,
    synthesized: Mapping[str, Mapping[str, Any]],
    planned: Planned | None = None,
    known: Known = NOTHING_KNOWN,
) -> dict[str, str]:
    """The files of a bundle by their paths, with a list of their checksums.

    Args:
        config: The configuration.
        synthesized: Each of its stacks as `cdk.tf.json` has it, by its name.
        planned: What a deployment would change, where that is to be in it.
        known: What is known besides.

    Raises:
        UserError: a file of public keys cannot be read, or holds what may not be published.
    """
    texts = {
        **_below("terraform", terraform(config, synthesized)),
        **_below("manifests", cluster_objects(config)),
        **report.documents(config, known, planned),
    }
    if planned is not None:
        texts |= documents(config.cluster, planned)
    sums = {path: checksum(text.encode()) for path, text in texts.items()}
    return dict(sorted({**texts, CHECKSUMS: listing(sums)}.items()))


def archive(texts: Mapping[str, str], folder: str) -> bytes:
    """A zip archive of a bundle, with the same bytes wherever and whenever it is made.

    Args:
        texts: The files of the bundle.
        folder: The folder in the archive that holds them.
    """
    content = io.BytesIO()
    # Stored, not compressed: what a compressor makes of a text depends on its version.
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as made:
        for path in sorted(texts):
            entry = zipfile.ZipInfo(f"{folder}/{path}", _EPOCH)
            entry.create_system = 3  # as on Unix, also elsewhere
            entry.external_attr = _READABLE_FILE << 16
            made.writestr(entry, texts[path].encode())
    return content.getvalue()


def _below(folder: str, texts: Mapping[str, str]) -> dict[str, str]:
    return {f"{folder}/{path}": text for path, text in texts.items()}
