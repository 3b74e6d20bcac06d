"""What the provider pins, where that comes from, and whether AWS goes by it.

Source: IAM user guide, "Obtain the thumbprint for an OpenID Connect identity provider".
"""

from __future__ import annotations

from collections.abc import Iterator

from federation.keys.certificates import Certificate
from federation.model.config import ClusterConfig
from federation.rules.configuration import pins_for_another_name
from review.report.material import Material
from review.report.model import (
    Block,
    Code,
    Paragraph,
    Section,
    Strong,
    Table,
    Text,
    prose,
)


def thumbprints(material: Material) -> Section:
    """The thumbprints, as far as configuration and presented chain tell."""
    blocks = [
        Paragraph(
            prose(
                "A thumbprint is the SHA-1 of a certificate that the issuer's address presents. "
                "AWS verifies that address against its own list of public authorities first. It "
                "uses the provider's thumbprints if the authority is not on the list, if the "
                "certificate cannot be fetched, or if the server requires TLS 1.3."
            )
        ),
        *_provenance(material),
        *_presented_table(material),
        Paragraph(_use(material)),
    ]
    return Section("Thumbprints", tuple(blocks))


def _provenance(material: Material) -> Iterator[Block]:
    config = material.config
    pinned = config.discovery.thumbprint
    if config.aws.oidc_provider != "create":
        yield Paragraph(
            prose(
                "The provider exists and keeps its thumbprints: this configuration does not "
                "change them. `aws iam get-open-id-connect-provider "
                "--open-id-connect-provider-arn` {} shows them.",
                config.aws.oidc_provider,
            )
        )
    elif pinned == "omit":
        yield Paragraph(
            prose(
                "The configuration pins none (`thumbprint: omit`). IAM then fetches the chain "
                "itself when the provider is created, and keeps the thumbprint of the top "
                "intermediate authority. A list that an earlier deployment has set stays "
                "unchanged."
            )
        )
    elif pinned == "endpoint":
        yield Paragraph(_of_endpoint(config))
        if pins_for_another_name(config):
            yield Paragraph(
                prose(
                    "Terraform gets the certificate for the name of that address, {}, which may "
                    "not be the one that AWS sees at {}: compare the two.",
                    config.discovery_address[0],
                    config.issuer_host,
                )
            )
    else:
        yield Table(
            "Pinned thumbprints",
            ("SHA-1", "Whose it is"),
            tuple(
                (((Code(digest.lower()),),), (_owner(digest.lower(), material.chain),))
                for digest in pinned
            ),
        )
        yield Paragraph(
            prose(
                "They are written in the configuration by hand, and nothing renews them: change "
                "the list before you change the authority."
            )
        )


def _of_endpoint(config: ClusterConfig) -> Text:
    address = config.discovery.endpoint or config.issuer
    text = (
        "Terraform reads it during a plan: the SHA-1 of the top certificate of the chain that "
        "{} presents at that moment, without verifying the chain. Anyone who can answer for "
        "that address at that moment chooses what is pinned: compare the output `thumbprint` of "
        "the deployment with the certificate."
    )
    return prose(text, address)


def _owner(digest: str, chain: tuple[Certificate, ...]) -> Text:
    owner = next((each for each in chain if each.thumbprint == digest), None)
    if owner is not None:
        kind = (
            "an authority"
            if owner.is_authority
            else ("the server's own, which breaks at its renewal")
        )
        return prose(f"{{}} ({kind})", owner.subject)
    if chain:
        return (Strong("matches no presented certificate"),)
    return ("unknown: the presented chain was not given",)


def _presented_table(material: Material) -> Iterator[Block]:
    if not material.chain:
        return
    yield Table(
        "The presented chain",
        ("Subject", "SHA-1", "May sign others", "Public authority"),
        tuple(
            (
                ((Code(each.subject),),),
                ((Code(each.thumbprint),),),
                (("yes" if each.is_authority else "no",),),
                (("yes" if each.is_public else "no",),),
            )
            for each in material.chain
        ),
    )


def _use(material: Material) -> Text:
    if material.config.discovery.s3:
        return prose(
            "{} S3 and CloudFront present certificates of authorities that AWS knows.",
            Strong("AWS does not use it here:"),
        )
    if not material.chain:
        return prose(
            "{} The configuration does not say which authority signs the issuer's certificate: "
            "with a public one AWS ignores thumbprints, with the cluster's own AWS relies only "
            "on them. Create this document with the presented chain (`review --chain`), or run "
            "`python -m wizard doctor`.",
            Strong("Unknown whether AWS uses it."),
        )
    if any(each.is_public for each in material.chain):
        return prose(
            "{} an authority that Mozilla trusts issued the chain (AWS's own list is not "
            "published), unless the server requires TLS 1.3.",
            Strong("AWS probably does not use it:"),
        )
    return prose(
        "{} no public authority has signed the chain. Anyone who has the key of the pinned "
        "certificate, or of one that it signed, can answer for the cluster and obtain every "
        "role.",
        Strong("AWS uses it:"),
    )
