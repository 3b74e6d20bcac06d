"""What the federation does not protect from: who else can come to which role, and how.

Specific to a configuration. Sources: Kubernetes' built-in roles
(`plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go`, 1.34), "Managing Service Accounts",
"Using Node Authorization", the feature gate ServiceAccountNodeAudienceRestriction (on by default
since 1.33); AWS IAM user guide, "Create a role for OpenID Connect federation"; AWS CloudTrail user
guide, "CloudTrail userIdentity element".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from federation.model.config import ClusterConfig, LocalBackend
from review.report.material import Material
from review.report.model import (
    Block,
    Code,
    Paragraph,
    Points,
    Section,
    Strong,
    Subheading,
    Table,
    Text,
    counted,
    listed,
    said,
)

_NODE_AUDIENCES_MINOR = 33


def residual(material: Material) -> Section:
    """By who it is that can do it."""
    return Section(
        "What is not protected",
        (
            Paragraph(
                said(
                    "AWS believes what the cluster signs. These people and machines can come to "
                    "roles without being the workload that is meant, and nothing in this "
                    "configuration stops them."
                )
            ),
            Subheading("Whoever has rights in a namespace"),
            *_namespaces(material),
            Subheading("Whoever administers the cluster"),
            Points(tuple(_administrators(material))),
            Subheading("A node that is taken over"),
            Points(tuple(_nodes(material))),
            Subheading("Whoever gets hold of a token or of credentials"),
            Points(tuple(_stolen(material))),
            Subheading("Whoever answers at the issuer's address"),
            Points(tuple(_issuer(material))),
            Subheading("Whoever has rights in the AWS account"),
            Points(tuple(_account(material))),
            Subheading("What can be seen afterwards"),
            Paragraph(
                said(
                    "CloudTrail records each `AssumeRoleWithWebIdentity` with the provider and the "
                    "token's subject, that is, namespace and service account; not which person or "
                    "which pod asked for the token. Tokens that the API server issues are in its "
                    "audit log where that records `serviceaccounts/token`; tokens that somebody "
                    "signs with a copied key are nowhere."
                )
            ),
        ),
    )


def _namespaces(material: Material) -> Iterator[Block]:
    yield Paragraph(
        said(
            "Whoever may do one of these in a namespace can obtain the roles of its service "
            "accounts: create pods (or deployments, jobs, and whatever else makes pods), create "
            "`serviceaccounts/token`, or run commands in a pod that is there (`pods/exec`, "
            "`pods/attach`, `pods/ephemeralcontainers`). The built-in ClusterRoles `edit` and "
            "`admin`, bound in a namespace, are enough. `kubectl get rolebindings -n "
            "NAMESPACE -o wide` and `kubectl get clusterrolebindings -o wide` tell who has them:"
        )
    )
    yield Table(
        "What rights in a namespace are worth in AWS",
        ("Namespace", "Roles that can be obtained from it"),
        tuple(
            (((_namespace(name),)), tuple((Code(role),) for role in roles))
            for name, roles in _reachable(material).items()
        ),
    )
    pods = material.config.test_pods
    if pods:
        yield Paragraph(
            (
                f"{counted(len(pods), 'test pod')} with the AWS CLI will keep running, a shell "
                "with the role for whoever may run commands in it: ",
                *listed(tuple(sorted(pods))),
                ".",
            )
        )


def _namespace(name: str) -> Text:
    return (Code(name),) if name else (Strong("any"), " namespace")


def _reachable(material: Material) -> dict[str, list[str]]:
    """The roles by namespace; those that any namespace leads to by the empty name."""
    found: dict[str, list[str]] = defaultdict(list)
    for row in material.rows:
        found["" if row.subject is None else row.workload.partition("/")[0]].append(row.role_name)
    return dict(sorted(found.items()))


def _administrators(material: Material) -> Iterator[Text]:
    every = _every(material)
    yield said(
        "`cluster-admin`, and whoever else may create `serviceaccounts/token` or pods in every "
        f"namespace, can obtain {every}."
    )
    yield said(
        "Whoever can read the API server's private signing key (the file of "
        "`--service-account-signing-key-file` on each control plane node, and its backups) can "
        f"make tokens for any service account and any time, anywhere, and obtain {every} until "
        "the key is taken out of the published ones, and AWS has read those anew."
    )
    yield said(
        "A subject names a namespace and a service account, and nothing older or younger: whoever "
        "makes a namespace and a service account with the names of deleted ones has their role. "
        "Another cluster that signs with the same key, or whose key is published too, has all."
    )
    if material.config.issuer in material.config.audience:
        yield said(
            "{} The issuer is an audience of this federation, and by default an API server issues "
            "every pod's own API token for it: each of those buys AWS credentials, and tokens for "
            "AWS log in to the API server.",
            Strong("Tokens of two uses are one."),
        )
    else:
        yield said(
            "{} must not be among the API server's own `--api-audiences`: else a token that is "
            "handed to AWS also logs in to the cluster. `python -m wizard doctor` tries it.",
            material.config.pod_audience,
        )


def _nodes(material: Material) -> Iterator[Text]:
    minor = material.config.kubernetes.minor
    if minor is None:
        audiences = "Since Kubernetes 1.33 it gets, by default, the audiences of those pods alone."
    elif minor >= _NODE_AUDIENCES_MINOR:
        audiences = "By default it gets the audiences of those pods alone."
    else:
        audiences = f"In Kubernetes 1.{minor} it can, by default, ask for any audience."
    yield said(
        "Its kubelet reads the tokens of the pods that run on it, and can request more for their "
        f"service accounts: it can obtain the roles of those. {audiences} The Node authorizer and "
        "the admission plugin NodeRestriction, which kubeadm turns on, keep it from the service "
        "accounts of other nodes' pods: check that both are on."
    )
    if material.open_rows:
        roles = listed(tuple(row.role_name for row in material.open_rows))
        yield ("For ", *roles, " any pod on the node will do that has the audience.")
    yield said(f"A control plane node has the signing key, and with it {_every(material)}.")


def _stolen(material: Material) -> Iterator[Text]:
    rows = material.rows
    longest_token = max(row.token_seconds for row in rows)
    longest_session = max(row.session_seconds for row in rows)
    yield said(
        "A token works from anywhere: AWS does not ask the API server, so that it does not notice "
        "that the pod, or the service account, is gone. It is good until its `exp`, as configured "
        f"{longest_token} s at most, and five minutes more; but whoever may request tokens can ask "
        "for longer ones, unless the API server limits that "
        "(`--service-account-max-token-expiration`)."
    )
    yield said(
        "Credentials that it was exchanged for work until the session ends, "
        f"{longest_session} s at most, whatever happens to pod, token and provider. To end them "
        "earlier, deny the role everything for sessions that began before now "
        "(`aws:TokenIssueTime`; IAM user guide, 'Revoke IAM role temporary security credentials')."
    )
    yield said(
        "Every container of a pod that mounts the token can read it, and so can whoever makes the "
        "workload run code. What the role may do is then theirs to do."
    )


def _issuer(material: Material) -> Iterator[Text]:
    config = material.config
    every = _every(material)
    s3 = config.discovery.s3
    if s3 is None or s3.acm_certificate_arn:
        yield said(
            "Whoever controls the DNS of {}, and so can have a public authority issue a "
            f"certificate for it, can publish keys of their own and obtain {every}, whatever "
            "thumbprint is pinned.",
            config.issuer_host,
        )
    if s3 is not None:
        yield said(
            f"Whoever can write to the bucket {{}}, or change its policy, can obtain {every}. If "
            "the bucket is deleted while the provider is there, whoever makes one of that name "
            "can too: `python -m wizard destroy` removes the provider first.",
            s3.bucket,
        )
    else:
        yield said(
            "Whoever terminates TLS for {} (a load balancer, a proxy, the API server's own "
            f"certificate and key) can serve other keys, and obtain {every}.",
            config.issuer_host,
        )
    if s3 is not None and s3.acm_certificate_arn:
        yield said(
            "Whoever can change the CloudFront distribution can have it serve other documents."
        )


def _account(material: Material) -> Iterator[Text]:
    config = material.config
    yield said(
        "Whoever may change the roles (`iam:UpdateAssumeRolePolicy`, `iam:AttachRolePolicy`, "
        "`iam:PutRolePolicy`) can let others in, or let the role do more; the deployer is one of "
        "them, see the next section."
    )
    yield said(
        "Whoever may make roles can make others that trust the same provider, with any subject: "
        "this document shows those of this configuration alone."
    )
    if config.aws.oidc_provider != "create":
        yield said(
            "The provider {} is managed elsewhere: whoever manages it can delete it, which breaks "
            "every role here, and roles that others made may trust it.",
            config.aws.oidc_provider,
        )
    if config.aws.permissions_boundary is None:
        yield said(
            "Without a permissions boundary nothing holds what somebody attaches to a role later."
        )
    if material.config.account_id is None:
        yield said(
            "The configuration names no account (`aws.account_id`), so that a deployment with the "
            "wrong credentials makes provider and roles in the wrong account."
        )
    yield _state(config)


def _state(config: ClusterConfig) -> Text:
    if isinstance(config.backend, LocalBackend):
        return said(
            "The Terraform state is in the folder `state/` of whoever deploys. It has no secrets; "
            "whoever changes it can mislead the next deployment about what there is."
        )
    return said(
        "The Terraform state is in the bucket {}, below {}. It has no secrets; whoever can write "
        "there can mislead the next deployment about what there is.",
        config.backend.bucket,
        config.backend.key_prefix,
    )


def _every(material: Material) -> str:
    number = len(material.rows)
    return "the role" if number == 1 else f"each of the {number} roles"
