"""What the federation is for, at a glance, and how a pod comes to its credentials."""

from __future__ import annotations

from collections.abc import Iterator

from federation.model.config import ClusterConfig
from review.facts.matrix import Row
from review.report.changing import breaks
from review.report.material import Material
from review.report.model import (
    Block,
    Cell,
    Figure,
    Paragraph,
    Points,
    Section,
    Strong,
    Table,
    Text,
    counted,
    listed,
    said,
)
from review.report.picture import pictures
from review.report.signing import digest, digested


def purpose(material: Material) -> Section:
    """Three sentences, what must not be overlooked, and the whole at a glance."""
    config = material.config
    roles = counted(len(config.workloads), "IAM role")
    where = "the AWS account {}" if material.config.account_id else "one AWS account"
    values = (
        (config.cluster, material.config.account_id)
        if material.config.account_id
        else (config.cluster,)
    )
    text = said(
        f"Pods of the Kubernetes cluster {{}} get temporary credentials of {roles} in {where}, so "
        "that no access key has to be stored in the cluster. A pod shows AWS a token which the "
        "cluster's own API server has signed for the pod's service account, and AWS verifies it "
        "with public keys that it reads at the cluster's issuer address. This document says who "
        "can obtain which role, what the roles may do, what this does not protect from, and what "
        "it takes to deploy it, so that you can approve or refuse the configuration.",
        *values,
    )
    return Section("Purpose", (Paragraph(text), *_alerts(material), _glance(material)))


def _alerts(material: Material) -> Iterator[Block]:
    config = material.config
    yield from breaks(material.planned)
    if config.aws.endpoint_url:
        yield Paragraph(
            said(
                "{} AWS is replaced by {}: what this configuration deploys is not in AWS.",
                Strong("Not for production."),
                config.aws.endpoint_url,
            ),
            alert=True,
        )
    if errors := material.lint.counts["error"]:
        yield Paragraph(
            said(
                "{} See the section Findings.",
                Strong(f"{counted(errors, 'finding')} of the weight 'error', not accepted."),
            ),
            alert=True,
        )
    if powerful := [row for row in material.rows if _is_powerful(row)]:
        yield Paragraph(
            (
                Strong("Roles with administrative or privilege-escalating permissions:"),
                " ",
                *listed(tuple(row.role_name for row in powerful)),
                ". See the section What each role may do.",
            ),
            alert=True,
        )
    for row in material.open_rows:
        yield Paragraph(
            said(
                "{} It trusts every service account of the cluster, not {} alone.",
                Strong(f"Any pod of the cluster can obtain the role {row.role_name}."),
                row.workload,
            ),
            alert=True,
        )


def _is_powerful(row: Row) -> bool:
    marks = {mark for policy in row.policies for mark in policy.marks}
    return bool(marks & {"administration", "privilege escalation"})


def _glance(material: Material) -> Table:
    config = material.config
    provider = config.aws.oidc_provider
    facts: list[tuple[str, Text]] = [
        ("Cluster", said("{}", config.cluster)),
        ("Issuer", said("{}", config.issuer)),
        ("Audience", listed(config.audience)),
        (
            "AWS account",
            said("{}", material.config.account_id)
            if material.config.account_id
            else (_NO_ACCOUNT,),
        ),
        ("Region", said("{} (partition {})", config.aws.region, config.partition)),
        (
            "OIDC provider",
            ("made by the deployment",) if provider == "create" else said("exists: {}", provider),
        ),
        ("Roles", (str(len(material.rows)),)),
        ("Discovery documents served by", (_server(config),)),
        ("Findings", (_findings(material),)),
        (f"SHA-256 of {digested(material)}", said("{}", digest(config, material.keys))),
    ]
    rows = tuple((_cell((name,)), _cell(text)) for name, text in facts)
    return Table("At a glance", ("What", "Value"), rows)


def trust_path(material: Material) -> Section:
    """How a pod comes to its credentials, and the picture."""
    longest = max(row.session_seconds for row in material.rows)
    checks = (
        "STS finds the role's trust policy and compares: the audience must be one that it names, "
        "and the subject exactly the one that it names."
        if not material.open_rows
        else "STS finds the role's trust policy and compares: the audience must be one that it "
        "names, and so must the subject, unless the policy names none (see the alert above)."
    )
    steps = (
        said(
            "The kubelet asks the API server for a token for the pod's service account. The API "
            "server signs it with its private key; it names the issuer (`iss`), the audience "
            "(`aud`) and the service account (`sub`)."
        ),
        said(
            "The AWS SDK in the pod sends the token to AWS STS (`AssumeRoleWithWebIdentity`) and "
            "names the role that it wants."
        ),
        said(
            "STS looks for an OIDC provider of the account whose URL equals `iss`, and verifies "
            "the signature with the public keys that it reads below that URL."
        ),
        said(checks),
        said(
            "STS answers with credentials of the role, which are valid for an hour unless the pod "
            f"asks for another time, and for {longest} seconds at most. The API server is not "
            "asked again."
        ),
    )
    drawn = pictures(material.rows)
    return Section(
        "Who trusts whom",
        (
            *(
                _figure(material, svg, number, len(drawn))
                for number, svg in enumerate(drawn, start=1)
            ),
            Paragraph(said("How a pod comes to the credentials of its role:")),
            Points(steps, numbered=True),
        ),
    )


def _figure(material: Material, svg: str, number: int, of: int) -> Figure:
    suffix = f"-{number}" if number > 1 else ""
    part = f", {number} of {of}" if of > 1 else ""
    return Figure(
        f"picture{suffix}.svg",
        svg,
        f"Who trusts whom{part}. Red marks a role that any service account can obtain, and "
        "policies with administrative, privilege-escalating or whole-service permissions; 'own' is "
        "a policy of the account, not of AWS. Names that are cut are whole in the trust matrix.",
        f"Service accounts of {material.config.cluster}, the issuer, the OIDC provider, the roles "
        "and their policies; the trust matrix below says the same in words.",
    )


def _server(config: ClusterConfig) -> str:
    if config.discovery.s3 is None:
        if config.discovery.exposure == "none":
            return "something outside this configuration"
        return "the API server"
    if config.discovery.s3.acm_certificate_arn:
        return "CloudFront, from a private S3 bucket"
    return "an S3 bucket, publicly"


def _findings(material: Material) -> str:
    counts = material.lint.counts
    kinds = [counted(counts[weight], weight) for weight in counts]
    return f"{', '.join(kinds)}; {len(material.lint.accepted)} accepted"


def _cell(text: Text) -> Cell:
    return (text,)


_NO_ACCOUNT = (
    "not named by the configuration: nothing keeps a deployment from another account; in ARNs "
    "below 111111111111 stands for it"
)
