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
    code_list,
    counted,
    prose,
)

_NODE_AUDIENCES_MINOR = 33


def residual(material: Material) -> Section:
    """By who it is that can do it."""
    return Section(
        "What is not protected",
        (
            Paragraph(
                prose(
                    "AWS trusts what the cluster signs. The following people and machines can "
                    "obtain roles without being the intended workload, and nothing in this "
                    "configuration stops them."
                )
            ),
            Subheading("Anyone with rights in a namespace"),
            *_namespaces(material),
            Subheading("Administrators of the cluster"),
            Points(tuple(_administrators(material))),
            Subheading("A compromised node"),
            Points(tuple(_nodes(material))),
            Subheading("Someone who obtains a token or credentials"),
            Points(tuple(_stolen(material))),
            Subheading("Anyone who controls the issuer's address"),
            Points(tuple(_issuer(material))),
            Subheading("Anyone with rights in the AWS account"),
            Points(tuple(_account(material))),
            Subheading("What the logs show"),
            Paragraph(
                prose(
                    "CloudTrail records each `AssumeRoleWithWebIdentity` with the provider and "
                    "the token's subject (namespace and service account), but not which person "
                    "or pod requested the token. Tokens that the API server issues are in its "
                    "audit log if that records `serviceaccounts/token`. Tokens signed with a "
                    "copied key are not in any log."
                )
            ),
        ),
    )


def _namespaces(material: Material) -> Iterator[Block]:
    yield Paragraph(
        prose(
            "Anyone who may do one of these in a namespace can obtain the roles of its service "
            "accounts: create pods (or deployments, jobs, and anything else that creates pods), "
            "create `serviceaccounts/token`, or run commands in an existing pod (`pods/exec`, "
            "`pods/attach`, `pods/ephemeralcontainers`). The built-in ClusterRoles `edit` and "
            "`admin`, bound in a namespace, are enough. `kubectl get rolebindings -n NAMESPACE "
            "-o wide` and `kubectl get clusterrolebindings -o wide` show who has them:"
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
                "with the role for anyone who may run commands in it: ",
                *code_list(tuple(sorted(pods))),
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
    yield prose(
        "`cluster-admin`, and anyone else who may create `serviceaccounts/token` or pods in every "
        f"namespace, can obtain {every}."
    )
    yield prose(
        "Anyone who can read the API server's private signing key (the file of "
        "`--service-account-signing-key-file` on each control plane node, and its backups) can "
        f"create tokens for any service account and any time, anywhere, and obtain {every} until "
        "the key is no longer published, and AWS has read the published keys again."
    )
    yield prose(
        "A subject is only the name of a namespace and of a service account: anyone who creates "
        "a namespace and a service account with the names of deleted ones gets their role. "
        "Another cluster that signs with the same key, or whose key is published too, gets all "
        "roles."
    )
    if material.config.issuer in material.config.audience:
        yield prose(
            "{} The issuer is an audience of this federation, and by default an API server "
            "issues every pod's own API token for it. Each of those tokens gets AWS "
            "credentials, and tokens for AWS log in to the API server.",
            Strong("One token has two uses."),
        )
    else:
        yield prose(
            "{} must not be among the API server's own `--api-audiences`: otherwise a token for "
            "AWS also logs in to the cluster. `python -m wizard doctor` tests this.",
            material.config.pod_audience,
        )


def _nodes(material: Material) -> Iterator[Text]:
    minor = material.config.kubernetes.minor
    if minor is None:
        audiences = "Since Kubernetes 1.33 it gets, by default, only the audiences of those pods."
    elif minor >= _NODE_AUDIENCES_MINOR:
        audiences = "By default it gets only the audiences of those pods."
    else:
        audiences = f"In Kubernetes 1.{minor} it can, by default, ask for any audience."
    yield prose(
        "Its kubelet reads the tokens of the pods that run on it, and can request more for their "
        f"service accounts: it can obtain the roles of those. {audiences} The Node authorizer and "
        "the admission plugin NodeRestriction, which kubeadm turns on, deny it the service "
        "accounts of other nodes' pods: check that both are on."
    )
    if material.open_rows:
        roles = code_list(tuple(row.role_name for row in material.open_rows))
        yield ("For ", *roles, " any pod on the node that has the audience is enough.")
    yield prose(f"A control plane node has the signing key, and with it {_every(material)}.")


def _stolen(material: Material) -> Iterator[Text]:
    rows = material.rows
    longest_token = max(row.token_seconds for row in rows)
    longest_session = max(row.session_seconds for row in rows)
    yield prose(
        "A token works from anywhere: AWS does not ask the API server, so it does not notice that "
        "the pod or the service account is gone. The token is valid until its `exp` (as configured "
        f"{longest_token} s at most) and five minutes more. Anyone who may request tokens can "
        "request longer ones, unless the API server limits that "
        "(`--service-account-max-token-expiration`)."
    )
    yield prose(
        "The credentials for a token work until the session ends, at most "
        f"{longest_session} s, even if the pod, the token and the provider are gone. To end them "
        "earlier, deny the role everything for sessions that began before now "
        "(`aws:TokenIssueTime`; IAM user guide, 'Revoke IAM role temporary security credentials')."
    )
    yield prose(
        "Every container of a pod that mounts the token can read it, and so can anyone who "
        "makes the workload run code. They can then do everything that the role may do."
    )


def _issuer(material: Material) -> Iterator[Text]:
    config = material.config
    every = _every(material)
    s3 = config.discovery.s3
    if s3 is None or s3.acm_certificate_arn:
        yield prose(
            "Anyone who controls the DNS of {}, and so can have a public authority issue a "
            f"certificate for it, can publish keys of their own and obtain {every}, even if a "
            "thumbprint is pinned.",
            config.issuer_host,
        )
    if s3 is not None:
        yield prose(
            f"Anyone who can write to the bucket {{}}, or change its policy, can obtain {every}. "
            "If the bucket is deleted while the provider exists, anyone who creates one of that "
            "name can, too: `python -m wizard destroy` removes the provider first.",
            s3.bucket,
        )
    else:
        yield prose(
            "Anyone who terminates TLS for {} (a load balancer, a proxy, the API server's own "
            f"certificate and key) can serve other keys, and obtain {every}.",
            config.issuer_host,
        )
    if s3 is not None and s3.acm_certificate_arn:
        yield prose(
            "Anyone who can change the CloudFront distribution can make it serve other documents."
        )


def _account(material: Material) -> Iterator[Text]:
    config = material.config
    yield prose(
        "Anyone who may change the roles (`iam:UpdateAssumeRolePolicy`, `iam:AttachRolePolicy`, "
        "`iam:PutRolePolicy`) can admit others, or give the role more permissions. The deployer "
        "is one of them, see the next section."
    )
    yield prose(
        "Anyone who may create roles can create others that trust the same provider, with any "
        "subject: this document shows only those of this configuration."
    )
    if config.aws.oidc_provider != "create":
        yield prose(
            "The provider {} is managed elsewhere. Its manager can delete it, which breaks "
            "every role here, and other people's roles may trust it.",
            config.aws.oidc_provider,
        )
    if config.aws.permissions_boundary is None:
        yield prose(
            "Without a permissions boundary, nothing limits the policies that someone attaches "
            "to a role later."
        )
    if material.config.account_id is None:
        yield prose(
            "The configuration has no account (`aws.account_id`), so a deployment with the "
            "wrong credentials creates the provider and the roles in the wrong account."
        )
    yield _state(config)


def _state(config: ClusterConfig) -> Text:
    if isinstance(config.backend, LocalBackend):
        return prose(
            "The Terraform state is in the deployer's folder `state/`. It has no secrets. "
            "Anyone who changes it can mislead the next deployment about what exists."
        )
    return prose(
        "The Terraform state is in the bucket {}, below {}. It has no secrets. Anyone who can "
        "write there can mislead the next deployment about what exists.",
        config.backend.bucket,
        config.backend.key_prefix,
    )


def _every(material: Material) -> str:
    number = len(material.rows)
    return "the role" if number == 1 else f"each of the {number} roles"
