"""Why a run of cdktf or Terraform failed, and what to do about it.

`explain` takes one error report out of the output (`deployment.cdktf.log` finds them) and
recognizes it by the words of Terraform, a provider, AWS (error codes of the API reference) or the
API server (`k8s.io/apimachinery/pkg/api/errors`). An unknown error is passed on unchanged.

One error often quotes another: the API server quotes what a webhook answered, and the AWS SDK the
answer of AWS. The rules of who speaks come first, and the rules for AWS read only AWS's answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Cause:
    """One reason for a failure.

    Attributes:
        title: What went wrong, in a line.
        came_back: What Terraform, AWS or the cluster said, on one line.
        remedy: What to do.
        where: The address of the resource, where there is one.
    """

    title: str
    came_back: str
    remedy: str
    where: str | None = None

    def __str__(self) -> str:
        place = f" ({self.where})" if self.where else ""
        return f"{self.title}{place}.\n  Message: {self.came_back}\n  To do: {self.remedy}"


@dataclass(frozen=True)
class _Rule:
    pattern: str
    title: str
    remedy: str


_UNREACHABLE = (
    r"connection refused|i/o timeout|no such host|no route to host|network is unreachable"
    r"|TLS handshake timeout|Client\.Timeout exceeded|\bEOF\b"
)

_QUOTAS = (
    ("RolesPerAccount", "roles in this account", "Delete roles that nothing uses"),
    (
        "OpenIdConnectProvidersPerAccount",
        "OIDC providers in this account",
        "Delete OIDC providers of clusters that are gone",
    ),
    (
        "(?:Attached)?PoliciesPerRole",
        "managed policies on one role",
        "Put several policies of role.managed_policy_arns into one",
    ),
    (
        "ACLSizePerRole",
        "characters in a trust policy",
        "Let fewer audiences or service accounts share the role",
    ),
    (
        "ClientIdsPerOpenIdConnectProvider",
        "audiences on one OIDC provider",
        "Remove audiences that no workload uses",
    ),
)
"""Quotas of IAM by the names in its messages: what is limited, and how to need less of it."""

_ADMISSION = (
    _Rule(
        r"failed calling (?:\w+ )?webhook \\?\"(?P<name>[^\"\\]+).*?: x509: ",
        "The API server does not trust the certificate of the webhook {name}",
        "Have its owner renew the certificate, or its caBundle ('kubectl get "
        "mutatingwebhookconfigurations,validatingwebhookconfigurations' lists the webhooks).",
    ),
    _Rule(
        r"failed calling (?:\w+ )?webhook \\?\"(?P<name>[^\"\\]+)",
        "The API server cannot call the webhook {name}",
        "Have its owner look at the pods and the service behind it ('kubectl get "
        "mutatingwebhookconfigurations,validatingwebhookconfigurations' lists the webhooks), then "
        "run the command again.",
    ),
    _Rule(
        r"admission webhook \\?\"(?P<name>[^\"\\]+)\\?\" denied the request",
        "The webhook {name} refused the object",
        "Change the configuration as its message says, or have its owner admit the object.",
    ),
    _Rule(
        r"ValidatingAdmissionPolicy '(?P<name>[^']+)' with binding '[^']+' denied request",
        "The admission policy {name} refused the object",
        "Change the configuration as its message says, or have its owner admit the object.",
    ),
)
"""What the API server says of webhooks and policies of the cluster, whose own words follow."""

_TERRAFORM = (
    _Rule(
        r"forkpty\(3\) failed|out of pty devices",
        "This machine has no terminal left for Terraform to run in",
        "End the programs that use them: /proc/sys/kernel/pty/nr says how many are in use, "
        "pty/max how many "
        "there are.",
    ),
    _Rule(
        r"[Nn]o space left on device",
        "The disk is full",
        "Free some space, then run the command again: it continues from the state.",
    ),
    _Rule(
        r"Error acquiring the state lock.*?Lock Info: ID: (?P<id>[\w-]+)(?:.*?Who: (?P<who>\S+))?",
        "Another Terraform run holds the state's lock",
        "Wait until the run of {who} has ended. If it was killed: "
        "'terraform force-unlock {id}' in the stack's folder below cdktf.out/stacks.",
    ),
    _Rule(
        r"Failed to (?:install provider|query available provider packages)",
        "A Terraform provider cannot be installed",
        "Let this machine reach the registry, or name a mirror that has the provider in the "
        "Terraform CLI configuration (TF_CLI_CONFIG_FILE, 'provider_installation').",
    ),
    _Rule(
        r"Instance cannot be destroyed .*?Resource (?P<address>[^\s\[]+)",
        "Terraform would destroy {address}, which the configuration still uses",
        "Run 'python -m wizard deploy' in place of 'cdktf deploy': it removes from the state what "
        "something else manages now.",
    ),
    _Rule(
        r"Backend initialization required|Backend configuration changed",
        "The location of the state has changed since the last run",
        "Move the state: \"cdktf deploy --migrate-state 'CLUSTER-*'\", with the cluster's name.",
    ),
    _Rule(
        r'S3 bucket "\S+" does not exist|S3: ListObjectsV2, .*NoSuchBucket:',
        "The bucket of the state does not exist",
        "Create it ('aws s3 mb'), with versioning and without public access, or correct "
        "backend.bucket.",
    ),
    _Rule(
        r"The adopted OIDC provider lacks an audience",
        "The OIDC provider in aws.oidc_provider lacks audiences of the configuration",
        "Add them there ('aws iam add-client-id-to-open-id-connect-provider'), or configure only "
        "the audiences that it has.",
    ),
    _Rule(
        r"security token included in the request is expired|The provided token has expired"
        r"|Token has expired and refresh failed|SSO session has expired"
        r"|(?:refresh )?cached SSO token (?:is expired|failed)",
        "The AWS credentials have expired",
        "Sign in again ('aws sso login', or new session credentials), then repeat the command.",
    ),
    _Rule(
        r"No valid credential sources found|no EC2 IMDS role found"
        r"|failed to get shared config profile",
        "There are no AWS credentials",
        "Sign in ('aws sso login'), or set AWS_PROFILE: 'aws sts get-caller-identity' has to work.",
    ),
    _Rule(
        r"AWS account ID not allowed: (?P<account>\d+)",
        "These AWS credentials are of the account {account}, which is not the configured one",
        "Use credentials of the account in aws.account_id (AWS_PROFILE), or correct it there.",
    ),
)
"""What Terraform, its backend and its providers say before they ask anybody else."""

_AWS = (
    _Rule(
        r"EntityAlreadyExists: Role with name (?P<name>[\w+=,.@-]+)",
        "The role {name} exists already, and this configuration did not create it",
        "Choose another role name. If an interrupted deploy left it, and nothing else uses it, "
        "delete it: 'aws iam delete-role --role-name {name}' (detach its policies first).",
    ),
    _Rule(
        r"EntityAlreadyExists: Provider with url (?P<url>\S+)",
        "The account has an OIDC provider for {url} already",
        "An account has one for each issuer. If something else manages it, write its ARN "
        "('aws iam list-open-id-connect-providers' shows it) as aws.oidc_provider. If nothing "
        "else uses it, delete it, or import it into the state.",
    ),
    _Rule(
        r"NoSuchEntity: OpenIDConnect Provider not found for arn (?P<arn>\S+)",
        "The account has no OIDC provider {arn}",
        "Write 'create' as aws.oidc_provider, or have its owner create it first.",
    ),
    _Rule(
        r"AccessDenied: .*BlockPublicPolicy",
        "The account blocks public buckets, and the documents have to be public",
        "Allow it for this bucket in S3's Block Public Access, or keep it private behind "
        "CloudFront: name a certificate as discovery.s3.acm_certificate_arn.",
    ),
    _Rule(
        r"BucketAlreadyExists|BucketAlreadyOwnedByYou",
        "A bucket of this name exists already, and this configuration did not create it",
        "Choose another name as discovery.s3.bucket: names are shared by all accounts.",
    ),
    _Rule(
        r"EntityAlreadyExists",
        "AWS has a resource of this name already, and this configuration did not create it",
        "Choose another name for {where}. If nothing else uses the existing one, delete it, or "
        "import it into the state.",
    ),
    _Rule(
        r"\w+: .*?is not authorized to perform: (?P<action>[\w:-]+)"
        r"(?: on resource: (?P<resource>[^\s,]+))?",
        "These AWS credentials may not do {action}",
        "Allow {action} on {resource} for them, or use other credentials (AWS_PROFILE). An "
        "explicit deny, a permissions boundary or a service control policy also refuses it.",
    ),
    _Rule(
        r"AccessDenied|Forbidden",
        "AWS refused access",
        "Use credentials that may manage IAM roles and OIDC providers (AWS_PROFILE).",
    ),
    _Rule(
        r"InvalidClientTokenId|SignatureDoesNotMatch|UnrecognizedClientException",
        "AWS does not know these credentials",
        "Look at AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_PROFILE: "
        "'aws sts get-caller-identity' has to work.",
    ),
    _Rule(
        r"Throttling|RequestLimitExceeded|TooManyRequests|SlowDown",
        "AWS throttles the requests, and the provider gave up",
        "Run the command again in a few minutes: it continues from the state. "
        "aws.max_retries says how often the provider tries.",
    ),
    *(
        _Rule(
            rf"LimitExceeded\w*: Cannot exceed quota for (?P<quota>(?i:{quota})(?:: \d+)?)",
            f"AWS allows no more {what} ({{quota}})",
            f"{remedy}, or request an increase in Service Quotas.",
        )
        for quota, what, remedy in _QUOTAS
    ),
    _Rule(
        r"LimitExceeded\w*: (?:.* quota for )?(?P<quota>.+?)\.?$",
        "A quota of the AWS account is reached ({quota})",
        "Remove what you do not need, or request an increase in Service Quotas.",
    ),
    _Rule(
        r"(?P<quota>LimitExceeded|TooMany[A-Z]\w+)",
        "A quota of the AWS account is reached ({quota})",
        "Remove what you do not need, or request an increase in Service Quotas.",
    ),
    _Rule(
        r"OpenIdIdpCommunicationError",
        "IAM cannot reach the issuer, or cannot read its certificate",
        "AWS connects to the issuer's host from the internet, on port 443: serve the discovery "
        "document there, with the whole certificate chain. IAM reads the certificate only if "
        "discovery.thumbprint is 'omit': list the thumbprint there to spare it that.",
    ),
    _Rule(
        r"ConcurrentModification",
        "Another request changes the same object in AWS at this moment",
        "Wait a minute, then run the command again: it continues from the state. If it happens "
        "again, look for another program that manages {where}.",
    ),
    _Rule(
        r"MalformedPolicyDocument",
        "AWS does not accept a policy",
        "Look at the ARNs in the configuration: a trust policy may only name principals that "
        "exist in this partition.",
    ),
    _Rule(
        r"NoSuchEntity: Policy (?P<policy>\S+) does not exist",
        "The policy {policy} does not exist",
        "Correct role.managed_policy_arns: a managed policy is named with its path, as in "
        "job-function/ViewOnlyAccess.",
    ),
    _Rule(
        r"DeleteConflict",
        "A role is still in use",
        "Detach what other people added to it, then run the command again.",
    ),
    _Rule(
        r"ExpiredToken|RequestExpired",
        "The AWS credentials have expired",
        "Sign in again ('aws sso login', or new session credentials), then repeat the command.",
    ),
    _Rule(
        rf"request send failed, .*?(?P<why>{_UNREACHABLE})",
        "AWS cannot be reached ({why})",
        "Look at the address in the message: is aws.endpoint_url right, and is a proxy "
        "(HTTPS_PROXY) or a VPN missing?",
    ),
    _Rule(
        r"request send failed, .*?x509: (?P<why>.+?)(?: \(possibly because of|\.?$)",
        "The certificate of AWS's address is not accepted ({why})",
        "Look at the address in the message. If a proxy on the way issues its own certificates, "
        "name its certificate authority in AWS_CA_BUNDLE.",
    ),
)
"""What AWS answers, by its error code, which begins the answer."""

_OTHERS = (
    # The certificate of the discovery endpoint (hashicorp/tls).
    _Rule(
        r"Failed to identify fetch peer certificates|failed to fetch certificates from URL",
        "The certificate of the discovery endpoint cannot be read from here",
        "Make the endpoint reachable on 443, name another way to it in discovery.endpoint, or pin "
        "the thumbprint in discovery.thumbprint (a list, or 'omit').",
    ),
    # Kubernetes.
    _Rule(
        r'violates PodSecurity \\?"(?P<level>[\w.:]+)',
        "The namespace does not admit the test pod (pod security standard {level})",
        "Set test_pod: false for this workload, or use a namespace with another standard.",
    ),
    _Rule(
        r'User \\?"(?P<user>[^"\\]+)\\?" cannot (?P<verb>\w+) resource \\?"(?P<kind>[\w./-]+)',
        "The kubeconfig's user {user} may not {verb} {kind}",
        "Use a context whose user may, or have the rights granted "
        "('kubectl auth can-i {verb} {kind}').",
    ),
    _Rule(
        r'namespaces \\?"(?P<name>[\w.-]+)\\?" already exists',
        "The namespace {name} exists already",
        "Set create_namespace: false to use it unchanged.",
    ),
    _Rule(
        r'(?P<kind>[\w.]+) \\?"(?P<name>[\w.:-]+)\\?" already exists',
        "The cluster has {kind} {name} already, and this configuration did not create it",
        "Delete it if nothing else uses it, or import it into the state.",
    ),
    _Rule(
        r'namespaces \\?"(?P<name>[\w.-]+)\\?" not found',
        "There is no namespace {name}",
        "Create it ('kubectl create namespace {name}'), or set create_namespace: true.",
    ),
    _Rule(
        r'serviceaccount \\?"default\\?" not found',
        "The namespace has no default service account yet",
        "Kubernetes creates it a moment after the namespace: run the command again.",
    ),
    _Rule(
        r'context \\?"(?P<name>[^"\\]+)\\?" does not exist',
        "The kubeconfig has no context {name}",
        "'kubectl config get-contexts' lists them: correct kubernetes.context, or "
        "kubernetes.kubeconfig.",
    ),
    _Rule(
        r"'config_paths?' refers to an invalid path: \\?\"(?P<path>[^\"\\]+)",
        "There is no kubeconfig {path}",
        "Correct kubernetes.kubeconfig, or KUBECONFIG.",
    ),
    _Rule(
        r"no configuration has been provided|cannot load Kubernetes client config"
        r"|\"http://localhost(?::80(?:80)?)?/api",
        "There is no kubeconfig to reach the cluster with",
        "Set kubernetes.kubeconfig, or KUBECONFIG.",
    ),
    _Rule(
        r"^Unauthorized$|the server has asked for the client to provide credentials",
        "The API server does not know the kubeconfig's user",
        "Sign in to the cluster again: 'kubectl auth whoami' has to work in this context.",
    ),
    _Rule(
        r"client rate limiter Wait returned an error: context deadline exceeded"
        r"|timeout while waiting for state to become 'Running'",
        "The cluster took too long",
        "A test pod that does not start is the usual reason: 'kubectl describe pod' says why (an "
        "image that cannot be pulled, no node with room).",
    ),
    _Rule(
        rf"(?:dial tcp|lookup|Get|Post|Put|Patch|Delete)\b.*?(?P<why>{_UNREACHABLE})",
        "A server cannot be reached ({why})",
        "Look at the address in the message: is the API server up, is a VPN or a tunnel missing, "
        "is the kubeconfig's context the right one?",
    ),
    _Rule(
        r"x509: certificate has expired or is not yet valid.*? is before (?P<time>[\w:+-]+\w)",
        "A server's certificate is valid only from {time}",
        "Set the clock of this machine, or have the server's certificate issued again.",
    ),
    _Rule(
        r"x509: certificate has expired",
        "A server's certificate has expired",
        "Renew the certificate of the server in the message (of an API server of kubeadm: "
        "'kubeadm certs renew apiserver'), or set the clock of this machine if it is wrong.",
    ),
    _Rule(
        r"x509: certificate is (?:valid for .+, not"
        r"|not valid for any names, but wanted to match) (?P<name>[\w.:*-]+\w)",
        "A server's certificate does not have the name {name}",
        "Connect by a name that the certificate has (the kubeconfig's 'server', or its "
        "'tls-server-name'), or have it issued for {name} too.",
    ),
    _Rule(
        r"x509: (?:cannot validate certificate for (?P<name>\S+) because"
        r"|certificate relies on legacy Common Name field)",
        "A server's certificate does not have the name that it is reached by",
        "Connect by a name that the certificate has (the kubeconfig's 'server', or its "
        "'tls-server-name'), or have it issued with that name or address as a subject "
        "alternative name.",
    ),
    _Rule(
        r"x509: certificate signed by unknown authority \(possibly because of .*"
        r"candidate authority certificate",
        "A server's certificate is not trusted (signed with another key of an authority of the "
        "known name)",
        "The cluster was probably set up again, or the address leads to another one: take its "
        "kubeconfig again.",
    ),
    _Rule(
        r"x509: (?P<why>.+?)(?: \(possibly because of|\.?$)",
        "A server's certificate is not trusted ({why})",
        "Look at the certificate authority in the kubeconfig, or in AWS_CA_BUNDLE.",
    ),
    # cdktf.
    _Rule(
        r"encountered an error while synthesizing",
        "The configuration cannot be synthesized",
        "'python -m wizard check' says what is wrong with a configuration; anything else is a bug "
        "in oidc-iam, and the log shows it.",
    ),
    _Rule(
        r"env: .?(?P<program>node|python3?).?: No such file",
        "{program} is not on the PATH",
        "Install it, or add its folder to the PATH.",
    ),
)

_ANSWER = re.compile(
    r"operation error [^:]+: \w+, .*?StatusCode: \d+, RequestID: [^,]*, (?:HostID: [^,]*, )?"
    r"(?P<said>.*)"
)
"""How the AWS SDK for Go shows an answer of AWS, or that there was none."""

_NOT_CAUSES = ("execution halted", "context canceled")
"""What Terraform reports beside an interrupt or another error; it explains nothing."""

_ADVICE = re.compile(
    r" (?:To see which modules are currently|Terraform acquires a state lock|Please see https)"
)
"""Where Terraform's own advice begins, for which there is a remedy of ours."""

_PLACE = re.compile(
    r"^ *with (?P<address>\S+?)(?: \(.*\))?,\n(?: *on .*:\n)?(?: *\d+:.*\n?)*", re.MULTILINE
)
_LONGEST = 600


def explain(report: str) -> Cause:
    """The reason behind one error report of Terraform, a provider or cdktf."""
    if known := known_cause(report):
        return known
    said, where = _parts(report)
    title = _on_one_line(report.strip().partition("\n")[0]).rstrip(".")
    remedy = "The log has the full output. Run the command again when it is solved."
    return Cause(title or "It failed", _shorten(said) or "nothing", remedy, where)


def known_cause(report: str) -> Cause | None:
    """The reason behind an error that is known here; None for any other."""
    said, where = _parts(report)
    for rule, text in _rules_for(said):
        if found := re.search(rule.pattern, text):
            names = {name: text or "it" for name, text in found.groupdict().items()}
            names["where"] = where or "it"
            title, remedy = rule.title.format(**names), rule.remedy.format(**names)
            return Cause(title, _shorten(said), remedy, where)
    return None


def _rules_for(said: str) -> Iterator[tuple[_Rule, str]]:
    """The rules for what a report says, in their order, each with the text that it looks at."""
    for rule in (*_ADMISSION, *_TERRAFORM):
        yield rule, said
    answer = _ANSWER.search(said)
    for rule in _AWS:
        anchored = replace(rule, pattern=rf"(?:^|: |, )(?:api error )?(?:{rule.pattern})")
        yield anchored, answer["said"] if answer else said
    for rule in () if answer else _OTHERS:
        yield rule, said


def explain_all(reports: Iterable[str]) -> tuple[Cause, ...]:
    """The reasons behind several reports, in their order; one remedy is given once."""
    causes = [explain(report) for report in reports]
    worth = [cause for cause in causes if cause.came_back not in _NOT_CAUSES]
    first = {(cause.title, cause.remedy): cause for cause in reversed(worth)}
    return tuple(cause for cause in worth if first[cause.title, cause.remedy] is cause)


def _parts(report: str) -> tuple[str, str | None]:
    """What a report says, on one line, and the address of the resource that it is about."""
    place = _PLACE.search(report)
    return _on_one_line(_PLACE.sub("", report)), place["address"] if place else None


def _on_one_line(text: str) -> str:
    return re.sub(r"^(?:(?:Error|ERROR): )+", "", " ".join(text.split()))


def _shorten(said: str) -> str:
    said = _ADVICE.split(said)[0]
    return said if len(said) <= _LONGEST else f"{said[:_LONGEST]}…"
