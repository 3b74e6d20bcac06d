"""Where a reviewer signs, and what exactly was signed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import PurePath

from federation.keys.jwks import PublicKey
from federation.model.config import ClusterConfig
from review.facts.actions import edition
from review.report.material import Material
from review.report.model import Paragraph, Points, Section, Table, Text, prose

CONFIGURATION = "configuration.json"
"""The file of a review with what is approved."""


def digested(material: Material) -> str:
    """What `digest` is of, in words."""
    return "the configuration and the ids of its keys" if material.keys else "the configuration"


def digest(config: ClusterConfig, keys: Sequence[PublicKey] = ()) -> str:
    """The SHA-256 of what is approved, which is `canonical`, as 64 hexadecimal digits."""
    return hashlib.sha256(canonical(config, keys).encode()).hexdigest()


def canonical(config: ClusterConfig, keys: Sequence[PublicKey] = ()) -> str:
    """What is approved, as the text of `configuration.json`.

    The configuration as JSON on one line, with sorted keys and without white space; comments, the
    order of keys and omitted defaults do not change it. Files are named without their folders,
    which differ between machines. If a bucket serves public keys, their ids are part of it.

    Args:
        config: The configuration.
        keys: The public keys that the bucket serves.
    """
    values = json.loads(config.model_dump_json())
    if kubeconfig := values["kubernetes"]["kubeconfig"]:
        values["kubernetes"]["kubeconfig"] = PurePath(kubeconfig).name
    if bucket := values["discovery"]["s3"]:
        bucket["keys"] = [PurePath(name).name for name in bucket["keys"]]
    if keys:
        values["keys"] = sorted(key.kid for key in keys)
    return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def sign_off(material: Material) -> Section:
    """Who approved what, and on which grounds."""
    rows = tuple(
        (((role,),), ((" ",),), ((" ",),), ((" ",),))
        for role in ("Security reviewer", "Owner of the AWS account", "Owner of the cluster")
    )
    grounds = [
        prose(
            f"The document follows from {_sources(material)}: the same inputs give the same bytes."
        ),
        prose(
            "What actions do is from AWS's Service Authorization Reference, as of {}; the texts "
            "of AWS's managed policies are those of the versions that are named.",
            edition(),
        ),
        prose("It is about what will be deployed, not about what is live"),
        _judged(material),
    ]
    return Section(
        "Sign-off",
        (
            Paragraph(
                prose(
                    f"What is approved has the SHA-256 {{}}: that of {digested(material)}, "
                    f"as printed by `sha256sum {CONFIGURATION}` in this folder.",
                    digest(material.config, material.keys),
                )
            ),
            Table("Signatures", ("Role", "Name", "Date", "Signature"), rows, to_fill=True),
            Points(tuple(grounds)),
        ),
    )


def _sources(material: Material) -> str:
    sources = ["the configuration", "the options that it was made with"]
    if material.keys:
        sources.insert(1, "the files of its public keys")
    if material.planned is not None:
        sources.append("what was deployed when the plan was made")
    return f"{', '.join(sources[:-1])} and {sources[-1]}"


def _judged(material: Material) -> Text:
    if material.today is None:
        return prose(
            "Expired acceptances were not checked: compare their last days with the day on "
            "which you sign."
        )
    return prose("Acceptances were judged by the day {}.", material.today.isoformat())
