"""Every rule about a federation, once, as data: `check`, `lint`, the wizard and the review use it.

What evaluates a rule is next to the facts that it needs: `federation.rules.configuration` (a
configuration), `apiserver.findings` (a distribution), `review.lint` (trust policies, plans,
evidence), `deployment.endpoint` (the network) and `deployment.neighbours` (other files). A code is
stable: configurations accept findings by it, and the reports of pipelines have it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from federation.errors import UserError
from federation.model.config import Acceptance
from federation.model.fields import did_you_mean
from federation.model.names import DISCOVERY_ROLE

Weight = Literal["error", "warning", "note"]
"""`error`: others get in, or get more than anyone can have meant. `warning`: more access than is
needed, or something is likely to fail. `note`: a reviewer should know. They are SARIF's levels."""

WEIGHTS: tuple[Weight, ...] = ("error", "warning", "note")


@dataclass(frozen=True)
class LintRule:
    """One thing that may be wrong.

    Attributes:
        code: Stable and unique, in kebab case.
        weight: How much a violation matters, the same in every command.
        title: What is wrong, as a sentence without a full stop.
        reasoning: Why it matters.
        fix: What to do about it.
        source: Where that is written.
    """

    code: str
    weight: Weight
    title: str
    reasoning: str
    fix: str
    source: str


ENDPOINT_THUMBPRINT = "endpoint-thumbprint"
"""Evaluated from the configuration, or better by a look at the network."""

SECRET_LIKE = "secret-like-value"
"""A violation keeps a review from being written."""

NOT_JUDGED = "rule-error"
"""What a rule that raises an error becomes; it cannot be accepted."""

RENAMED: Mapping[str, tuple[str, ...]] = {"public-bucket": ("open-bucket", "public-documents")}
"""Codes of earlier versions that may still be in `lint.accept`, and the codes that replace them."""

_AWS_OIDC = (
    "AWS IAM User Guide, 'Create a role for OpenID Connect federation': limit who can assume it"
)
_AWS_PROVIDER = "AWS IAM User Guide, 'Create an OpenID Connect (OIDC) identity provider in IAM'"
_LEAST_PRIVILEGE = "AWS IAM User Guide, 'Security best practices in IAM': least privilege"
_PUBLIC_ACCESS = "Amazon S3 User Guide, 'Blocking public access to your Amazon S3 storage'"
_QUOTAS = "AWS IAM User Guide, 'IAM and AWS STS quotas'"
_SERVICE_ACCOUNTS = "Kubernetes, 'Configure Service Accounts for Pods'"
_THUMBPRINTS = "AWS IAM User Guide, 'Obtain the thumbprint for an OpenID Connect identity provider'"

RULES: tuple[LintRule, ...] = (
    # Trust policies
    LintRule(
        "audience-only-trust",
        "error",
        "Any subject of the issuer, such as any pod of the cluster, may assume the role",
        "The trust policy checks the audience at most. Anyone who can create a pod or request a "
        "token, in any namespace of the cluster, gets the role's permissions.",
        "Add a StringEquals condition on ISSUER:sub (in our configuration: 'trust: "
        "service-account').",
        _AWS_OIDC,
    ),
    LintRule(
        "wildcard-tenant",
        "error",
        "A wildcard admits other organizations of a shared issuer",
        "The issuer gives tokens to anyone who signs up. A wildcard before the end of your "
        "organization's name also matches names that somebody else can register.",
        "Write your organization in full, with the character that ends it, such as "
        "'repo:ORGANIZATION/REPOSITORY:*'.",
        "GitHub Docs, 'Configuring OpenID Connect in Amazon Web Services'",
    ),
    LintRule(
        "wildcard-namespace",
        "error",
        "A wildcard admits subjects of any namespace",
        "Anyone who can create a namespace, or a service account in a matching one, can get the "
        "role.",
        "Name the namespace and the service account with StringEquals. If several need the role, "
        "list them or give each its own role.",
        _AWS_OIDC,
    ),
    LintRule(
        "wildcard-subject",
        "warning",
        "A wildcard admits several subjects",
        "Anyone who can create matching subjects, such as service accounts in the namespace, "
        "decides who gets the role. New ones get it without a review.",
        "Name each subject with StringEquals.",
        _AWS_OIDC,
    ),
    LintRule(
        "open-principal",
        "error",
        "The principal of the trust policy is '*'",
        "Identities of every provider and account are admitted, and only conditions keep others "
        "out. A misspelt or missing condition opens the role to everyone.",
        "Name the ARN of the OIDC provider as the Federated principal.",
        "AWS IAM User Guide, 'AWS JSON policy elements: Principal'",
    ),
    LintRule(
        "unjudged-principal",
        "note",
        "A principal of the trust policy was not evaluated",
        "Only tokens of OIDC providers are evaluated. Whether this principal should assume the "
        "role, and which conditions it needs, was not checked.",
        "Check it by hand: limit a service with aws:SourceAccount or aws:SourceArn, and another "
        "account with sts:ExternalId or aws:PrincipalOrgID.",
        "AWS IAM User Guide, 'AWS JSON policy elements: Principal'",
    ),
    LintRule(
        "no-audience",
        "warning",
        "The trust policy does not check the audience",
        "Tokens that the same provider issued for another purpose are accepted too.",
        "Add a StringEquals condition on ISSUER:aud.",
        _AWS_OIDC,
    ),
    LintRule(
        "foreign-claim",
        "warning",
        "A condition uses a claim of another provider",
        "Condition keys start with the provider that issued the token. Tokens of this provider do "
        "not have the claim, so nobody can assume the role.",
        "Start the key with the issuer of the Federated principal, without 'https://'.",
        "AWS IAM User Guide, 'IAM and AWS STS condition context keys': OIDC federation keys",
    ),
    LintRule(
        "literal-wildcard",
        "warning",
        "A wildcard is compared as a plain character",
        "StringEquals has no wildcards, and no subject contains '*' or '?', so nobody can assume "
        "the role. A quick fix is likely to admit more than intended.",
        "Name each subject with StringEquals; StringLike takes wildcards.",
        "AWS IAM User Guide, 'IAM JSON policy elements: Condition operators'",
    ),
    LintRule(
        "lenient-condition",
        "warning",
        "A condition is also met if its key is absent",
        "ForAllValues and IfExists only restrict tokens that have the claim.",
        "Use StringEquals without a prefix or suffix.",
        "AWS IAM User Guide, 'Set operators for multivalued context keys'",
    ),
    LintRule(
        "default-service-account",
        "warning",
        "The default service account of a namespace may assume the role",
        "Every pod of the namespace that names no service account runs as 'default' and may assume "
        "the role.",
        "Give the workload its own service account.",
        _SERVICE_ACCOUNTS,
    ),
    LintRule(
        "default-namespace",
        "note",
        "A service account of the namespace 'default' may assume the role",
        "Objects created without a namespace land in 'default', so many people tend to have rights "
        "in it.",
        "Move the workload into its own namespace.",
        "CIS Kubernetes Benchmark, 'The default namespace should not be used'",
    ),
    LintRule(
        "shared-role",
        "warning",
        "Several namespaces share the role",
        "Each team's workload gets the permissions of the others, and AWS's logs distinguish them "
        "only by session.",
        "Give each namespace its own role.",
        _LEAST_PRIVILEGE,
    ),
    LintRule(
        "unknown-trust",
        "note",
        "The trust policy cannot be read from the plan",
        "It refers to something that does not exist yet, so it was not evaluated.",
        "Lint the configuration that the plan is made from, or the policy after the apply "
        "(--trust-policy).",
        "Terraform, 'JSON output format': after_unknown, after_sensitive",
    ),
    LintRule(
        "unreadable-policy",
        "error",
        "IAM would reject a policy",
        "The policy was not evaluated, and an apply will fail.",
        "Correct the policy.",
        "AWS IAM User Guide, 'Grammar of the IAM JSON policy language'",
    ),
    LintRule(
        "long-trust-policy",
        "warning",
        "A trust policy is longer than the default quota",
        "IAM rejects it unless the account's quota was raised, and the deploy fails.",
        "List fewer or shorter audiences, or ask AWS to raise the quota.",
        _QUOTAS,
    ),
    # What roles may do
    LintRule(
        "powerful-policy",
        "error",
        "The role may do nearly everything in the account",
        "Someone who gets into the pod can grant themselves the rest and take over most of the "
        "account.",
        "Attach only what the workload needs.",
        _LEAST_PRIVILEGE,
    ),
    LintRule(
        "privilege-escalation",
        "error",
        "The role may give itself more permissions",
        "Each of these actions on every resource leads to the permissions of other identities: by "
        "changing policies, creating credentials, or passing and assuming roles.",
        "Name the resources that the workload needs the action for, or remove the action.",
        "AWS IAM User Guide, 'Actions, resources, and condition keys for IAM': permissions "
        "management; Rhino Security Labs, 'AWS IAM Privilege Escalation'",
    ),
    LintRule(
        "broad-policy",
        "warning",
        "The role may do everything with a service, or read data and secrets everywhere",
        "It reaches the data, and often the settings, of everyone else who uses the service in "
        "this account.",
        "Attach a policy that names the actions and the resources that the workload needs.",
        _LEAST_PRIVILEGE,
    ),
    LintRule(
        "unjudged-policy",
        "note",
        "A policy of the role was not evaluated",
        "Only the texts of AWS's own policies, and of policies in a plan, are known without asking "
        "AWS.",
        "Read the policy: 'aws iam get-policy --policy-arn ARN' names its default version, and "
        "'aws iam get-policy-version' shows it.",
        "AWS IAM User Guide, 'Managed policies and inline policies'",
    ),
    LintRule(
        "many-policies",
        "warning",
        "More policies are attached than the default quota allows",
        "IAM rejects the rest unless the account's quota was raised, and the deploy fails.",
        "Merge several policies into one, or ask AWS to raise the quota.",
        _QUOTAS,
    ),
    LintRule(
        "no-policies",
        "note",
        "No policy is attached to the role",
        "Its pods get credentials that allow nothing until something else attaches a policy.",
        "List policies in role.managed_policy_arns, or attach one outside this configuration.",
        "AWS IAM User Guide, 'Managed policies and inline policies'",
    ),
    LintRule(
        "no-permissions-boundary",
        "note",
        "The role has no permissions boundary",
        "A boundary limits the role even if someone attaches more policies later.",
        "Set aws.permissions_boundary to the policy that your organization uses for such roles.",
        "AWS IAM User Guide, 'Permissions boundaries for IAM entities'",
    ),
    LintRule(
        "long-session",
        "warning",
        "A session of the role lasts longer than four hours",
        "Credentials taken from a pod work until the session ends, even after the pod and its "
        "service account are deleted.",
        "Lower role.max_session_duration: the SDKs renew sessions automatically.",
        "AWS IAM User Guide, 'Revoke IAM role temporary security credentials'",
    ),
    LintRule(
        "long-token",
        "warning",
        "A projected token lives longer than a day",
        "A token taken from a pod can be exchanged for the role's credentials until it expires. "
        "The kubelet replaces it after a day in any case.",
        "Lower token_expiration_seconds.",
        "Kubernetes, 'Configure Service Accounts for Pods': service account token volume "
        "projection",
    ),
    LintRule(
        "test-pod",
        "warning",
        "A test pod keeps running",
        "It has the AWS CLI, and the role's permissions for anyone who may run commands in it.",
        "Write 'test_pod: false' once you have tried the role.",
        _LEAST_PRIVILEGE,
    ),
    # The API server
    LintRule(
        "sts-api-audience",
        "error",
        "The API server accepts the tokens that are meant for AWS",
        "Anyone who receives such a token, AWS or a proxy on the way, can log in to the cluster as "
        "the service account.",
        "Remove the audience from --api-audiences: STS does not need it there.",
        "Kubernetes, kube-apiserver --api-audiences; KEP-1205",
    ),
    LintRule(
        "anonymous-binding",
        "warning",
        "Anonymous requests are not limited to the discovery documents",
        "Anonymous authentication is on for every path, and any other binding to "
        "system:unauthenticated opens more. This version of Kubernetes can limit anonymous "
        "requests to certain paths.",
        "Write 'exposure: authentication-config' below discovery ('python -m wizard apiserver' "
        "shows the file).",
        "KEP-4633, AuthenticationConfiguration.anonymous.conditions",
    ),
    LintRule(
        "anonymous-role",
        "error",
        "Requests without credentials may do more than read the discovery documents",
        "Anyone who reaches the API server has the permissions of this role.",
        f"Bind system:unauthenticated only to {DISCOVERY_ROLE}.",
        "Kubernetes, 'Using RBAC Authorization'",
    ),
    LintRule(
        "anonymous-requests-off",
        "warning",
        "The API server rejects anonymous requests by default",
        "AWS asks for the documents anonymously. With only the binding it gets HTTP 401 and "
        "rejects every token.",
        "Allow anonymous requests ('python -m wizard apiserver' shows how), or serve the documents "
        "from a bucket.",
        "Kubernetes, 'Authenticating': anonymous requests",
    ),
    LintRule(
        "needless-exposure",
        "warning",
        "The API server shows the documents, although AWS reads a bucket",
        "Requests without credentials may read them from the API server, and AWS does not need "
        "that.",
        "Write 'exposure: none' below discovery, unless something else reads them there.",
        "Kubernetes, 'Role Based Access Control Good Practices': hardening",
    ),
    # The issuer and its certificate
    LintRule(
        "private-issuer",
        "warning",
        "AWS cannot reach a private issuer",
        "AWS reads the discovery documents over the internet, where private names and addresses "
        "do not work. Without the documents it rejects every token.",
        "Use a public DNS name as the issuer.",
        _AWS_PROVIDER,
    ),
    LintRule(
        "issuer-path",
        "warning",
        "The API server does not serve the documents below the issuer's path",
        "It serves them at its root, so AWS finds no documents.",
        "Put a proxy in front that answers both addresses, or use an issuer without a path.",
        "Kubernetes, 'Configure Service Accounts for Pods': service account issuer discovery",
    ),
    LintRule(
        "sts-audience",
        "warning",
        "Some tools ask for another audience",
        "AWS accepts a token only if its provider lists the token's audience. In China some tools "
        "ask for sts.amazonaws.com and others for sts.amazonaws.com.cn; elsewhere it is "
        "sts.amazonaws.com.",
        "List each audience that your tools ask for.",
        _AWS_PROVIDER,
    ),
    LintRule(
        "leaf-thumbprint",
        "warning",
        "The pinned certificate is the server's own",
        "If AWS relies on the thumbprint, each renewal of the certificate breaks every role at "
        "once.",
        "Present the authorities' certificates too, and pin the top one.",
        _THUMBPRINTS,
    ),
    LintRule(
        "pinned-thumbprint",
        "note",
        "A thumbprint is pinned by hand",
        "Someone has to change it when the authority changes, and nothing here shows whose it is. "
        "AWS uses it only if its own authorities do not vouch for the issuer.",
        "Write 'thumbprint: omit' if the issuer has a certificate of a public authority, or pass "
        "the presented chain (--chain) to look up the thumbprint.",
        _THUMBPRINTS,
    ),
    LintRule(
        "needless-thumbprint",
        "note",
        "A thumbprint is set that AWS does not use",
        "AWS trusts the certificate authorities of S3 and CloudFront and ignores the thumbprint.",
        "Write 'thumbprint: omit' below discovery.",
        _THUMBPRINTS,
    ),
    LintRule(
        ENDPOINT_THUMBPRINT,
        "warning",
        "Terraform may pin another certificate than AWS sees",
        "Terraform asks discovery.endpoint for the certificate of the endpoint's name, and AWS "
        "asks for the issuer's. With another authority's thumbprint AWS may reject every token.",
        "List the issuer's thumbprints, or write 'thumbprint: omit' below discovery.",
        _THUMBPRINTS,
    ),
    LintRule(
        "private-authority",
        "warning",
        "The issuer's certificate is from a private authority",
        "AWS then trusts only the thumbprint. Anyone who has the authority's key can answer for "
        "the cluster and create identities.",
        "Serve the documents with a certificate of a public authority.",
        _THUMBPRINTS,
    ),
    LintRule(
        "unencrypted-endpoint",
        "error",
        "Requests to AWS are not encrypted",
        "Anyone on the way to this address can read the workloads' tokens and the answers of STS, "
        "which are credentials, and can answer in place of AWS.",
        "Write an 'https://' address in aws.endpoint_url; plain http is only for this machine "
        "(127.0.0.1, ::1, localhost).",
        "AWS Well-Architected Framework, SEC09-BP02 'Enforce encryption in transit'",
    ),
    # Documents, states and files
    LintRule(
        "open-bucket",
        "error",
        "A bucket is open to everyone for more than the discovery documents",
        "Anyone who can write the documents can create identities of the cluster. Anyone who can "
        "list or read more sees what was never meant to be public.",
        "Allow everyone only s3:GetObject on the two documents, and block public ACLs.",
        _PUBLIC_ACCESS,
    ),
    LintRule(
        "public-documents",
        "note",
        "Anyone can read the two discovery documents in the bucket",
        "They hold no secret. An account or organization that blocks public access to S3 rejects "
        "the bucket's policy.",
        "If yours does, set discovery.s3.acm_certificate_arn: the bucket is then private, behind "
        "CloudFront.",
        _PUBLIC_ACCESS,
    ),
    LintRule(
        "local-state",
        "warning",
        "The Terraform state is on one person's disk",
        "Nobody else can deploy, two deploys at once are not prevented, and the state is lost with "
        "the disk.",
        "Write 'backend: {type: s3, bucket: ..., region: ...}'.",
        "Terraform, 'Backend configuration'",
    ),
    LintRule(
        "same-cluster",
        "warning",
        "Another configuration has the same cluster name",
        "Both use the same stacks and states: a deploy of one changes what the other created.",
        "Give each cluster its own name.",
        "CDK for Terraform, 'Stacks'",
    ),
    LintRule(
        "overlapping-name",
        "warning",
        "A plain cdktf deploy of one cluster includes another",
        "The pattern NAME-* of 'cdktf deploy' also matches clusters whose names start with NAME-.",
        "Set OIDC_IAM_CONFIG for a plain 'cdktf deploy', or run 'python -m wizard deploy'.",
        "CDK for Terraform, 'CLI commands': deploy",
    ),
    LintRule(
        SECRET_LIKE,
        "error",
        "A text seems to hold a secret",
        "Everyone who may see the resources of the account or the namespace can read it, and it "
        "stays in the Terraform state.",
        "Change the secret, because others may have seen it, and store it in a secret store (AWS "
        "Secrets Manager, a Kubernetes Secret).",
        "AWS, 'Tagging your AWS resources': no sensitive data in tags; Kubernetes, 'ConfigMaps'",
    ),
    LintRule(
        NOT_JUDGED,
        "error",
        "A rule could not be evaluated",
        "The rule stopped with an unexpected error, so it says nothing about these files. The "
        "other rules are not affected. This finding cannot be accepted.",
        "Report the bug with the log that 'python -m wizard lint' names for the same files.",
        "oidc-iam",
    ),
)

BY_CODE: Mapping[str, LintRule] = {each.code: each for each in RULES}


def codes_of(acceptance: Acceptance) -> tuple[str, ...]:
    """The codes of findings that an acceptance is for: its own, or those that replace it."""
    return RENAMED.get(acceptance.code, (acceptance.code,))


def check_codes(accept: Iterable[Acceptance], file: str) -> tuple[str, ...]:
    """Check the code of each acceptance.

    Args:
        accept: The acceptances of a configuration.
        file: Its file, as errors and warnings call it.

    Returns:
        A warning for each code of an earlier version, with the codes that replace it.

    Raises:
        UserError: a code is unknown, or cannot be accepted.
    """
    return tuple(
        warning
        for at, each in enumerate(accept)
        for warning in _of_code(each.code, f"{file}: lint.accept[{at}].code")
    )


def _of_code(code: str, place: str) -> Iterable[str]:
    known = sorted(BY_CODE.keys() - {NOT_JUDGED})
    if code in RENAMED:
        new = " and ".join(f"'{each}' ({_lower(BY_CODE[each].title)})" for each in RENAMED[code])
        return (f"{place}: {code!r} is now {new}. It accepts both: write the one that you mean.",)
    if code in known:
        return ()
    raise UserError(
        f"{place}: unknown code {code!r}.{did_you_mean(code, known)} Known: {', '.join(known)}."
    )


def _lower(title: str) -> str:
    return title[:1].lower() + title[1:]
