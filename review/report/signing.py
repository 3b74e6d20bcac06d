"""Where a reviewer signs, and what exactly was signed."""

from __future__ import annotations

import hashlib
import json

from federation.config import ClusterConfig
from review.actions import edition
from review.report.material import Material
from review.report.model import Paragraph, Points, Section, Table, Text, said


def digest(config: ClusterConfig) -> str:
    """The SHA-256 of a configuration's values, as 64 hexadecimal digits.

    Of its JSON with sorted keys and without white space; comments, the order of keys, and defaults
    that are left out do not change it.
    """
    values = json.loads(config.model_dump_json())
    text = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def sign_off(material: Material) -> Section:
    """Who approved what, and on which grounds."""
    rows = tuple(
        (((role,),), ((" ",),), ((" ",),), ((" ",),))
        for role in ("Security reviewer", "Owner of the AWS account", "Owner of the cluster")
    )
    grounds = [
        said(
            "The document follows from the configuration and the options that it was made with: "
            "made again with the same, it has the same bytes."
        ),
        said(
            "What actions do is from AWS's Service Authorization Reference, as of {}; the texts "
            "of AWS's managed policies are those of the versions that are named.",
            edition(),
        ),
        said(
            "It is about what will be deployed, and not about what is live: `python -m wizard "
            "doctor` examines a live federation."
        ),
        _judged(material),
    ]
    return Section(
        "Sign-off",
        (
            Paragraph(
                said(
                    "What is approved is the configuration whose SHA-256 is {}.",
                    digest(material.config),
                )
            ),
            Table("Signatures", ("Role", "Name", "Date", "Signature"), rows, to_fill=True),
            Points(tuple(grounds)),
        ),
    )


def _judged(material: Material) -> Text:
    if material.today is None:
        return said(
            "Whether the last day of an acceptance is over was not judged: compare it with the day "
            "on which you sign."
        )
    return said("Acceptances were judged by the day {}.", material.today.isoformat())
