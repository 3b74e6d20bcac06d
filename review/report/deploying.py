"""What anyone who deploys the federation needs: IAM policies, and RBAC in the cluster."""

from __future__ import annotations

import json
from collections.abc import Iterator

from federation.iam.trust_policy import size
from federation.model.config import S3Backend
from review.facts.cluster_rights import cluster_rights, lists_pods, lists_secrets
from review.facts.deployer import RECORDED_WITH, SIZE_LIMIT, deployer_policies
from review.report.material import Material
from review.report.model import (
    Block,
    Listing,
    Paragraph,
    Points,
    Section,
    Strong,
    Text,
    prose,
    yaml,
)


def deployer_in_aws(material: Material) -> Section:
    """The policies, and what anyone who has them can do with them."""
    policies = deployer_policies(material.config)
    blocks: list[Block] = [
        Paragraph(
            prose(
                "This is exactly what the deployer needs to create, change and remove this "
                "configuration with Terraform. Another workload or policy needs other rights. "
                f"The calls were recorded with version {RECORDED_WITH} of the AWS provider; "
                "another version may read more, and then reports which permission is missing."
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
    yield prose(
        "With it, the deployer decides who may assume these roles (`iam:UpdateAssumeRolePolicy`), "
        "and so can obtain them: treat it as having all of their permissions."
    )
    if any(row.policies for row in material.rows):
        yield prose(
            "It can attach only the policies of this configuration to these roles "
            "(`iam:PolicyARN`), and cannot write policies."
        )
    else:
        yield prose("It cannot attach or write policies.")
    if config.aws.permissions_boundary:
        yield prose(
            "It can create these roles only with the boundary {} (`iam:PermissionsBoundary`), "
            "and cannot remove it.",
            config.aws.permissions_boundary,
        )
    if config.aws.oidc_provider != "create":
        yield prose("It can read the provider, which is managed elsewhere, but not change it.")
    if config.discovery.s3:
        yield prose(
            "It writes the public keys that AWS trusts into the bucket {}: another way to every "
            "role.",
            config.discovery.s3.bucket,
        )
    if config.discovery.s3 and config.discovery.s3.acm_certificate_arn:
        yield prose(
            "CloudFront chooses the ID of a distribution when it creates it, so the policy "
            "covers all distributions of the account. If that is too much, let someone else "
            "deploy the stack {}.",
            config.stack("discovery"),
        )
    if isinstance(config.backend, S3Backend):
        yield prose(
            "It keeps the Terraform state in {}, with a lock next to each. A bucket that is "
            "encrypted with your own key also needs `kms:Decrypt` and `kms:GenerateDataKey` for "
            "the key.",
            config.backend.bucket,
        )
    if material.config.account_id is None:
        yield prose(
            "Replace `111111111111` with the account number or, better, set `aws.account_id` in "
            "the configuration."
        )


def deployer_in_the_cluster(material: Material) -> Section:
    """The RBAC objects."""
    config = material.config
    documents = cluster_rights(config)
    who = (
        "The user of the kubeconfig context that Terraform uses"
        if config.kubernetes.apply == "terraform"
        else "The one who applies the manifests, such as a GitOps controller,"
    )
    blocks: list[Block] = [
        Paragraph(
            prose(
                f"{who} needs these rights to create, change and remove the objects of this "
                "configuration. RBAC cannot restrict `create` to names, so objects of the same "
                "kinds can be created under any name; all other rights are for the named ones. The "
                "cluster's owner grants them, by a ClusterRoleBinding and RoleBindings."
            )
        ),
        Points(tuple(_cluster_powers(material))),
        Listing("RBAC of the deployer", "yaml", yaml(documents)),
    ]
    return Section("What a deployer needs in the cluster", tuple(blocks))


def _cluster_powers(material: Material) -> Iterator[Text]:
    config = material.config
    if config.discovery.exposure != "none":
        yield prose(
            "It may `bind` only one ClusterRole: it cannot grant other roles whose rights it "
            "does not have itself."
        )
    if config.test_pods:
        yield prose(
            "Where it may create pods, it can run them as any service account of the namespace "
            "and so obtain its roles. Without test pods it needs no rights on pods."
        )
    if config.namespaces_to_create:
        yield prose(
            "A Role cannot be created in a namespace that does not exist yet, so the rights "
            "inside these are in the ClusterRole and apply to every namespace. If that is too "
            "much, create the namespaces first, and set `create_namespace: false`."
        )
    if config.kubernetes.apply == "manifests":
        yield prose(
            "A controller that watches what it applies also needs `list` and `watch` on these "
            "kinds."
        )
    if config.kubernetes.context is not None:
        yield prose(
            "It reads the discovery document to check that the context is the cluster of this "
            "issuer."
        )
    if lists_pods(config):
        yield prose(
            "After a change of a workload's environment it lists the pods of the namespace, to "
            "name those that have to be restarted. Without `list` on pods a deploy says that it "
            "does not know, and succeeds."
        )
    if lists_secrets(config):
        yield prose(
            "{} before 1.24 Terraform lists them when it creates a service account, so the "
            "deployer can read all of them. It needs no right to create tokens.",
            Strong("It can read all Secrets of a namespace:"),
        )
    elif config.kubernetes.apply == "terraform" and config.kubernetes.minor is None:
        yield prose(
            "From Kubernetes 1.24 on it needs no rights on Secrets (before, Terraform lists "
            "them), and none to create tokens."
        )
    else:
        yield prose("It needs no rights on Secrets, and none to create tokens.")
