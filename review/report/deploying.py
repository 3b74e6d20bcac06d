"""What whoever deploys the federation needs: IAM policies, and RBAC in the cluster."""

from __future__ import annotations

import json
from collections.abc import Iterator

from federation.iam.trust_policy import size
from federation.model.config import S3Backend
from review.facts.cluster_rights import cluster_rights, lists_secrets
from review.facts.deployer import RECORDED_WITH, SIZE_LIMIT, deployer_policies
from review.report.material import Material
from review.report.model import Block, Listing, Paragraph, Points, Section, Strong, Text, said, yaml


def deployer_in_aws(material: Material) -> Section:
    """The policies, and what whoever has them can do with them."""
    policies = deployer_policies(material.config)
    blocks: list[Block] = [
        Paragraph(
            said(
                "Whoever runs Terraform for this configuration needs this, to make, change and "
                "remove it, and no more. It is exact: another workload or another policy needs "
                "another one. The calls were recorded with version "
                f"{RECORDED_WITH} of the AWS provider; "
                "another one may read more, and then says which permission it lacks."
            )
        ),
        Points(tuple(_powers(material))),
    ]
    for number, policy in enumerate(policies, start=1):
        part = f", {number} of {len(policies)}" if len(policies) > 1 else ""
        text = json.dumps(policy, indent=2, ensure_ascii=False)
        caption = f"IAM policy of the deployer{part} ({size(policy)} of {SIZE_LIMIT} characters)"
        blocks.append(Listing(caption, "json", text))
    return Section("What a deployer needs in AWS", tuple(blocks))


def _powers(material: Material) -> Iterator[Text]:
    config = material.config
    yield said(
        "With it, the deployer decides who may assume these roles (`iam:UpdateAssumeRolePolicy`), "
        "and so can obtain them: treat it as having all of their permissions."
    )
    if any(row.policies for row in material.rows):
        yield said(
            "It can attach the policies of this configuration to these roles and no others "
            "(`iam:PolicyARN`), and cannot write policies."
        )
    else:
        yield said("It can attach no policies, and write none.")
    if config.aws.permissions_boundary:
        yield said(
            "It can make these roles with the boundary {} alone (`iam:PermissionsBoundary`), and "
            "cannot take it off.",
            config.aws.permissions_boundary,
        )
    if config.aws.oidc_provider != "create":
        yield said("It can read the provider, which is managed elsewhere, and not change it.")
    if config.discovery.s3:
        yield said(
            "It writes the public keys that AWS believes, into the bucket {}: one more way to each "
            "role.",
            config.discovery.s3.bucket,
        )
    if config.discovery.s3 and config.discovery.s3.acm_certificate_arn:
        yield said(
            "CloudFront names distributions as it makes them, so that the policy is for all "
            "distributions of the account: let somebody else deploy the stack {} where that is too "
            "much.",
            config.stack("discovery"),
        )
    if isinstance(config.backend, S3Backend):
        yield said(
            "It keeps the Terraform state in {}, with a lock beside each. A bucket that is "
            "encrypted with a key of your own needs `kms:Decrypt` and `kms:GenerateDataKey` for "
            "the key besides.",
            config.backend.bucket,
        )
    if material.config.account_id is None:
        yield said(
            "Replace `111111111111` by the number of the account, or better, write it into the "
            "configuration (`aws.account_id`)."
        )


def deployer_in_the_cluster(material: Material) -> Section:
    """The RBAC objects."""
    config = material.config
    documents = cluster_rights(config)
    who = (
        "The user of the kubeconfig context that Terraform takes"
        if config.kubernetes.apply == "terraform"
        else "Whoever applies the manifests, such as a GitOps controller,"
    )
    blocks: list[Block] = [
        Paragraph(
            said(
                f"{who} needs these rights, to make, change and remove the objects of this "
                "configuration. RBAC cannot restrict `create` to names, so that objects of the "
                "same kinds can be made under any name; all else is for the named ones. Who gets "
                "the rights, by a ClusterRoleBinding and RoleBindings, is for the cluster's owner "
                "to write."
            )
        ),
        Points(tuple(_cluster_powers(material))),
        Listing("RBAC of the deployer", "yaml", yaml(documents)),
    ]
    return Section("What a deployer needs in the cluster", tuple(blocks))


def _cluster_powers(material: Material) -> Iterator[Text]:
    config = material.config
    if config.discovery.exposure != "none":
        yield said(
            "`bind` on one ClusterRole keeps the deployer from giving anybody another one: with "
            "`create` on ClusterRoleBindings alone it can bind only what it has itself."
        )
    if config.test_pods:
        yield said(
            "Where it may create pods it can run them as any service account of the namespace, and "
            "so obtain its roles. Without test pods it needs no right on pods."
        )
    if config.namespaces_to_create:
        yield said(
            "For namespaces that do not exist yet a Role cannot be made, so that the rights inside "
            "them are in the ClusterRole and hold in every namespace. Make the namespaces before, "
            "and write `create_namespace: false`, where that is too much."
        )
    if config.kubernetes.apply == "manifests":
        yield said(
            "A controller that watches what it applies needs `list` and `watch` on these kinds "
            "besides."
        )
    if config.kubernetes.context is not None:
        yield said(
            "Reading the discovery document is for the check that the context leads to the cluster "
            "of this issuer."
        )
    if lists_secrets(config):
        yield said(
            "{} before 1.24 Terraform lists them when it makes a service account, so that the "
            "deployer can read all of them. It needs no right to create tokens.",
            Strong("All Secrets of a namespace are open to it:"),
        )
    elif config.kubernetes.apply == "terraform" and config.kubernetes.minor is None:
        yield said(
            "It needs no right on Secrets from Kubernetes 1.24 on (before, Terraform lists them), "
            "and none to create tokens."
        )
    else:
        yield said("It needs no right on Secrets, and none to create tokens.")
