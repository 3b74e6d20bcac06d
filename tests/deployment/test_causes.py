"""Reports of Terraform 1.11 and of the providers aws 5.100, kubernetes 3.2.1 and tls 4.0.4, as
recorded, are explained."""

from __future__ import annotations

import pytest

from deployment.causes import Cause, explain, explain_all


def aws(message: str) -> str:
    """A report of the AWS provider on a role, as the CDKTF CLI shows it."""
    return f"""\
Error: creating IAM Role (app): operation error IAM: CreateRole, {message}

  with aws_iam_role.default_app (default_app),
  on cdk.tf.json line 64, in resource.aws_iam_role.default_app (default_app):
  64:       }},
"""


def kubernetes(message: str, resource: str = "kubernetes_config_map_v1") -> str:
    return f"""\
Error: {message}

  with {resource}.default_app (default_app),
  on cdk.tf.json line 9, in resource.{resource}.default_app (default_app).metadata:
   9:     }},
"""


ROLE = "creating IAM Role (app): operation error IAM: CreateRole, "
HTTP = "https response error StatusCode: {}, RequestID: 5f0b, "

OF_AWS = [
    (
        HTTP.format(409) + "EntityAlreadyExists: Role with name app already exists.",
        "The role app exists already, and this configuration did not create it",
        "Choose another role name. If an interrupted deploy left it, and nothing else uses it, "
        "delete it: 'aws iam delete-role --role-name app' (detach its policies first).",
    ),
    (
        HTTP.format(409)
        + "EntityAlreadyExists: Provider with url https://c.example.com already exists.",
        "The account has an OIDC provider for https://c.example.com already",
        "An account has one for each issuer. If something else manages it, write its ARN "
        "('aws iam list-open-id-connect-providers' shows it) as aws.oidc_provider. If nothing "
        "else uses it, delete it, or import it into the state.",
    ),
    (
        HTTP.format(404) + "NoSuchEntity: OpenIDConnect Provider not found for arn "
        "arn:aws:iam::123456789012:oidc-provider/c.example.com",
        "The account has no OIDC provider arn:aws:iam::123456789012:oidc-provider/c.example.com",
        "Write 'create' as aws.oidc_provider, or have its owner create it first.",
    ),
    (
        HTTP.format(409) + "BucketAlreadyExists: The requested bucket name is not available.",
        "A bucket of this name exists already, and this configuration did not create it",
        "Choose another name as discovery.s3.bucket: names are shared by all accounts.",
    ),
    (
        HTTP.format(403) + "api error AccessDenied: User: arn:aws:iam::123456789012:user/eve is "
        'not authorized to perform: s3:PutBucketPolicy on resource: "arn:aws:s3:::c-issuer" '
        "because public policies are blocked by the BlockPublicPolicy block public access setting.",
        "The account blocks public buckets, and the documents have to be public",
        "Allow it for this bucket in S3's Block Public Access, or keep it private behind "
        "CloudFront: name a certificate as discovery.s3.acm_certificate_arn.",
    ),
    (
        HTTP.format(403) + "api error AccessDenied: User: arn:aws:iam::123456789012:user/eve is "
        "not authorized to perform: iam:CreateRole on resource: "
        "arn:aws:iam::123456789012:role/app because no identity-based policy allows the "
        "iam:CreateRole action",
        "These AWS credentials may not do iam:CreateRole",
        "Allow iam:CreateRole on arn:aws:iam::123456789012:role/app for them, or use other "
        "credentials (AWS_PROFILE). An explicit deny, a permissions boundary or a service control "
        "policy also refuses it.",
    ),
    (
        HTTP.format(403) + "api error AccessDenied: Access denied",
        "AWS refused access",
        "Use credentials that may manage IAM roles and OIDC providers (AWS_PROFILE).",
    ),
    (
        "exceeded maximum number of attempts, 3, "
        + HTTP.format(400)
        + "api error Throttling: Rate exceeded",
        "AWS throttles the requests, and the provider gave up",
        "Run the command again in a few minutes: it continues from the state. "
        "aws.max_retries says how often the provider tries.",
    ),
    (
        HTTP.format(409) + "LimitExceeded: Cannot exceed quota for RolesPerAccount: 1000",
        "AWS allows no more roles in this account (RolesPerAccount: 1000)",
        "Delete roles that nothing uses, or request an increase in Service Quotas.",
    ),
    (
        HTTP.format(409) + "LimitExceeded: Cannot exceed quota for "
        "OpenIdConnectProvidersPerAccount: 100",
        "AWS allows no more OIDC providers in this account (OpenIdConnectProvidersPerAccount: 100)",
        "Delete OIDC providers of clusters that are gone, or request an increase in Service "
        "Quotas.",
    ),
    (
        HTTP.format(409) + "LimitExceeded: Cannot exceed quota for PoliciesPerRole: 10",
        "AWS allows no more managed policies on one role (PoliciesPerRole: 10)",
        "Put several policies of role.managed_policy_arns into one, or request an increase in "
        "Service Quotas.",
    ),
    (
        HTTP.format(409) + "LimitExceeded: Cannot exceed quota for ACLSizePerRole: 2048",
        "AWS allows no more characters in a trust policy (ACLSizePerRole: 2048)",
        "Let fewer audiences or service accounts share the role, or request an increase in "
        "Service Quotas.",
    ),
    (
        HTTP.format(409) + "LimitExceeded: Cannot exceed quota for "
        "ClientIdsPerOpenIdConnectProvider: 100",
        "AWS allows no more audiences on one OIDC provider "
        "(ClientIdsPerOpenIdConnectProvider: 100)",
        "Remove audiences that no workload uses, or request an increase in Service Quotas.",
    ),
    (
        HTTP.format(409) + "LimitExceeded: Cannot exceed quota for TagsPerRole: 50",
        "A quota of the AWS account is reached (TagsPerRole: 50)",
        "Remove what you do not need, or request an increase in Service Quotas.",
    ),
    (
        HTTP.format(400) + "api error TooManyBuckets: You have attempted to create more buckets "
        "than allowed",
        "A quota of the AWS account is reached (TooManyBuckets)",
        "Remove what you do not need, or request an increase in Service Quotas.",
    ),
    (
        HTTP.format(400) + "OpenIdIdpCommunicationError: The request failed because IAM cannot "
        "connect to the OpenID Connect identity provider URL.",
        "IAM cannot reach the issuer, or cannot read its certificate",
        "AWS connects to the issuer's host from the internet, on port 443: serve the discovery "
        "document there, with the whole certificate chain. IAM reads the certificate only if "
        "discovery.thumbprint is 'omit': list the thumbprint there to spare it that.",
    ),
    (
        HTTP.format(409) + "ConcurrentModification:",
        "Another request changes the same object in AWS at this moment",
        "Wait a minute, then run the command again: it continues from the state. If it happens "
        "again, look for another program that manages aws_iam_role.default_app.",
    ),
    (
        HTTP.format(409) + "EntityAlreadyExists:",
        "AWS has a resource of this name already, and this configuration did not create it",
        "Choose another name for aws_iam_role.default_app. If nothing else uses the existing "
        "one, delete it, or import it into the state.",
    ),
    (
        HTTP.format(404) + "NoSuchEntity: The role with name LimitExceeded-alarms cannot be found.",
        "creating IAM Role (app): operation error IAM: CreateRole, "
        + HTTP.format(404)
        + "NoSuchEntity: The role with name LimitExceeded-alarms cannot be found",
        "The log has the full output. Run the command again when it is solved.",
    ),
    (
        HTTP.format(400) + "MalformedPolicyDocument: Has prohibited field Resource",
        "AWS does not accept a policy",
        "Look at the ARNs in the configuration: a trust policy may only name principals that "
        "exist in this partition.",
    ),
    (
        HTTP.format(403)
        + "api error ExpiredToken: The security token included in the request is expired",
        "The AWS credentials have expired",
        "Sign in again ('aws sso login', or new session credentials), then repeat the command.",
    ),
    (
        HTTP.format(403)
        + "api error InvalidClientTokenId: The security token included in the request is invalid.",
        "AWS does not know these credentials",
        "Look at AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_PROFILE: "
        "'aws sts get-caller-identity' has to work.",
    ),
    (
        HTTP.format(404) + "NoSuchEntity: Policy arn:aws:iam::aws:policy/Nope does not exist or "
        "is not attachable.",
        "The policy arn:aws:iam::aws:policy/Nope does not exist",
        "Correct role.managed_policy_arns: a managed policy is named with its path, as in "
        "job-function/ViewOnlyAccess.",
    ),
    (
        "exceeded maximum number of attempts, 1, https response error StatusCode: 0, "
        'RequestID: , request send failed, Post "http://127.0.0.1:5999/": dial tcp '
        "127.0.0.1:5999: connect: connection refused",
        "AWS cannot be reached (connection refused)",
        "Look at the address in the message: is aws.endpoint_url right, and is a proxy "
        "(HTTPS_PROXY) or a VPN missing?",
    ),
    (
        "exceeded maximum number of attempts, 3, https response error StatusCode: 0, "
        'RequestID: , request send failed, Post "https://iam.amazonaws.com/": tls: failed to '
        "verify certificate: x509: certificate signed by unknown authority",
        "The certificate of AWS's address is not accepted (certificate signed by unknown "
        "authority)",
        "Look at the address in the message. If a proxy on the way issues its own certificates, "
        "name its certificate authority in AWS_CA_BUNDLE.",
    ),
]


@pytest.mark.parametrize(("message", "title", "remedy"), OF_AWS)
def test_what_aws_refuses_is_explained(message: str, title: str, remedy: str) -> None:
    expected = Cause(title, ROLE + message, remedy, "aws_iam_role.default_app")
    assert explain(aws(message)) == expected


OF_KUBERNETES = [
    (
        'Post "https://127.0.0.1:6443/api/v1/namespaces/default/configmaps": dial tcp '
        "127.0.0.1:6443: connect: connection refused",
        "A server cannot be reached (connection refused)",
    ),
    (
        'Post "https://10.0.0.1:6443/api/v1/namespaces": dial tcp 10.0.0.1:6443: i/o timeout',
        "A server cannot be reached (i/o timeout)",
    ),
    (
        'Get "https://k.example.com/api": dial tcp: lookup k.example.com on 10.0.0.2:53: '
        "no such host",
        "A server cannot be reached (no such host)",
    ),
    (
        'Post "https://127.0.0.1:6443/api/v1/namespaces": tls: failed to verify certificate: '
        "x509: certificate signed by unknown authority",
        "A server's certificate is not trusted (certificate signed by unknown authority)",
    ),
    ("Unauthorized", "The API server does not know the kubeconfig's user"),
    (
        'configmaps is forbidden: User "eve" cannot create resource "configmaps" in API group "" '
        'in the namespace "default"',
        "The kubeconfig's user eve may not create configmaps",
    ),
    (
        'clusterrolebindings.rbac.authorization.k8s.io is forbidden: User "eve" cannot create '
        'resource "clusterrolebindings" in API group "rbac.authorization.k8s.io" at the cluster '
        "scope",
        "The kubeconfig's user eve may not create clusterrolebindings",
    ),
    ('namespaces "apps" already exists', "The namespace apps exists already"),
    (
        'clusterrolebindings.rbac.authorization.k8s.io "oidc-reviewer" already exists',
        "The cluster has clusterrolebindings.rbac.authorization.k8s.io oidc-reviewer already, and "
        "this configuration did not create it",
    ),
    ('namespaces "apps" not found', "There is no namespace apps"),
    (
        'pods "awscli" is forbidden: error looking up service account apps/default: '
        'serviceaccount "default" not found',
        "The namespace has no default service account yet",
    ),
    (
        'pods "awscli" is forbidden: violates PodSecurity "restricted:latest": '
        'allowPrivilegeEscalation != false (container "c" must set ...)',
        "The namespace does not admit the test pod (pod security standard restricted:latest)",
    ),
    (
        "client rate limiter Wait returned an error: context deadline exceeded",
        "The cluster took too long",
    ),
]


POST = 'Post "https://{}": '
CALLED = 'Internal error occurred: failed calling webhook "{}": failed to call webhook: ' + POST
PODS = "https://127.0.0.1:6443/api/v1/namespaces/default/pods"

OF_WEBHOOKS_AND_CERTIFICATES = [
    (
        CALLED.format("vault.hashicorp.com", "vault-agent-injector-svc.default.svc:443/mutate")
        + "x509: certificate has expired or is not yet valid: current time 2023-07-20T22:40:40Z "
        "is after 2023-07-20T18:49:51Z",
        "The API server does not trust the certificate of the webhook vault.hashicorp.com",
    ),
    (
        CALLED.format("webhook.cert-manager.io", "cert-manager-webhook.cert-manager.svc:443/mutate")
        + "tls: failed to verify certificate: x509: certificate signed by unknown authority",
        "The API server does not trust the certificate of the webhook webhook.cert-manager.io",
    ),
    (
        'Internal error occurred: failed calling webhook "namespaces.hnc.x-k8s.io": Post '
        "https://hnc-webhook-service.hnc-system.svc:443/validate-v1-namespace?timeout=30s: dial "
        "tcp 10.99.230.102:443: connect: connection refused",
        "The API server cannot call the webhook namespaces.hnc.x-k8s.io",
    ),
    (
        CALLED.format("mservice.elbv2.k8s.aws", "aws-load-balancer-webhook-service.kube-system.svc")
        + 'no endpoints available for service "aws-load-balancer-webhook-service"',
        "The API server cannot call the webhook mservice.elbv2.k8s.aws",
    ),
    (
        'admission webhook "validate.kyverno.svc-fail" denied the request: resource '
        "Pod/default/awscli was blocked: AccessDenied: image not found, token has expired",
        "The webhook validate.kyverno.svc-fail refused the object",
    ),
    (
        "pods \"awscli\" is forbidden: ValidatingAdmissionPolicy 'no-latest' with binding "
        "'no-latest-everywhere' denied request: failed expression: Throttling",
        "The admission policy no-latest refused the object",
    ),
    (
        f'Post "{PODS}": tls: failed to verify certificate: x509: certificate has expired or is '
        "not yet valid: current time 2022-06-29T23:09:31Z is after 2022-06-28T17:38:37Z",
        "A server's certificate has expired",
    ),
    (
        f'Post "{PODS}": x509: certificate has expired or is not yet valid: current time '
        "2026-02-27T00:00:00Z is before 2026-03-01T00:00:00Z",
        "A server's certificate is valid only from 2026-03-01T00:00:00Z",
    ),
    (
        f'Post "{PODS}": tls: failed to verify certificate: x509: certificate is valid for '
        "kubernetes, kubernetes.default, 10.96.0.1, not api.example.com",
        "A server's certificate does not have the name api.example.com",
    ),
    (
        f'Post "{PODS}": x509: certificate is not valid for any names, but wanted to match '
        "api.example.com",
        "A server's certificate does not have the name api.example.com",
    ),
    (
        f'Post "{PODS}": x509: cannot validate certificate for 127.0.0.1 because it doesn\'t '
        "contain any IP SANs",
        "A server's certificate does not have the name that it is reached by",
    ),
    (
        f'Post "{PODS}": tls: failed to verify certificate: x509: certificate signed by unknown '
        'authority (possibly because of "crypto/rsa: verification error" while trying to verify '
        'candidate authority certificate "kubernetes")',
        "A server's certificate is not trusted (signed with another key of an authority of the "
        "known name)",
    ),
    (
        f'Post "{PODS}": oauth2: "invalid_grant" "Token has expired"',
        f'Post "{PODS}": oauth2: "invalid_grant" "Token has expired"',
    ),
    (
        'Post "http://localhost/api/v1/namespaces": dial tcp 127.0.0.1:80: connect: connection '
        "refused",
        "There is no kubeconfig to reach the cluster with",
    ),
]


@pytest.mark.parametrize(("message", "title"), OF_WEBHOOKS_AND_CERTIFICATES)
def test_an_error_is_explained_by_the_server_that_failed(message: str, title: str) -> None:
    cause = explain(kubernetes(message, "kubernetes_pod_v1"))
    assert (cause.title, cause.came_back) == (title, message)


def test_a_missing_address_leaves_the_remedy_readable() -> None:
    assert explain("Error: creating it: EntityAlreadyExists: yes").remedy == (
        "Choose another name for it. If nothing else uses the existing one, delete it, or import "
        "it into the state."
    )


@pytest.mark.parametrize(("message", "title"), OF_KUBERNETES)
def test_what_a_cluster_refuses_is_explained(message: str, title: str) -> None:
    cause = explain(kubernetes(message))
    assert (cause.title, cause.came_back, cause.where) == (
        title,
        message,
        "kubernetes_config_map_v1.default_app",
    )


LOCKED = """\
Error: Error acquiring the state lock

Error message: resource temporarily unavailable
Lock Info:
  ID:        3788058c-d096-05c9-a6e2-77a39e9be0d7
  Path:      ../../../state/prod-identity.tfstate
  Operation: OperationTypeApply
  Who:       ada@laptop
  Version:   1.11.4
  Created:   2026-01-24 00:29:02.745124621 +0000 UTC
  Info:


Terraform acquires a state lock to protect the state from being written
by multiple users at the same time. Please resolve the issue above and try
again. For most commands, you can disable locking with the "-lock=false"
flag, but this is not recommended.
"""


def test_an_audience_that_an_adopted_provider_lacks_is_explained() -> None:
    report = """\
Error: Resource postcondition failed

  on cdk.tf.json line 33, in data.aws_iam_openid_connect_provider.cluster.lifecycle.postcondition[0]:
  33:               "condition": "${length(setsubtract([\\"sts.amazonaws.com\\"], self.client_id_list)) == 0}",
    ├────────────────
    │ self.client_id_list is list of string with 1 element

The adopted OIDC provider lacks an audience of the configuration: add it
there, or configure only the audiences that it has.
"""  # noqa: E501
    cause = explain(report)
    assert (cause.title, cause.remedy) == (
        "The OIDC provider in aws.oidc_provider lacks audiences of the configuration",
        "Add them there ('aws iam add-client-id-to-open-id-connect-provider'), or configure "
        "only the audiences that it has.",
    )


def test_a_lock_that_is_held_names_its_holder() -> None:
    assert explain(LOCKED) == Cause(
        "Another Terraform run holds the state's lock",
        "Error acquiring the state lock Error message: resource temporarily unavailable "
        "Lock Info: ID: 3788058c-d096-05c9-a6e2-77a39e9be0d7 "
        "Path: ../../../state/prod-identity.tfstate Operation: OperationTypeApply "
        "Who: ada@laptop Version: 1.11.4 Created: 2026-01-24 00:29:02.745124621 +0000 UTC Info:",
        "Wait until the run of ada@laptop has ended. If it was killed: "
        "'terraform force-unlock 3788058c-d096-05c9-a6e2-77a39e9be0d7' in the stack's folder "
        "below cdktf.out/stacks.",
    )


LOCKED_IN_S3 = """\
Error: Error acquiring the state lock

Error message: operation error S3: PutObject, https response error
StatusCode: 412, RequestID: yMetTXiZGc, HostID: 9Gjjt1m+cjU4=, api error
PreconditionFailed: At least one of the pre-conditions you specified did not hold
Lock Info:
  ID:        3788058c-d096-05c9-a6e2-77a39e9be0d7
  Path:      states/oidc-iam/prod-identity.tfstate
  Operation: OperationTypeApply
  Who:       ada@laptop
"""


def test_a_lock_in_s3_is_named_by_its_own_id_not_by_that_of_the_request() -> None:
    assert explain(LOCKED_IN_S3).remedy == explain(LOCKED).remedy


NO_BUCKET = (
    """\
Error: Failed to get existing workspaces: S3 bucket "states" does not exist.

The referenced S3 bucket must have been previously created.
""",
    """\
Error: operation error S3: ListObjectsV2, https response error StatusCode: 404, RequestID: jY, \
HostID: 9G=, NoSuchBucket:
""",
)


def test_a_bucket_that_is_missing_is_said_once() -> None:
    assert explain_all(NO_BUCKET) == (
        Cause(
            "The bucket of the state does not exist",
            'Failed to get existing workspaces: S3 bucket "states" does not exist. '
            "The referenced S3 bucket must have been previously created.",
            "Create it ('aws s3 mb'), with versioning and without public access, or correct "
            "backend.bucket.",
        ),
    )


NO_REGISTRY = """\
Error: Failed to query available provider packages

Could not retrieve the list of available versions for provider hashicorp/aws:
could not connect to registry.example.com: failed to request discovery
document: Get "https://registry.example.com/.well-known/terraform.json":
dial tcp: lookup registry.example.com on 10.0.0.2:53: no such host

To see which modules are currently depending on hashicorp/aws and what
versions are specified, run the following command:
    terraform providers
"""


def test_a_registry_out_of_reach_is_told_from_other_servers() -> None:
    assert explain(NO_REGISTRY) == Cause(
        "A Terraform provider cannot be installed",
        "Failed to query available provider packages Could not retrieve the list of available "
        "versions for provider hashicorp/aws: could not connect to registry.example.com: failed "
        'to request discovery document: Get "https://registry.example.com/.well-known/'
        'terraform.json": dial tcp: lookup registry.example.com on 10.0.0.2:53: no such host',
        "Let this machine reach the registry, or name a mirror that has the provider in the "
        "Terraform CLI configuration (TF_CLI_CONFIG_FILE, 'provider_installation').",
    )


NO_CERTIFICATE = """\
Error: Failed to identify fetch peer certificates

  with data.tls_certificate.issuer (issuer),
  on cdk.tf.json line 27, in data.tls_certificate.issuer (issuer):
  27:       }

failed to fetch certificates from URL 'https': Get "https://127.0.0.1:1":
dial tcp 127.0.0.1:1: connect: connection refused
"""


def test_a_certificate_out_of_reach_is_told_from_other_servers() -> None:
    assert explain(NO_CERTIFICATE) == Cause(
        "The certificate of the discovery endpoint cannot be read from here",
        "Failed to identify fetch peer certificates failed to fetch certificates from URL "
        "'https': Get \"https://127.0.0.1:1\": dial tcp 127.0.0.1:1: connect: connection refused",
        "Make the endpoint reachable on 443, name another way to it in discovery.endpoint, or pin "
        "the thumbprint in discovery.thumbprint (a list, or 'omit').",
        "data.tls_certificate.issuer",
    )


PROVIDER = """\
Error: {}

  with provider["registry.example.com/hashicorp/aws"],
  on cdk.tf.json line 12, in provider.aws[0]:
  12:       }}

{}
"""


@pytest.mark.parametrize(
    ("summary", "detail", "title"),
    [
        (
            "No valid credential sources found",
            "Please see https://registry.example.com/providers/hashicorp/aws\n"
            "for more information about providing credentials.",
            "There are no AWS credentials",
        ),
        ("failed to get shared config profile, nope", "", "There are no AWS credentials"),
        (
            "No valid credential sources found",
            "Error: failed to refresh cached credentials, refresh cached SSO token failed, unable "
            "to\nrefresh SSO token",
            "The AWS credentials have expired",
        ),
        (
            "AWS account ID not allowed: 123456789012",
            "",
            "These AWS credentials are of the account 123456789012, which is not the configured "
            "one",
        ),
        (
            "Provider configuration: cannot load Kubernetes client config",
            'context "prod" does not exist',
            "The kubeconfig has no context prod",
        ),
        (
            "Invalid attribute in provider configuration",
            "'config_paths' refers to an invalid path: \"kc\": stat kc: no such file or\ndirectory",
            "There is no kubeconfig kc",
        ),
    ],
)
def test_what_keeps_a_provider_from_working_is_explained(
    summary: str, detail: str, title: str
) -> None:
    cause = explain(PROVIDER.format(summary, detail))
    assert (cause.title, cause.where) == (title, 'provider["registry.example.com/hashicorp/aws"]')


@pytest.mark.parametrize(
    ("report", "title"),
    [
        (
            "Error: Failed to save state\n\nError saving state: write x: no space left on device",
            "The disk is full",
        ),
        (
            "[2026-11-25T03:38:50.120] [ERROR] default - forkpty(3) failed.\n\nforkpty(3) failed.",
            "This machine has no terminal left for Terraform to run in",
        ),
        (
            "ERROR: cdktf encountered an error while synthesizing\n\nSynth command: x",
            "The configuration cannot be synthesized",
        ),
        (
            "Error: Backend configuration changed\n\nA change in the backend configuration",
            "The location of the state has changed since the last run",
        ),
        (
            "Error: Instance cannot be destroyed\n\n  on cdk.tf.json line 1, in resource.x:\n"
            "   1: {}\n\nResource aws_iam_openid_connect_provider.cluster[0] has "
            "lifecycle.prevent_destroy set, but the plan\ncalls for this resource to be destroyed.",
            "Terraform would destroy aws_iam_openid_connect_provider.cluster, which the "
            "configuration still uses",
        ),
    ],
)
def test_what_stops_terraform_itself_is_explained(report: str, title: str) -> None:
    assert explain(report).title == title


def test_what_is_not_recognized_is_passed_on() -> None:
    assert explain("Error: Unsupported block type\n\nBlocks of type x are not expected.\n") == (
        Cause(
            "Unsupported block type",
            "Unsupported block type Blocks of type x are not expected.",
            "The log has the full output. Run the command again when it is solved.",
        )
    )


def test_an_endless_message_is_cut() -> None:
    assert len(explain("Error: " + "x " * 10_000).came_back) == 601


def test_one_remedy_is_given_once() -> None:
    refused = kubernetes("Unauthorized")
    again = kubernetes("Unauthorized", "kubernetes_pod_v1")
    halted = "Error: execution halted"
    assert explain_all([halted, refused, again]) == (explain(refused),)


def test_a_cause_is_shown_with_its_place_and_remedy() -> None:
    assert str(Cause("It is full", "no space", "Free some.", "aws_iam_role.a")) == (
        "It is full (aws_iam_role.a).\n  Message: no space\n  To do: Free some."
    )
