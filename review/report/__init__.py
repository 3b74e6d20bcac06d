"""The document that a security reviewer reads and signs, as Markdown and as HTML.

`review.report.model` is what it is made of, a module for each of its parts, and
`review.report.rendering` writes it down twice. It depends on what is given and on nothing else: not
on the clock, the locale, or the machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from federation.keys import key_files
from federation.model.config import ClusterConfig
from federation.yaml.files import PROJECT
from review.facts.configured import configured, of_workloads
from review.facts.estate import joined
from review.facts.matrix import matrix
from review.facts.planned import Planned
from review.lint.linter import lint
from review.report.abilities import abilities
from review.report.changing import changes
from review.report.deploying import deployer_in_aws, deployer_in_the_cluster
from review.report.discovery import discovery
from review.report.findings import findings
from review.report.material import NOTHING_KNOWN, Known, Material
from review.report.model import Figure, ReviewDocument
from review.report.purpose import purpose, trust_path
from review.report.rendering import html, markdown
from review.report.residual import residual
from review.report.signing import CONFIGURATION, canonical, sign_off
from review.report.thumbprints import thumbprints
from review.report.trust import trust_matrix, trust_policies

_PARTS = (
    purpose,
    changes,
    trust_path,
    trust_matrix,
    abilities,
    discovery,
    thumbprints,
    trust_policies,
    findings,
    residual,
    deployer_in_aws,
    deployer_in_the_cluster,
    sign_off,
)
"""In the order in which a reviewer asks."""


def documents(
    config: ClusterConfig, known: Known = NOTHING_KNOWN, planned: Planned | None = None
) -> Mapping[str, str]:
    """The texts of the document, its pictures and the canonical configuration, by file name.

    Args:
        config: The configuration to review.
        known: What is known besides.
        planned: What a deployment would change.

    Raises:
        UserError: a file of public keys cannot be read, or holds what may not be published.
    """
    material = _material(config, known, planned)
    made = _document(material)
    figures = [
        block for part in made.sections for block in part.blocks if isinstance(block, Figure)
    ]
    return {
        "REVIEW.md": markdown(made),
        "review.html": html(made),
        CONFIGURATION: canonical(config, material.keys),
        **{figure.file: figure.svg for figure in figures},
    }


def document(config: ClusterConfig, known: Known, planned: Planned | None) -> ReviewDocument:
    """The document as a value; the arguments are those of `documents`."""
    return _document(_material(config, known, planned))


def _document(material: Material) -> ReviewDocument:
    title = f"Security review: IAM roles for the pods of {material.config.cluster}"
    parts = (
        part(material) for part in _PARTS if part is not changes or material.planned is not None
    )
    return ReviewDocument(title, tuple(parts))


def _material(config: ClusterConfig, known: Known, planned: Planned | None) -> Material:
    facts = joined([configured(config, ""), of_workloads(known.facts, config)])
    settings = config.discovery.s3
    return Material(
        config,
        rows=matrix(config),
        chain=facts.chains[0].certificates if facts.chains else (),
        keys=key_files.read(settings.keys, PROJECT) if settings else (),
        lint=lint(facts, config.lint.accept, known.today or date.min),
        today=known.today,
        planned=planned,
    )
