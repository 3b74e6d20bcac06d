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
    code_list,
    counted,
    prose,
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
    text = prose(
        f"Pods of the Kubernetes cluster {{}} get temporary credentials of {roles} in {where}, so "
        "no access key has to be stored in the cluster. A pod shows AWS a token that the "
        "cluster's own API server has signed for the pod's service account, and AWS verifies it "
        "with public keys that it reads at the cluster's issuer address. This document says who "
        "can obtain which role, what the roles may do, what is not protected, and what it takes to "
        "deploy it, so that you can approve or reject the configuration.",
        *values,
    )
    return Section("Purpose", (Paragraph(text), *_alerts(material), _glance(material)))


def _alerts(material: Material) -> Iterator[Block]:
    config = material.config
    yield from breaks(material.planned)
    if config.aws.endpoint_url:
        yield Paragraph(
            prose(
                "{} {} replaces AWS: this configuration deploys nothing to AWS.",
                Strong("Not for production."),
                config.aws.endpoint_url,
            ),
            alert=True,
        )
    if errors := material.lint.counts["error"]:
        yield Paragraph(
            prose(
                "{} See the section Findings.",
                Strong(f"{counted(errors, 'finding')} with the weight 'error', not accepted."),
            ),
            alert=True,
        )
    if powerful := [row for row in material.rows if _is_powerful(row)]:
        yield Paragraph(
            (
                Strong("Roles with administrative or privilege-escalating permissions:"),
                " ",
                *code_list(tuple(row.role_name for row in powerful)),
                ". See the section What each role may do.",
            ),
            alert=True,
        )
    for row in material.open_rows:
        yield Paragraph(
            prose(
                "{} It trusts every service account of the cluster, not only {}.",
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
        ("Cluster", prose("{}", config.cluster)),
        ("Issuer", prose("{}", config.issuer)),
        ("Audience", code_list(config.audience)),
        (
            "AWS account",
            prose("{}", material.config.account_id)
            if material.config.account_id
            else (_NO_ACCOUNT,),
        ),
        ("Region", prose("{} (partition {})", config.aws.region, config.partition)),
        (
            "OIDC provider",
            ("created by the deployment",)
            if provider == "create"
            else prose("exists: {}", provider),
        ),
        ("Roles", (str(len(material.rows)),)),
        ("Discovery documents served by", (_server(config),)),
        ("Findings", (_findings(material),)),
        (f"SHA-256 of {digested(material)}", prose("{}", digest(config, material.keys))),
    ]
    rows = tuple((_cell((name,)), _cell(text)) for name, text in facts)
    return Table("At a glance", ("What", "Value"), rows)


def trust_path(material: Material) -> Section:
    """How a pod comes to its credentials, and the picture."""
    longest = max(row.session_seconds for row in material.rows)
    checks = (
        "STS compares the token with the role's trust policy: the policy must name its "
        "audience, and exactly its subject."
        if not material.open_rows
        else (
            "STS compares the token with the role's trust policy: the policy must name its "
            "audience, and its subject unless the policy names none (see the alert above)."
        )
    )
    steps = (
        prose(
            "The kubelet requests a token for the pod's service account from the API server, "
            "which signs it with its private key. The token names the issuer (`iss`), the "
            "audience (`aud`) and the service account (`sub`)."
        ),
        prose(
            "The AWS SDK in the pod sends the token to AWS STS (`AssumeRoleWithWebIdentity`) "
            "with the ARN of the role."
        ),
        prose(
            "STS finds the OIDC provider of the account whose URL equals `iss`, and verifies "
            "the signature with the public keys that it reads below that URL."
        ),
        prose(checks),
        prose(
            "STS returns credentials of the role, which are valid for an hour unless the pod "
            f"requests another duration, and for {longest} seconds at most. STS does not ask the "
            "API server again."
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
            Paragraph(prose("How a pod gets the credentials of its role:")),
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
        "a policy of the account, not one of AWS. The trust matrix has the full names.",
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
    "not configured: a deployment to another account is not prevented; ARNs below use "
    "111111111111 as a placeholder"
)
